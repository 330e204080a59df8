import type { ActionResult, AgentFrame } from '../../contract/link.ts';
import type { Container } from '../../model/container.ts';
import { seenOn } from '../../store/seen.ts';
import type { ReadTx, TableName, WriteTx } from '../../store/store.ts';
import { TABLES } from '../../store/tables.ts';
import { endContainer } from '../networks/give-back.ts';

type Full = AgentFrame & { t: 'full' };
type Report = AgentFrame & { t: 'report' };
type ObservedTable = 'observedContainers' | 'observedImages' | 'observedNetworks' | 'observedVolumes';

/**
 * Puts all that a host has in place of what was known of it. Returns the IDs of the records that end with it, once the
 * whole of it is in; `endRecords` is for a transaction of its own, as a disk that refuses it must not undo what was seen.
 */
export function applyFull(tx: WriteTx, hostId: string, full: Full, known: Known): readonly string[] {
  replace(tx, 'observedContainers', hostId, full.containers.map(of(hostId)));
  replace(tx, 'observedImages', hostId, full.images.map(of(hostId)));
  replace(tx, 'observedNetworks', hostId, full.networks.map(of(hostId)));
  replace(tx, 'observedVolumes', hostId, full.volumes.map(of(hostId)));
  return full.more === true ? [] : finishedRemovals(tx, hostId, known);
}

/** Puts what has changed on a host. Returns the IDs of the records whose removal the agent has carried out. */
export function applyReport(tx: WriteTx, hostId: string, report: Report, before: Known): readonly string[] {
  const ended: string[] = [];
  const known = withResults(before, report.results ?? []);
  for (const record of report.containers ?? [])
    tx.put('observedContainers', of<typeof record>(hostId)(record));
  for (const record of report.images ?? []) tx.put('observedImages', of<typeof record>(hostId)(record));
  for (const record of report.networks ?? []) tx.put('observedNetworks', of<typeof record>(hostId)(record));
  for (const record of report.volumes ?? []) tx.put('observedVolumes', of<typeof record>(hostId)(record));
  for (const id of report.gone?.containers ?? []) {
    const gone = tx.get('observedContainers', `${hostId}/${id}`);
    tx.delete('observedContainers', `${hostId}/${id}`);
    const container = gone?.clusterId === undefined ? undefined : tx.get('containers', gone.clusterId);
    if (container !== undefined && hasRemovedItself(tx, hostId, container, known)) ended.push(container.id);
  }
  for (const id of report.gone?.images ?? []) tx.delete('observedImages', `${hostId}/${id}`);
  for (const id of report.gone?.networks ?? []) tx.delete('observedNetworks', `${hostId}/${id}`);
  for (const name of report.gone?.volumes ?? []) tx.delete('observedVolumes', `${hostId}/${name}`);
  for (const { id, generation, error } of report.results ?? []) {
    const container = tx.get('containers', id);
    // It had ended before its start could be told.
    if (container !== undefined && known.complete && hasRemovedItself(tx, hostId, container, known))
      ended.push(id);
    if (error !== undefined || container?.desired.state !== 'removed') continue;
    if (container.desired.generation === generation && container.assigned.hostId === hostId) ended.push(id);
  }
  return report.last === true ? [...ended, ...finishedRemovals(tx, hostId, known)] : ended;
}

export function endRecords(tx: WriteTx, ids: readonly string[], now: number): void {
  for (const id of ids) endContainer(tx, id, now);
}

/** The results that are this host's to tell: those of containers that are assigned to it. */
export function ownResults(tx: ReadTx, hostId: string, report: Report): readonly ActionResult[] {
  return (report.results ?? []).filter(({ id }) => tx.get('containers', id)?.assigned.hostId === hostId);
}

/** An agent speaks for its own host, whatever it writes into its records. */
function of<R extends { hostId: string }>(hostId: string): (record: R) => R {
  return (record) => (record.hostId === hostId ? record : { ...record, hostId });
}

function replace<T extends ObservedTable>(
  tx: WriteTx,
  table: T,
  hostId: string,
  records: readonly Parameters<(typeof TABLES)[T]['key']>[0][],
): void {
  const keyOf = TABLES[table].key as (record: unknown) => string;
  const keep = new Set(records.map((record) => keyOf(record)));
  const known = [...tx.by(table as TableName, 'host', hostId)];
  for (const record of known) {
    const key = keyOf(record);
    if (!keep.has(key)) tx.delete(table, key);
  }
  for (const record of records) tx.put(table, record as never);
}

/**
 * With --rm the engine takes a container away when it ends: as the user wanted, so its record goes as well. A host which
 * has not acted yet on what it was given last has none either: it may be about to make it, after a fail-over.
 */
function hasRemovedItself(tx: ReadTx, hostId: string, container: Container, { acted }: Known): boolean {
  const { id, desired, assigned } = container;
  if (desired.spec.HostConfig?.AutoRemove !== true || desired.state === 'created') return false;
  if (assigned.hostId !== hostId || assigned.moving !== undefined || acted(id) < desired.generation)
    return false;
  return seenOn(tx, id, hostId) === undefined;
}

/** What is known of a host beside its reports. */
export type Known = Readonly<{
  /** The generation of a container that its host has acted on last; 0 where it has not told. */
  acted(id: string): number;
  /** All that is on the host has been reported on this connection. */
  complete: boolean;
}>;

function withResults(known: Known, results: readonly ActionResult[]): Known {
  if (results.length === 0) return known;
  const told = new Map(results.map(({ id, generation }) => [id, generation]));
  return { ...known, acted: (id) => Math.max(known.acted(id), told.get(id) ?? 0) };
}

/**
 * A host that comes back without a container whose removal was asked for has nothing left to remove; nor has one whose
 * container was started with --rm, and has ended meanwhile.
 */
function finishedRemovals(tx: ReadTx, hostId: string, known: Known): string[] {
  return [...tx.by('containers', 'host', hostId)].flatMap((container) => {
    const { id, desired } = container;
    const removed = desired.state === 'removed' && seenOn(tx, id, hostId) === undefined;
    return removed || hasRemovedItself(tx, hostId, container, known) ? [id] : [];
  });
}
