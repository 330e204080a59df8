/** Exponential back-off with full jitter (AWS Architecture Blog, "Exponential Backoff and Jitter"). */
export type Backoff = Readonly<{ baseMs: number; maxMs: number }>;

/**
 * How long to wait before attempt `attempt` (0 is the first retry), in milliseconds: at least half of the step, so that
 * a retry never comes at once.
 * @param random a number in [0, 1)
 */
export function backoffDelay(backoff: Backoff, attempt: number, random: () => number = Math.random): number {
  const step = Math.min(backoff.maxMs, backoff.baseMs * 2 ** Math.min(attempt, 30));
  return Math.round(step / 2 + (step / 2) * random());
}
