import { expect, it } from 'vitest';
import { RateLimit } from './rate-limit.ts';

const taken = (limit: RateLimit, source: string, now: number, times: number) =>
  Array.from({ length: times }, () => limit.take(source, now)).filter(Boolean).length;

it('lets a burst through, then so many per second, each source for itself', () => {
  const limit = new RateLimit({ perSecond: 10, burst: 20 }, 100);
  expect(taken(limit, 'a', 0, 50)).toBe(20);
  expect(taken(limit, 'b', 0, 50)).toBe(20);
  expect(taken(limit, 'a', 500, 50)).toBe(5);
  expect(taken(limit, 'a', 60_000, 50)).toBe(20);
});

it('does not mind a clock that was set back', () => {
  const limit = new RateLimit({ perSecond: 10, burst: 20 }, 100);
  expect(taken(limit, 'a', 100_000, 50)).toBe(20);
  expect(taken(limit, 'a', 0, 50)).toBe(0);
  expect(taken(limit, 'a', 1_000, 50)).toBe(10);
});

it('keeps few sources, whatever addresses are made up, and no busy one suffers', () => {
  const limit = new RateLimit({ perSecond: 10, burst: 20 }, 100);
  expect(taken(limit, 'busy', 0, 20)).toBe(20);
  let through = 0;
  for (let n = 0; n < 10_000; n++) if (limit.take(`made-up-${n}`, 1)) through++;
  expect(limit.sources).toBeLessThanOrEqual(101);
  // One each for those that there was room for, and one bucket for all others.
  expect(through).toBe(99 + 20);
  expect(taken(limit, 'busy', 1_001, 20)).toBe(10);
  limit.take('later', 10_000);
  expect(limit.sources).toBe(1);
});
