import { BerthError } from '../../../kit/errors.ts';
import type { ObservedVolume, Volume } from '../../../model/objects.ts';
import { spansHosts } from '../../../model/volume-span.ts';
import type { ReadTx } from '../../../store/store.ts';
import { hostName, splitNode } from '../networks/find-network.ts';

/**
 * A volume that a reference stands for. `cluster`: made through the cluster; without `record.hostId` it is nowhere yet, or
 * spans hosts.
 * `host`: made on one host, not through the cluster.
 */
export type FoundVolume =
  | Readonly<{ kind: 'cluster'; record: Volume; seen: ObservedVolume | undefined }>
  | Readonly<{ kind: 'host'; hostId: string; seen: ObservedVolume }>;

/**
 * Finds a volume by name or `node/name`.
 * @throws BerthError `not_found` in Docker's words; `conflict` where several hosts have one of that name
 */
export function findVolume(tx: ReadTx, reference: string): FoundVolume {
  const record = tx.get('volumes', reference);
  if (record !== undefined) return ofRecord(tx, record);
  const named = [...tx.by('observedVolumes', 'name', reference)];
  const [only] = named;
  if (only !== undefined && named.length === 1) return { kind: 'host', hostId: only.hostId, seen: only };
  if (named.length > 1) throw ambiguous(tx, reference, named);
  const split = splitNode(tx, reference);
  if (split !== undefined) {
    const own = tx.get('volumes', split.name);
    if (own?.hostId === split.hostId && !spansHosts(own)) return ofRecord(tx, own);
    const seen = tx.get('observedVolumes', `${split.hostId}/${split.name}`);
    if (seen !== undefined) return { kind: 'host', hostId: split.hostId, seen };
  }
  throw noSuchVolume(reference);
}

export function noSuchVolume(name: string): BerthError {
  return new BerthError('not_found', `get ${name}: no such volume`);
}

/** The host that the volume is on; undefined while it is nowhere, and where it spans hosts. */
export function hostOf(found: FoundVolume): string | undefined {
  if (found.kind === 'host') return found.hostId;
  return spansHosts(found.record) ? undefined : found.record.hostId;
}

/** All hosts of which the volume is known to be there. */
export function hostsOf(tx: ReadTx, found: FoundVolume): readonly string[] {
  if (found.kind === 'host') return [found.hostId];
  if (spansHosts(found.record))
    return [...tx.by('observedVolumes', 'name', found.record.name)].map(({ hostId }) => hostId).sort();
  return found.seen === undefined ? [] : [found.seen.hostId];
}

/** The name that an engine has for it. */
export function engineName(found: FoundVolume): string {
  return found.kind === 'cluster' ? found.record.name : found.seen.name;
}

/** The name that clients see: a cluster's volume by its own, another with its host's in front. */
export function shownName(tx: ReadTx, found: FoundVolume): string {
  return found.kind === 'cluster' ? found.record.name : `${hostName(tx, found.hostId)}/${found.seen.name}`;
}

/** All volumes: the cluster's, and the hosts' own. */
export function allVolumes(tx: ReadTx): FoundVolume[] {
  const records = [...tx.all('volumes')].map((record) => ofRecord(tx, record));
  const others = [...tx.all('observedVolumes')].filter(
    (seen) => !isOnHost(tx.get('volumes', seen.name), seen),
  );
  return [...records, ...others.map((seen): FoundVolume => ({ kind: 'host', hostId: seen.hostId, seen }))];
}

/** Whether what is seen on a host is the cluster's volume of that name. */
export function isOnHost(record: Volume | undefined, { hostId }: Pick<ObservedVolume, 'hostId'>): boolean {
  return record !== undefined && (record.hostId === hostId || spansHosts(record));
}

function ofRecord(tx: ReadTx, record: Volume): FoundVolume {
  if (spansHosts(record)) {
    // As one of its hosts has it: they are alike.
    const [seen] = tx.by('observedVolumes', 'name', record.name);
    return { kind: 'cluster', record, seen };
  }
  const key = `${record.hostId}/${record.name}`;
  return {
    kind: 'cluster',
    record,
    seen: record.hostId === undefined ? undefined : tx.get('observedVolumes', key),
  };
}

function ambiguous(tx: ReadTx, name: string, seen: readonly ObservedVolume[]): BerthError {
  const names = seen.map(({ hostId }) => `${hostName(tx, hostId)}/${name}`).sort();
  return new BerthError(
    'conflict',
    `${names.length} hosts have a volume ${name}: ${names.slice(0, 6).join(', ')}`,
    {
      hint: 'name one of them with its host',
    },
  );
}
