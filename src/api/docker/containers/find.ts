import { BerthError } from '../../../kit/errors.ts';
import type { Container, ObservedContainer } from '../../../model/container.ts';
import { seenOf } from '../../../store/seen.ts';
import type { ReadTx } from '../../../store/store.ts';
import { isUnmanaged } from '../../orphans.ts';
import type { DockerCall } from '../call.ts';

/** A container that a reference of a client stands for. */
export type Target = Readonly<{
  /** The ID that clients see: the cluster's, or the engine's of a container that Berth did not make. */
  id: string;
  name: string;
  hostId: string;
  hostName: string;
  /** What the host's engine knows it by. */
  engineRef: string;
  /** Undefined for containers that Berth did not make. */
  record: Container | undefined;
  /** Undefined where no agent has reported it (yet). */
  seen: ObservedContainer | undefined;
}>;

type Connected = (hostId: string) => boolean;

/**
 * The container that `ref` stands for: cluster ID, name, `node/name` (also of an ID), engine ID, or the unique
 * beginning of an ID; a leading slash is ignored.
 * @throws BerthError `not_found` in Docker's words; `bad_request` where several fit
 */
export function findContainer(tx: ReadTx, ref: string, connected: Connected): Target {
  const name = ref.replace(/^\/+/, '');
  const found =
    byIdOrName(tx, name, connected) ?? onHost(tx, name, connected) ?? byPrefix(tx, name, connected);
  if (found === undefined) throw noSuchContainer(ref);
  return found;
}

export function noSuchContainer(ref: string): BerthError {
  return new BerthError('not_found', `No such container: ${ref}`);
}

/** The container named by the call's path (or `ref`); see `findContainer`. */
export function targetOf({ deps, params }: DockerCall, ref = params.id ?? ''): Target {
  return find({ deps }, ref);
}

/** As `reachable`, of the container named by the call's path. */
export function reachableTarget({ deps, params }: DockerCall, ref = params.id ?? ''): Target {
  return reachable({ deps }, ref);
}

/**
 * As `targetOf`, for what needs the container's host.
 * @throws BerthError `host_down`, at once, naming the host and what to do
 */
export function reachable(call: Pick<DockerCall, 'deps'>, ref: string): Target {
  const target = find(call, ref);
  if (!call.deps.engines.connected(target.hostId)) throw hostDown(call, target);
  return target;
}

function find({ deps: { store, engines } }: Pick<DockerCall, 'deps'>, ref: string): Target {
  return store.view((tx) => findContainer(tx, ref, (hostId) => engines.connected(hostId)));
}

export function hostDown({ deps }: Pick<DockerCall, 'deps'>, target: Target): BerthError {
  const status = deps.store.view((tx) => tx.get('hostStatus', target.hostId));
  const why = status?.reason ? ` (${status.reason})` : '';
  return new BerthError(
    'host_down',
    `container ${target.name} is on host ${target.hostName}, which is not connected${why}`,
    { hint: `bring the host back, or give the container up with "docker rm -f ${target.name}"` },
  );
}

/** Puts the cluster's ID where an engine speaks of its own. */
export function rewriteFor(target: Target): (text: string) => string {
  const engineId = target.seen?.engineId;
  if (engineId === undefined || engineId === target.id) return (text) => text;
  return (text) => text.replaceAll(engineId, target.id);
}

/** A path to the container on its engine: `/containers/<ref>/json`. */
export function containerPath(target: Target, rest: string): string {
  return `/containers/${encodeURIComponent(target.engineRef)}${rest}`;
}

/** True where `record` waits only for its host to come back, to be removed: nobody sees it any more. */
export function isGivenUp(record: Container, connected: Connected): boolean {
  return record.desired.state === 'removed' && !connected(record.assigned.hostId);
}

export function targetOfRecord(tx: ReadTx, record: Container): Target {
  const seen = seenOf(tx, record);
  const { hostId } = record.assigned;
  return {
    ...{ id: record.id, name: record.name, hostId, record, seen },
    hostName: tx.get('hosts', hostId)?.name ?? hostId,
    engineRef: seen?.engineId ?? record.name,
  };
}

export function targetOfSeen(tx: ReadTx, seen: ObservedContainer): Target {
  const { engineId, name, hostId } = seen;
  const hostName = tx.get('hosts', hostId)?.name ?? hostId;
  return { id: engineId, name, hostId, hostName, engineRef: engineId, record: undefined, seen };
}

/** The target of what an agent reports; undefined for a copy that Berth made and is about to take away. */
function targetOfAny(tx: ReadTx, seen: ObservedContainer, connected: Connected): Target | undefined {
  if (isUnmanaged(tx, seen)) return targetOfSeen(tx, seen);
  const record = tx.get('containers', seen.clusterId ?? '');
  if (record?.assigned.hostId !== seen.hostId || isGivenUp(record, connected)) return undefined;
  return targetOfRecord(tx, record);
}

function byIdOrName(tx: ReadTx, ref: string, connected: Connected): Target | undefined {
  const byId = tx.get('containers', ref);
  if (byId !== undefined && !isGivenUp(byId, connected)) return targetOfRecord(tx, byId);
  for (const record of tx.by('containers', 'name', ref))
    if (!isGivenUp(record, connected)) return targetOfRecord(tx, record);
  for (const seen of tx.by('observedContainers', 'engineId', ref)) {
    const target = targetOfAny(tx, seen, connected);
    if (target !== undefined) return target;
  }
  const named = [...tx.by('observedContainers', 'name', ref)].filter((seen) => isUnmanaged(tx, seen));
  return onlyOne(
    ref,
    named.map((seen) => targetOfSeen(tx, seen)),
  );
}

/** `node/name`, as lists show it. */
function onHost(tx: ReadTx, ref: string, connected: Connected): Target | undefined {
  const slash = ref.indexOf('/');
  if (slash <= 0) return undefined;
  const [host] = tx.by('hosts', 'name', ref.slice(0, slash).toLowerCase());
  const name = ref.slice(slash + 1);
  if (host === undefined || name === '') return undefined;
  for (const record of tx.by('containers', 'name', name)) {
    if (record.assigned.hostId === host.id && !isGivenUp(record, connected))
      return targetOfRecord(tx, record);
  }
  for (const seen of tx.by('observedContainers', 'name', name)) {
    if (seen.hostId === host.id && isUnmanaged(tx, seen)) return targetOfSeen(tx, seen);
  }
  const found = byIdOrName(tx, name, connected) ?? byPrefix(tx, name, connected);
  return found?.hostId === host.id ? found : undefined;
}

function byPrefix(tx: ReadTx, ref: string, connected: Connected): Target | undefined {
  if (!/^[0-9a-f]{1,64}$/.test(ref)) return undefined;
  const found: Target[] = [];
  for (const record of tx.all('containers')) {
    if (!record.id.startsWith(ref) || isGivenUp(record, connected)) continue;
    found.push(targetOfRecord(tx, record));
    if (found.length > 1) break;
  }
  for (const seen of found.length > 1 ? [] : tx.all('observedContainers')) {
    if (seen.engineId.startsWith(ref) && isUnmanaged(tx, seen)) found.push(targetOfSeen(tx, seen));
  }
  if (found.length < 2) return found[0];
  throw new BerthError('bad_request', `Multiple IDs found with provided prefix: ${ref}`, {
    hint: 'write more of the ID, or the name',
  });
}

function onlyOne(ref: string, found: readonly Target[]): Target | undefined {
  if (found.length < 2) return found[0];
  const names = found.map((one) => `${one.hostName}/${one.name}`).sort();
  throw new BerthError('bad_request', `several containers are called "${ref}": ${names.join(', ')}`, {
    hint: 'name one of them with its host',
  });
}
