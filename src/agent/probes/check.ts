import type { Engine } from '../../engine/index.ts';
import type { Probe } from '../../model/probe.ts';
import { say } from '../../model/said/index.ts';

/**
 * What one look has found out. `unknown` is nobody's fault but this host's or its engine's: it counts neither for the
 * container nor against it.
 */
export type CheckResult = Readonly<{ kind: 'ok' | 'failed' | 'unknown'; said: string }>;

/** What checks look at. */
export type CheckTarget = Readonly<{
  engineId: string;
  /** Where this host reaches it; undefined where it does not. */
  address(): Promise<string | undefined>;
}>;

export type CheckContext = Readonly<{
  target: CheckTarget;
  /** No look takes longer. Milliseconds. */
  timeoutMs: number;
  /** Fires when nobody wants to know any more. */
  signal: AbortSignal;
  /** Called then as well: for looks that are too many for a listener of the signal each. */
  stops: Set<() => void>;
  engine: Engine;
}>;

type Kinds = Probe['check']['kind'];
/** The engine's own health check is not looked at by the host. */
export type OwnKind = Exclude<Kinds, 'image'>;
export type CheckOf<K extends Kinds> = Probe['check'] & { kind: K };
export type Checker<K extends OwnKind> = (check: CheckOf<K>, context: CheckContext) => Promise<CheckResult>;

/** Longest line that is kept of what a container says. */
const MAX_SAID = 200;

/** One line of printable text, not long, whatever a container has sent. */
export function oneLine(text: string): string {
  const line = text.replace(/[\s\p{Cc}\p{Cf}]+/gu, ' ').trim();
  return line.length > MAX_SAID ? `${line.slice(0, MAX_SAID - 1)}…` : line;
}

export const ok = (said: string): CheckResult => ({ kind: 'ok', said: oneLine(said) });
export const failed = (said: string): CheckResult => ({ kind: 'failed', said: oneLine(said) });
export const unknown = (said: string): CheckResult => ({ kind: 'unknown', said: oneLine(said) });

/** The agent itself was not running for so long (a stopped machine, no CPU): a time-out says nothing then. Milliseconds. */
const LATE_MS = 1_000;

/** @param began `performance.now()` when the look began */
export function timedOut(began: number, timeoutMs: number): CheckResult {
  const took = performance.now() - began;
  if (took > timeoutMs + LATE_MS) return unknown(`this host was held up for ${Math.round(took)} ms`);
  return failed(say('hosts.path.late', { seconds: timeoutMs / 1000 }));
}
