import { backoffDelay } from '../../kit/backoff.ts';
import type { ObservedContainer, ObservedProbes } from '../../model/container.ts';
import type { Probe } from '../../model/probe.ts';
import { isOwn } from '../../model/readiness.ts';
import { type Hold, type Probed, runOf, type Verdict } from '../holding.ts';
import { unproven } from './verdict.ts';

export type ProbeName = 'readiness' | 'liveness';

/** From the second restart in a row on: a second, doubled up to a minute; anew after it has been live for ten seconds. */
const BACKOFF = { baseMs: 1_000, maxMs: 60_000 };
const STABLE_MS = 10_000;

/** What is known of the run that the container is in: of another run only its restarts count, and after a start by the user not even these. */
export function probedNow({ assignment, probed }: Hold, observed: ObservedContainer): Probed {
  const { probes = {}, desired } = assignment;
  const run = runOf(observed);
  const known = probed?.run === run ? probed : undefined;
  const before = probed?.starts === desired.starts ? probed : undefined;
  const verdict = (probe: Probe | undefined, name: ProbeName) =>
    probe === undefined ? {} : { [name]: known?.[name] ?? unproven(observed.state.startedAt) };
  // The engine's own check is asked of the engine by whoever wants to know.
  const readiness = isOwn(probes.readiness) ? probes.readiness : undefined;
  return {
    run,
    starts: desired.starts,
    restarts: before?.restarts ?? 0,
    short: before?.short ?? 0,
    at: known?.at ?? 0,
    ...verdict(readiness, 'readiness'),
    ...verdict(probes.liveness, 'liveness'),
  };
}

/**
 * With another verdict of one probe. Where liveness fails a restart is counted, and given its time; where it is met again
 * before that, it was none.
 * @param now milliseconds since the epoch
 * @param random in [0, 1)
 */
export function judged(
  before: Probed,
  name: ProbeName,
  verdict: Verdict,
  now: number,
  random: () => number,
): Probed {
  const after = { ...before, [name]: verdict };
  if (name === 'readiness') return after;
  const { liveness, restarts, short } = before;
  if (verdict.health !== 'unhealthy') {
    if (liveness?.health !== 'unhealthy') return after;
    return { ...after, restarts: Math.max(0, restarts - 1), short: Math.max(0, short - 1), at: 0 };
  }
  const stable = liveness?.health === 'healthy' && now - liveness.since >= STABLE_MS;
  const step = stable ? 0 : short;
  const delay = step === 0 ? 0 : backoffDelay(BACKOFF, step - 1, random);
  return { ...after, restarts: restarts + 1, short: step + 1, at: now + delay };
}

/**
 * When the agent has to start a container again because its liveness fails; undefined where it does not. What the restart
 * has ended already and not started again is still in the run that failed.
 */
export function restartDue(
  { assignment, acted, probed }: Hold,
  observed: ObservedContainer | undefined,
): number | undefined {
  if (observed === undefined || probed === undefined || probed.run !== runOf(observed)) return undefined;
  if (assignment.probes?.liveness === undefined || probed.liveness?.health !== 'unhealthy') return undefined;
  if (assignment.desired.state !== 'running' || acted.state !== 'running') return undefined;
  const { status, finishedAt } = observed.state;
  const ended = status === 'exited' && finishedAt >= probed.at;
  return status === 'running' || ended ? probed.at : undefined;
}

/** What the cluster is told of a container that looks like this. */
export function saidOfProbes(
  hold: Hold,
  observed: ObservedContainer,
): Readonly<{ restarts: number; probes?: ObservedProbes }> {
  const { probes } = hold.assignment;
  if (probes === undefined) return { restarts: 0 };
  const now = probedNow(hold, observed);
  // The one that is due has not been done.
  const restarts = now.restarts - (restartDue(hold, observed) === undefined ? 0 : 1);
  if (observed.state.status !== 'running' && observed.state.status !== 'paused') return { restarts };
  if (!isOwn(probes.readiness) && !isOwn(probes.liveness)) return { restarts };
  const { readiness, liveness } = now;
  const verdicts = [readiness, isOwn(probes.liveness) ? liveness : undefined].filter(
    (one) => one !== undefined,
  );
  const last = verdicts.reduce((a, b) => (b.since > a.since ? b : a));
  const bad = verdicts.some(({ health }) => health === 'unhealthy');
  return {
    restarts,
    probes: {
      ready: readiness === undefined || readiness.health === 'healthy',
      live: liveness?.health !== 'unhealthy',
      starting: !bad && verdicts.some(({ health }) => health === 'starting'),
      since: last.since,
      said: last.results.at(-1)?.said ?? '',
      results: last.results,
    },
  };
}
