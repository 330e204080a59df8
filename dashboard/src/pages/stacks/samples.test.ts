import { expect, it } from 'vitest';
import { addSample, type Sample, valuesOf } from './samples.ts';

const traffic = (requests: number, errorRate: number, p95: number | null) => ({
  ...{ windowMs: 60_000, requests, errors: 0, requestsPerSecond: 1, errorRate, responses: [] },
  ...{ bytesIn: 0, bytesOut: 0, p50: null, p95, p99: null },
});
const sample = (at: number, requests = 10): Sample => ({
  at,
  versions: [
    { release: 2, traffic: traffic(requests, 0.5, 20) },
    { release: 1, traffic: traffic(10, 0, 10) },
  ],
});

it('takes a moment in each step, and lets the oldest go', () => {
  const one = addSample([], sample(0), 10);
  expect(addSample(one, sample(0), 10)).toBe(one);
  expect(addSample(one, sample(8), 10)).toBe(one);
  let all = one;
  for (let at = 1; at < 400; at++) all = addSample(all, sample(at * 10), 10);
  expect([all.length, all[0]?.at, all.at(-1)?.at]).toEqual([360, 400, 3990]);
});

it('has a gap where nobody has asked a version, or it was not there', () => {
  const samples = [sample(1, 0), sample(2)];
  expect(valuesOf(samples, 2, 'errors')).toEqual([null, 0.5]);
  expect(valuesOf(samples, 1, 'p95')).toEqual([10, 10]);
  expect(valuesOf(samples, 3, 'p95')).toEqual([null, null]);
});
