import { BerthError } from '../../kit/errors.ts';
import type { Vault } from '../../kit/vault.ts';
import { allNetworks, type ServiceRecord, type StackRecord, serviceKey } from '../../model/deployment.ts';
import { say } from '../../model/said/index.ts';
import type { Service } from '../../model/service.ts';
import { needsRelease } from '../../model/service-parts.ts';
import { scalingOf } from '../../model/service-scale.ts';
import type { Stack } from '../../model/stack.ts';
import { diffStacks, type StackDiff } from '../../model/stack-diff.ts';
import { beginRelease } from '../../store/releases.ts';
import type { ReadTx, WriteTx } from '../../store/store.ts';
import { type Author, keptStack, putStackFiles } from '../files/stack-files.ts';
import { removeSpanning } from '../networks/make-network.ts';
import { checkRoutes } from '../routing/check-routes.ts';
import { goneFrom, objectChanges } from './object-changes.ts';
import { restartDependents } from './restart-dependents.ts';

export type Deployed = Readonly<{
  diff: StackDiff;
  /** What becomes of networks and volumes that are there already, a sentence each. */
  notes: readonly string[];
  releases: readonly Readonly<{ service: string; number: number }>[];
}>;

/**
 * What a deployment would change: a number of containers that was set by hand gives way to the file's, unless the service
 * scales by itself.
 * @throws BerthError as `keptStack`
 */
export function diffOf(tx: ReadTx, vault: Vault, stack: Stack): StackDiff {
  return diffOfKept(tx, keptStack(tx, vault, stack));
}

function diffOfKept(tx: ReadTx, stack: Stack): StackDiff {
  const diff = diffStacks(stackNow(tx, stack.name), stack);
  const byHand = stack.services.flatMap((service) => {
    const { name, scale } = service;
    const record = tx.get('services', serviceKey(stack.name, name));
    const by = record?.scale ?? null;
    const after =
      (record && keptScale(record, service)) ?? (scale.kind === 'replicated' ? scale.replicas : undefined);
    if (by === null || by === after) return [];
    const fields = [{ field: say('scaling.field.hand'), before: by, after }];
    return [{ item: { kind: 'service' as const, key: name }, fields }];
  });
  const changed = [...diff.changed];
  for (const one of byHand) {
    const at = changed.findIndex(({ item }) => item.kind === 'service' && item.key === one.item.key);
    const known = changed[at];
    if (known === undefined) changed.push(one);
    else changed[at] = { item: known.item, fields: [...known.fields, ...one.fields] };
  }
  return { ...diff, changed };
}

/** The stack as its services are now: one that was rolled back is not as it was deployed. */
function stackNow(tx: ReadTx, name: string): Stack | undefined {
  const stack = tx.get('stacks', name)?.stack;
  if (stack === undefined) return undefined;
  const services = stack.services.map(
    (service) => tx.get('services', serviceKey(name, service.name))?.service ?? service,
  );
  return { ...stack, services };
}

/** What becomes of networks and volumes, and why `deploy` would refuse it: a sentence each, for who only looks. */
export function notesOf(tx: ReadTx, stack: Stack): readonly string[] {
  const { notes, refusals } = objectChanges(tx, stack);
  return [
    ...notes,
    ...refusals.map(
      ({ message, hint }) => `${message}: a deployment is refused${hint === undefined ? '' : ` (${hint})`}`,
    ),
  ];
}

/**
 * Writes what the stack is to be. Services whose containers would be other ones begin a release; the rest changes at once.
 * A stack that is deployed as it is changes nothing, but that what was set by hand ends.
 * @throws BerthError `conflict` while it is being taken away, where another service has its domain, or where a network or
 *   volume that is there would have to be another one; `bad_request`; as `keptStack`
 */
export function deploy(tx: WriteTx, vault: Vault, given: Stack, { by, at }: Author): Deployed {
  const stack = keptStack(tx, vault, given);
  const before = tx.get('stacks', stack.name);
  if (before?.removing === true)
    throw new BerthError('conflict', `stack ${stack.name} is being taken away`, {
      hint: 'deploy it again once "berth stack ls" shows it no more',
    });
  // In the same transaction: of two that want one domain at the same time only one gets it.
  checkRoutes(tx, stack);
  const diff = diffOfKept(tx, stack);
  const notes = changeObjects(tx, stack);
  putStackFiles(tx, vault, given, { by, at });
  const releases: { service: string; number: number }[] = [];
  for (const service of stack.services) {
    const key = serviceKey(stack.name, service.name);
    const known = tx.get('services', key);
    if (known?.removing === true)
      throw new BerthError('conflict', `service ${key} is being taken away`, {
        hint: 'deploy it again in a moment',
      });
    const record: ServiceRecord = known ?? {
      ...{ kind: 'service-record', stack: stack.name, name: service.name, service },
      ...{ scale: null, generation: 0, release: 0 },
    };
    if (known === undefined || needsRelease(known.service, service)) {
      const begun = beginRelease(tx, { ...record, scale: keptScale(record, service) }, service, {
        cause: { kind: 'deploy' },
        by,
        at,
      });
      releases.push({ service: service.name, number: begun.release });
    } else if (isChanged(diff, service.name))
      tx.put('services', {
        ...{ ...record, service, scale: keptScale(record, service) },
        generation: record.generation + 1,
      });
  }
  const changed = releases.map(({ service }) => service);
  for (const service of restartDependents(tx, stack, changed, { by, at })) releases.push(service);
  const wanted = new Set(stack.services.map(({ name }) => name));
  for (const record of [...tx.by('services', 'stack', stack.name)])
    if (!wanted.has(record.name) && record.removing !== true)
      tx.put('services', { ...record, removing: true, generation: record.generation + 1 });
  const nothing = diff.created.length + diff.changed.length + diff.removed.length === 0;
  if (before === undefined || !nothing)
    tx.put('stacks', {
      ...{ kind: 'stack-record', name: stack.name, stack, generation: (before?.generation ?? 0) + 1, at, by },
      ...formerOf(before, stack),
    });
  return { diff, notes, releases };
}

/** Networks that are to be other ones, and that nobody uses, go here: the first service that needs one makes it. */
function changeObjects(tx: WriteTx, stack: Stack): readonly string[] {
  const { notes, refusals, remade } = objectChanges(tx, stack);
  const [refusal] = refusals;
  if (refusal !== undefined) throw refusal;
  for (const id of remade) removeSpanning(tx, id);
  return notes;
}

/** A name that the new file has as well is its own again. */
function formerOf(before: StackRecord | undefined, after: Stack): Pick<StackRecord, 'formerNetworks'> {
  const former = before === undefined ? [] : goneFrom(allNetworks(before), after.networks);
  const newest = former.filter(({ spec }, i) => former.findIndex((one) => one.spec.Name === spec.Name) === i);
  return newest.length === 0 ? {} : { formerNetworks: newest };
}

/** Of a service that scales by itself, the number that it has come to, within its limits: a deployment is no change of load. */
function keptScale(record: ServiceRecord, service: Service): number | null {
  const scaling = scalingOf({ ...record, service });
  if (record.scale === null || scaling === undefined) return null;
  return Math.min(scaling.max, Math.max(scaling.min, record.scale));
}

function isChanged({ changed }: StackDiff, name: string): boolean {
  return changed.some(({ item }) => item.kind === 'service' && item.key === name);
}
