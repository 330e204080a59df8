import type { Clock } from './clock.ts';

/** By how much a clock that was not set can differ from what was known of it (milliseconds). */
const STEP_MS = 1.5;

/** From the monotonic clock to each clock, milliseconds; never too much. */
const offsets = new WeakMap<Clock, number>();

/**
 * What is to be added to `performance.now()` for the time of `clock`. A clock tells whole milliseconds and leaves out the
 * part, so every reading of this is too small by less than one: the largest is the best. Where the clock has been set it
 * is another one, by more than `STEP_MS`.
 */
export function offsetOf(clock: Clock): number {
  const reading = clock.now() - performance.now();
  const known = offsets.get(clock);
  const offset = known === undefined || wasSet(known, reading) ? reading : Math.max(known, reading);
  offsets.set(clock, offset);
  return offset;
}

/** True where the clock was set between the times when these offsets were told. */
export function wasSet(before: number, after: number): boolean {
  return Math.abs(after - before) > STEP_MS;
}

/** The time with parts of a millisecond: never later than it is, earlier by less than one, and soon by much less. */
export function fineTime(clock: Clock): number {
  return offsetOf(clock) + performance.now();
}
