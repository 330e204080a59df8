import type { ObservedContainer } from './container.ts';

/** As long as an engine, and the agent, take for a run that has gone well. */
const STABLE_MS = 10_000;
/** Fewer may be a hitch. */
const LEAST_RESTARTS = 3;

/**
 * It ends soon after each start, and is started again: its last run was short, and it waits for its next one. Of what the
 * engine restarts how often is not known; its waits get longer from run to run, so it is hardly ever seen in a first one.
 */
export function restartsAgainAndAgain({
  state: { status, startedAt, finishedAt },
  restarts = 0,
  nextStartAt,
}: Pick<ObservedContainer, 'state' | 'restarts' | 'nextStartAt'>): boolean {
  const waits = status === 'restarting' || (nextStartAt !== undefined && restarts >= LEAST_RESTARTS);
  return waits && finishedAt - startedAt < STABLE_MS;
}
