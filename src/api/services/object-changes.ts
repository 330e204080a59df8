import { BerthError } from '../../kit/errors.ts';
import { allNetworks } from '../../model/deployment.ts';
import type { Network } from '../../model/objects.ts';
import { say } from '../../model/said/index.ts';
import type { Stack, StackNetwork, StackVolume } from '../../model/stack.ts';
import { type FieldChange, fieldChanges } from '../../model/stack-diff.ts';
import type { ReadTx } from '../../store/store.ts';
import { hostName } from '../docker/networks/find-network.ts';
import { hasReserved, isOfProject, networkUser } from './network-user.ts';

/** What a deployment means for networks and volumes that are there already. */
export type ObjectChanges = Readonly<{
  /** A sentence each on what goes, what stays, and what is made anew. */
  notes: readonly string[];
  /** What cannot be done, and what to do instead. */
  refusals: readonly BerthError[];
  /** IDs of networks that have other settings now and that nothing uses: they are made anew. */
  remade: readonly string[];
}>;

type Verdict = Readonly<{ note: string } | { refusal: BerthError } | { remade: string; note: string }>;
type Changed<T> = Readonly<{ before: T; after: T }>;

/** How many fields a sentence names, and how long a value in it may be. */
const NAMED = 3;
const SHOWN = 60;

export function objectChanges(tx: ReadTx, after: Stack): ObjectChanges {
  const record = tx.get('stacks', after.name);
  const networks = record === undefined ? [] : allNetworks(record);
  const { networks: newest = [], volumes = [] } = record?.stack ?? {};
  const verdicts: readonly Verdict[] = [
    ...pairs(networks, after.networks).flatMap((one) => networkVerdict(tx, after.name, one)),
    ...own(after.volumes).flatMap((one) => volumeVerdict(tx, one)),
    ...pairs(volumes, after.volumes).flatMap((one) => labelVerdict(tx, one)),
    ...goneFrom(newest, after.networks).flatMap((one) => droppedNetwork(tx, one)),
    ...goneFrom(volumes, after.volumes).flatMap((one) => droppedVolume(tx, one)),
  ];
  return {
    notes: verdicts.flatMap((one) => ('note' in one ? one.note : [])),
    refusals: verdicts.flatMap((one) => ('refusal' in one ? one.refusal : [])),
    remade: verdicts.flatMap((one) => ('remade' in one ? one.remade : [])),
  };
}

function networkVerdict(tx: ReadTx, stack: string, { before, after }: Changed<StackNetwork>): Verdict[] {
  const { Name: name } = after.spec;
  const [network] = tx.by('networks', 'name', name);
  if (network === undefined) return [];
  const fields = fieldChanges(settingsOf(before.spec), settingsOf(after.spec));
  if (fields.length === 0) return [{ note: say('services.network.labels', { name }) }];
  const refuse = (why: string, hint: string): Verdict[] => {
    const message = `network ${name} has other settings in this file (${fieldText(fields)}), and ${why}`;
    return [{ refusal: new BerthError('conflict', message, { hint }) }];
  };
  const rename = `give it another name (name: ${name}_2, in networks.${after.key}), and services are released onto the new one`;
  if (!isOfProject(network, after.spec))
    return refuse('was not made by this stack', `${rename}, or make it external`);
  const user = networkUser(tx, network, (hostId) => tx.get('hostStatus', hostId)?.state !== 'down');
  if (user !== undefined)
    return refuse(
      `container ${user} is on it: it cannot be made anew under containers`,
      `${rename}; or take them off it first: "berth stack rm ${stack}" does, and leaves volumes`,
    );
  if (hasReserved(tx, network))
    return refuse(
      'addresses of it are reserved, which would be lost',
      `"berth ip ls ${name}" lists them, "berth ip release" gives them up; or ${rename}`,
    );
  return (
    onOneHost(tx, network, refuse) ?? [{ remade: network.id, note: say('services.network.anew', { name }) }]
  );
}

/** An engine has a network of one host, and has to be asked to take it away. */
function onOneHost<T>(
  tx: ReadTx,
  { name, span, hostId }: Network,
  refuse: (why: string, hint: string) => T,
): T | undefined {
  if (span !== undefined || hostId === undefined) return undefined;
  return refuse(
    `is on host ${hostName(tx, hostId)} already`,
    `"docker network rm ${name}" takes it away there; the next deployment makes it anew`,
  );
}

/** Against how it was made, by whichever stack: one that was taken away has left it. */
function volumeVerdict(tx: ReadTx, { key, spec }: StackVolume): Verdict[] {
  const name = spec.Name ?? key;
  const made = tx.get('volumes', name);
  const fields = made === undefined ? [] : fieldChanges(volumeSettings(made.spec), volumeSettings(spec));
  if (fields.length === 0) return [];
  const message = `volume ${name} is there, and has other settings in this file (${fieldText(fields)}): volumes are never made anew by themselves`;
  return [
    {
      refusal: new BerthError('conflict', message, {
        hint: `give it another name (name: ${name}_2, in volumes.${key}); or "berth volume rm ${name}" deletes it, with all that is in it`,
      }),
    },
  ];
}

function labelVerdict(tx: ReadTx, { before, after }: Changed<StackVolume>): Verdict[] {
  const name = nameOf(after);
  const changed = fieldChanges(before.spec.Labels, after.spec.Labels).length > 0;
  return changed && isThere(tx, name) ? [{ note: say('services.volume.labels', { name }) }] : [];
}

function droppedNetwork(tx: ReadTx, { spec }: StackNetwork): Verdict[] {
  const [network] = tx.by('networks', 'name', spec.Name);
  if (network === undefined) return [];
  return [{ note: say('services.network.goes', { name: spec.Name }) }];
}

function droppedVolume(tx: ReadTx, volume: StackVolume): Verdict[] {
  const name = nameOf(volume);
  return isThere(tx, name) ? [{ note: say('services.volume.stays', { name, same: name }) }] : [];
}

function isThere(tx: ReadTx, volume: string): boolean {
  const [seen] = tx.by('observedVolumes', 'name', volume);
  return seen !== undefined || tx.get('volumes', volume) !== undefined;
}

type Named = Readonly<{ key: string; external: boolean; spec: Readonly<{ Name?: string | undefined }> }>;

/** The stack's own ones under the same name with another spec: by their keys they may have changed places. */
function pairs<T extends Named>(before: readonly T[], after: readonly T[]): Changed<T>[] {
  const known = new Map(own(before).map((one) => [nameOf(one), one]));
  return own(after).flatMap((one) => {
    const was = known.get(nameOf(one));
    return was === undefined || fieldChanges(was.spec, one.spec).length === 0
      ? []
      : [{ before: was, after: one }];
  });
}

/** The stack's own ones whose names the new file has no more. */
export function goneFrom<T extends Named>(before: readonly T[], after: readonly T[]): T[] {
  const left = new Set(after.map(nameOf));
  return own(before).filter((one) => !left.has(nameOf(one)));
}

function own<T extends Named>(all: readonly T[]): readonly T[] {
  return all.filter(({ external }) => !external);
}

function nameOf({ key, spec }: Named): string {
  return spec.Name ?? key;
}

/** Labels do nothing: what else a spec has. */
function settingsOf({ Labels: _, ...settings }: Readonly<Record<string, unknown>>): unknown {
  return settings;
}

/** Clients write what is left out in several ways. */
function volumeSettings({ Driver, DriverOpts }: StackVolume['spec']): unknown {
  return { Driver: Driver || 'local', DriverOpts: DriverOpts ?? {} };
}

function fieldText(fields: readonly FieldChange[]): string {
  const shown = fields
    .slice(0, NAMED)
    .map(({ field, before, after }) => `${field}: ${valueText(before)} -> ${valueText(after)}`);
  return fields.length > NAMED ? `${shown.join(', ')} and ${fields.length - NAMED} more` : shown.join(', ');
}

function valueText(value: unknown): string {
  const text = value === undefined ? 'none' : JSON.stringify(value);
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
}
