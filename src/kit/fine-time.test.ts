import { describe, expect, it } from 'vitest';
import { systemClock } from './clock.ts';
import { fineTime, offsetOf, wasSet } from './fine-time.ts';

describe('fineTime', () => {
  it('is never later than it is, and comes close', () => {
    const began = performance.now();
    const real = { at: 1_795_000_000_000.25 };
    const clock = { ...systemClock, now: () => Math.floor(real.at + performance.now() - began) };
    let behind = Number.POSITIVE_INFINITY;
    for (let i = 0; i < 20_000; i++) {
      const fine = fineTime(clock);
      const now = real.at + performance.now() - began;
      expect(fine).toBeLessThanOrEqual(now + 0.001);
      behind = Math.min(behind, now - fine);
    }
    expect(behind).toBeLessThan(0.5);
  });

  it('goes with a clock that is set, back or ahead', () => {
    let set = 0;
    const clock = { ...systemClock, now: () => Date.now() + set };
    const before = offsetOf(clock);
    for (const ms of [-5_000, 60_000, 20]) {
      set = ms;
      expect(wasSet(before, offsetOf(clock))).toBe(true);
      expect(Math.abs(fineTime(clock) - clock.now())).toBeLessThan(1_000);
    }
  });
});
