import type { ActionResult, AgentFrame } from '../../contract/link.ts';
import type { Container, ObservedContainer } from '../../model/container.ts';
import type { ReadTx, TableName, WriteTx } from '../../store/store.ts';
import { TABLES } from '../../store/tables.ts';

type Full = AgentFrame & { t: 'full' };
type Report = AgentFrame & { t: 'report' };
type ObservedTable = 'observedContainers' | 'observedImages' | 'observedNetworks' | 'observedVolumes';

/**
 * Puts all that a host has in place of what was known of it. Returns the IDs of the records that end with it, once the
 * whole of it is in; `endRecords` is for a transaction of its own, as a disk that refuses it must not undo what was seen.
 */
export function applyFull(tx: WriteTx, hostId: string, full: Full): readonly string[] {
  replace(tx, 'observedContainers', hostId, full.containers.map(of(hostId)));
  replace(tx, 'observedImages', hostId, full.images.map(of(hostId)));
  replace(tx, 'observedNetworks', hostId, full.networks.map(of(hostId)));
  replace(tx, 'observedVolumes', hostId, full.volumes.map(of(hostId)));
  return full.more === true ? [] : finishedRemovals(tx, hostId);
}

/** Puts what has changed on a host. Returns the IDs of the records whose removal the agent has carried out. */
export function applyReport(tx: WriteTx, hostId: string, report: Report): readonly string[] {
  const ended: string[] = [];
  for (const record of report.containers ?? [])
    tx.put('observedContainers', of<ObservedContainer>(hostId)(record));
  for (const record of report.images ?? []) tx.put('observedImages', of<typeof record>(hostId)(record));
  for (const record of report.networks ?? []) tx.put('observedNetworks', of<typeof record>(hostId)(record));
  for (const record of report.volumes ?? []) tx.put('observedVolumes', of<typeof record>(hostId)(record));
  for (const id of report.gone?.containers ?? []) {
    const gone = tx.get('observedContainers', `${hostId}/${id}`);
    tx.delete('observedContainers', `${hostId}/${id}`);
    const container = gone?.clusterId === undefined ? undefined : tx.get('containers', gone.clusterId);
    if (container?.assigned.hostId === hostId && removesItself(container)) ended.push(container.id);
  }
  for (const id of report.gone?.images ?? []) tx.delete('observedImages', `${hostId}/${id}`);
  for (const id of report.gone?.networks ?? []) tx.delete('observedNetworks', `${hostId}/${id}`);
  for (const name of report.gone?.volumes ?? []) tx.delete('observedVolumes', `${hostId}/${name}`);
  for (const { id, generation, error } of report.results ?? []) {
    const container = tx.get('containers', id);
    if (error !== undefined || container?.desired.state !== 'removed') continue;
    if (container.desired.generation === generation && container.assigned.hostId === hostId) ended.push(id);
  }
  return report.last === true ? [...ended, ...finishedRemovals(tx, hostId)] : ended;
}

export function endRecords(tx: WriteTx, ids: readonly string[]): void {
  for (const id of ids) tx.delete('containers', id);
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

/** With --rm the engine takes a container away when it ends: as the user wanted, so its record goes as well. */
function removesItself({ desired }: Container): boolean {
  return desired.spec.HostConfig?.AutoRemove === true;
}

/**
 * A host that comes back without a container whose removal was asked for has nothing left to remove; nor has one whose
 * container was started with --rm, and has ended meanwhile.
 */
function finishedRemovals(tx: ReadTx, hostId: string): string[] {
  return [...tx.by('containers', 'host', hostId)].flatMap((container) => {
    const { state } = container.desired;
    if (state !== 'removed' && !(state !== 'created' && removesItself(container))) return [];
    const seen = [...tx.by('observedContainers', 'clusterId', container.id)];
    return seen.some((one) => one.hostId === hostId) ? [] : [container.id];
  });
}
