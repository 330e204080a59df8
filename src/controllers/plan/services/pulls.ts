/** How often an image has been pulled in vain on a host, and when it may be tried again. */
export type PullTry = Readonly<{
  tries: number;
  /** Milliseconds since the epoch. */
  nextAt: number;
  /** What the engine said last, in one line. */
  error: string;
}>;

const FIRST_MS = 5_000;
const MOST_MS = 300_000;

/** After one more failure: the time doubles, up to five minutes. */
export function afterFailure(before: PullTry | undefined, error: string, now: number): PullTry {
  const tries = (before?.tries ?? 0) + 1;
  return { tries, nextAt: now + Math.min(MOST_MS, FIRST_MS * 2 ** (tries - 1)), error };
}
