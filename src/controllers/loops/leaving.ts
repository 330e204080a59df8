import { type Container, withDesired } from '../../model/container.ts';
import { releaseKey } from '../../model/deployment.ts';
import { routedPorts } from '../../model/service-parts.ts';
import { seenOf } from '../../store/seen.ts';
import type { ReadTx, WriteTx } from '../../store/store.ts';

/** Beside the time for requests under way: how long routers have to say that they lead there no more. */
export const ROUTERS_MS = 5_000;

/**
 * Stopped with its own grace first; its record goes after that. One that routers lead to leaves these before it is stopped,
 * so that no request meets a container that is ending.
 */
export function retire(tx: WriteTx, id: string, now: number): 'draining' | 'stopped' {
  const record = tx.get('containers', id);
  if (record?.service === undefined || record.service.leaving === true) return 'stopped';
  const service = { ...record.service, leaving: true };
  if (isRouted(tx, record)) {
    tx.put('containers', { ...record, service: { ...service, leavingAt: now } });
    return 'draining';
  }
  tx.put('containers', { ...withDesired(record, { state: 'stopped' }), service });
  return 'stopped';
}

/** Whether routers may lead to it: then they are to leave it before it is stopped. */
export function isRouted(tx: ReadTx, record: Container): boolean {
  const { desired, service } = record;
  if (service === undefined || desired.state !== 'running') return false;
  const spec = tx.get('releases', releaseKey(service.stack, service.name, service.release))?.spec;
  return spec !== undefined && routedPorts(spec).length > 0 && seenOf(tx, record)?.state.status === 'running';
}

/** One that leaves, once routers lead to it no more. */
export function stop(tx: WriteTx, id: string): void {
  const record = tx.get('containers', id);
  if (record?.service?.leaving !== true || record.desired.state !== 'running') return;
  tx.put('containers', withDesired(record, { state: 'stopped' }));
}

/** Named volumes stay, and unnamed ones: nobody has asked for their end. */
export function drop(tx: WriteTx, id: string): void {
  const record = tx.get('containers', id);
  if (record === undefined || record.desired.state === 'removed') return;
  tx.put('containers', withDesired(record, { state: 'removed', remove: { force: true, volumes: false } }));
}
