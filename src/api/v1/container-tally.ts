import type { Container, ObservedContainer } from '../../model/container.ts';
import { serviceKey } from '../../model/deployment.ts';
import { restartsAgainAndAgain } from '../../model/failing.ts';
import type { Host } from '../../model/host.ts';
import { LABEL_ROUTER } from '../../model/labels.ts';
import { healthOf } from '../../model/readiness.ts';
import { seenOf } from '../../store/seen.ts';
import type { ReadTx } from '../../store/store.ts';
import { unmanaged as unmanagedOf } from '../orphans.ts';

/** So many of those that something is wrong with are named. */
const NAMED = 5;

/** How many, and the first of them by name. */
export type Named = Readonly<{ count: number; names: readonly string[] }>;

export type ContainerTally = Readonly<{
  managed: number;
  unmanaged: number;
  /** Of the cluster's own. */
  byState: Readonly<Record<string, number>>;
  /** Those that a ready host does not have, though its agent has had the time to make them. */
  missing: Named;
  /** Those that should run and end soon after each start. */
  restarting: Named;
  unhealthy: Named;
}>;

/**
 * All containers, counted in one pass.
 * @param covered keys of services that speak for their containers: these are neither `restarting` nor `unhealthy`
 */
export function tallyContainers(
  tx: ReadTx,
  hosts: readonly Host[],
  covered: ReadonlySet<string>,
): ContainerTally {
  const byState: Record<string, number> = {};
  const troubles = { missing: new Names(), restarting: new Names(), unhealthy: new Names() };
  let unmanaged = 0;
  const states = new Map(hosts.map((host) => [host.id, tx.get('hostStatus', host.id)?.state ?? 'pending']));
  for (const seen of unmanagedOf(tx)) if (seen.labels[LABEL_ROUTER] === undefined) unmanaged++;
  for (const container of tx.all('containers')) {
    const hostState = states.get(container.assigned.hostId);
    const seen = seenOf(tx, container);
    const isAway = hostState === 'down' || hostState === undefined;
    const state = isAway ? 'unreachable' : stateOf(tx, container, seen);
    byState[state] = (byState[state] ?? 0) + 1;
    const trouble = hostState === 'ready' ? troubleOf(seen) : undefined;
    // Most have none: their records are not looked into any further.
    if (trouble === undefined || container.desired.state !== 'running') continue;
    if (trouble === 'missing' || !speaksFor(covered, container)) troubles[trouble].add(container.name);
  }
  return { managed: tx.count('containers'), unmanaged, byState, ...troubles };
}

function troubleOf(seen: ObservedContainer | undefined): 'missing' | 'restarting' | 'unhealthy' | undefined {
  if (seen === undefined) return 'missing';
  if (seen.state.status === 'running') return healthOf(seen) === 'unhealthy' ? 'unhealthy' : undefined;
  return restartsAgainAndAgain(seen) ? 'restarting' : undefined;
}

function stateOf(tx: ReadTx, container: Container, seen: ObservedContainer | undefined): string {
  if (seen === undefined) return 'pending';
  return isOver(tx, container, seen) ? 'finished' : seen.state.status;
}

/** The run of a job that has come to its good end. */
function isOver(tx: ReadTx, { service }: Container, { state }: ObservedContainer): boolean {
  if (service === undefined || state.status !== 'exited' || state.exitCode !== 0) return false;
  const record = tx.get('services', serviceKey(service.stack, service.name));
  return record !== undefined && record.service.runs.kind !== 'service';
}

function speaksFor(covered: ReadonlySet<string>, { service }: Container): boolean {
  return (
    service !== undefined &&
    (service.leaving === true || covered.has(serviceKey(service.stack, service.name)))
  );
}

/** Counts all, and keeps the first few by name: what is shown does not jump where nothing has changed. */
class Names implements Named {
  readonly names: string[] = [];
  count = 0;

  add(name: string): void {
    this.count++;
    const last = this.names[NAMED - 1];
    if (last !== undefined && name >= last) return;
    this.names.push(name);
    this.names.sort();
    this.names.length = Math.min(this.names.length, NAMED);
  }
}
