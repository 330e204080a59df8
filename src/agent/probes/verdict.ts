import type { ProbeResult } from '../../model/container.ts';
import type { Probe } from '../../model/probe.ts';
import type { Verdict } from '../holding.ts';

/** One probe of one run, counted: its verdict, and what speaks for another one. */
export type Tally = Readonly<{
  verdict: Verdict;
  /** Results in a row that differ from the verdict, or lead to the first one. */
  successes: number;
  failures: number;
  /** When the last failure began that counted. */
  failedAt: number;
  /** The last results, the newest last. */
  results: readonly ProbeResult[];
}>;

/** As many as Docker keeps (moby: daemon/health.go, maxLogEntries). */
const KEPT = 5;
/** Intervals vary by so much. */
const JITTER = 0.1;

/** Before the first result of a run, or before the first one after a restart of the agent. */
export function newTally(verdict: Verdict): Tally {
  return { verdict, successes: 0, failures: 0, failedAt: 0, results: verdict.results };
}

/** @param startedAt when the run began, milliseconds since the epoch */
export function unproven(startedAt: number): Verdict {
  return { health: 'starting', since: startedAt, results: [] };
}

/**
 * The tally with one more result. Before the first verdict a probe may look more often than its interval, and only failures
 * that lie an interval apart count; those within the start period never do.
 */
export function counted(before: Tally, probe: Probe, result: ProbeResult, startedAt: number): Tally {
  const results = [...before.results, result].slice(-KEPT);
  const { verdict } = before;
  if (result.ok) {
    const successes = before.successes + 1;
    const turns = verdict.health !== 'healthy' && successes >= probe.successes;
    const after = turns ? { health: 'healthy' as const, since: result.at + result.ms, results } : verdict;
    return { ...before, verdict: after, successes: turns ? 0 : successes, failures: 0, results };
  }
  const missed = { ...before, successes: 0, results };
  if (verdict.health === 'starting') {
    if (result.at < startedAt + probe.startPeriodMs) return missed;
    const early = before.failures > 0 && result.at < before.failedAt + probe.intervalMs * (1 - JITTER);
    if (early) return missed;
  }
  const failures = before.failures + 1;
  const turns = verdict.health !== 'unhealthy' && failures >= probe.failures;
  const after = turns ? { health: 'unhealthy' as const, since: result.at + result.ms, results } : verdict;
  return { ...missed, verdict: after, failures: turns ? 0 : failures, failedAt: result.at };
}

/** How soon the second look at a new run is; doubled up to the interval until the first verdict. */
const EAGER_MS = 250;
/** The shortest interval, whatever is asked for. */
const LEAST_MS = 100;

/**
 * How long after the beginning of one look the next one begins, milliseconds.
 * @param looks how many there have been in this run without a verdict
 * @param random in [0, 1)
 */
export function nextLook(probe: Probe, health: Verdict['health'], looks: number, random: number): number {
  const interval = Math.max(LEAST_MS, probe.intervalMs);
  const wait = health === 'starting' ? Math.min(interval, EAGER_MS * 2 ** Math.min(looks, 20)) : interval;
  return wait * (1 - JITTER / 2 + JITTER * random);
}

/** How long the first look waits: many containers that start together are not looked at in one moment. */
export function firstLook(probe: Probe, health: Verdict['health'], random: number): number {
  const interval = Math.max(LEAST_MS, probe.intervalMs);
  return (health === 'starting' ? Math.min(LEAST_MS, interval) : interval) * random;
}
