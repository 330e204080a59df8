import type { Container, ObservedContainer } from '../../../model/container.ts';
import type { Probes } from '../../../model/probe.ts';
import { healthOf, isReady } from '../../../model/readiness.ts';
import { hasGivenUp, staysEnded } from '../../../model/restart-policy.ts';
import { say } from '../../../model/said/index.ts';
import type { Service } from '../../../model/service.ts';

/**
 * How one container of a service does. `ready`: it runs, and its health check or probe says so where it has one. `ended`: it
 * has ended well, and nobody starts it again, which is a job’s way. `failed`: it was refused, has ended, is unhealthy, or did
 * not get ready in time.
 */
export type MemberState = 'starting' | 'ready' | 'ended' | 'failed';

/** A container of a service, as its planner sees it. */
export type Member = Readonly<{
  id: string;
  index: number;
  release: number;
  hostId: string;
  /** It is on its way out. */
  leaving: boolean;
  /** Its host's engine would not have it. */
  refused: boolean;
  /** Its process runs, or is a job's that has ended well. */
  running: boolean;
  state: MemberState;
  /** Since when it is in that state, milliseconds since the epoch. */
  since: number;
  /** Why it is not ready, in one line. */
  said: string;
  /** It has failed, and its restart policy has nobody start it again. */
  final?: boolean;
  /** Of one that has ended. */
  exitCode?: number;
  endedAt?: number;
  /** Since when its host has no connection, milliseconds since the epoch; undefined while it has one. */
  awaySince?: number;
}>;

export type Condition = Pick<Member, 'state' | 'running' | 'said' | 'final'>;

/** What the record and its host's report say; a container that is not ready in time is the caller's to tell. */
export function conditionOf(
  container: Pick<Container, 'desired' | 'service' | 'probes' | 'assigned'>,
  seen: ObservedContainer | undefined,
  runs: Service['runs']['kind'],
): Condition {
  const { desired, service } = container;
  const failed = (said: string, running = false): Condition => ({ state: 'failed', running, said });
  if (service?.refusal !== undefined) return failed(service.refusal);
  if (desired.state === 'stopped') return failed(say('services.said.stopped'));
  const starting = (said: string, running = false): Condition => ({ state: 'starting', running, said });
  if (isBetweenHosts(container)) return starting(say('services.said.moves'));
  if (seen === undefined) return starting(say('services.said.made'));
  const { status, exitCode: code, error } = seen.state;
  switch (status) {
    case 'running':
      return whileRunning(container, seen);
    case 'exited':
    case 'dead':
      if (status === 'exited' && code === 0 && error === '' && stays(container, code, runs))
        return { state: 'ended', running: runs !== 'service', said: '' };
      // Its host starts it again: a job has failed only where it does not.
      if (runs !== 'service' && seen.nextStartAt !== undefined)
        return starting(say('services.said.again', { code }));
      return {
        ...failed(
          error === ''
            ? say('services.said.ended', { code })
            : say('services.said.ended.why', { code, error }),
        ),
        ...(runs === 'service' && (stays(container, code, runs) || hasGivenUp(desired.spec, seen.state))
          ? { final: true }
          : {}),
      };
    case 'restarting':
      return (runs === 'service' ? failed : starting)(say('services.said.again', { code }));
    case 'paused':
      return starting(say('services.said.paused'), true);
    default:
      return starting(say(`services.said.${status}`));
  }
}

/** A service's containers run on, unless their restart policy says otherwise. */
function stays(
  { desired }: Pick<Container, 'desired'>,
  exitCode: number,
  runs: Service['runs']['kind'],
): boolean {
  return runs !== 'service' || staysEnded(desired.spec, exitCode);
}

/** It is stopped on one host and started on the other: what is seen of either says nothing of how it does. */
export function isBetweenHosts({ assigned: { moving } }: Pick<Container, 'assigned'>): boolean {
  return moving !== undefined && moving.phase !== 'drain';
}

function whileRunning(container: Pick<Container, 'probes'>, seen: ObservedContainer): Condition {
  const { probes } = seen;
  const why = probes?.said ?? '';
  const said = (key: 'dead' | 'unhealthy' | 'unready') =>
    why === '' ? say(`services.said.${key}`) : say(`services.said.${key}.why`, { why });
  const running = true;
  if (probes?.live === false) return { state: 'failed', running, said: said('dead') };
  if (isReady(seen, container)) return { state: 'ready', running, said: '' };
  const unhealthy = probes === undefined ? healthOf(seen) === 'unhealthy' : !probes.starting && !probes.ready;
  return unhealthy
    ? { state: 'failed', running, said: said('unhealthy') }
    : { state: 'starting', running, said: said('unready') };
}

/** What hosts are to look at in containers of the service. */
export function probesOf({ readiness, liveness }: Service): Probes | undefined {
  if (readiness === undefined && liveness === undefined) return undefined;
  return { ...(readiness && { readiness }), ...(liveness && { liveness }) };
}

/** Longest that an agent lets its engine work on a create and a start of one container, milliseconds (`agent/steps.ts`). */
const MAKING_MS = 480_000;

/**
 * A container that is not ready for longer than this has failed, milliseconds. The time of a probe begins with the process:
 * how long an engine takes until then says nothing of what is in the container, and a busy one takes minutes.
 */
export function readyWithin({ readiness, update }: Service, { running }: Pick<Member, 'running'>): number {
  if (!running) return MAKING_MS;
  const { startPeriodMs = 0, failures = 1, intervalMs = 0, timeoutMs = 0 } = readiness ?? {};
  return Math.max(60_000, update.monitorMs) + startPeriodMs + failures * (intervalMs + timeoutMs);
}
