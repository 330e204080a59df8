import { expect, it } from 'vitest';
import { FigureWindows } from './figure-windows.ts';

const windows = (...samples: readonly [at: number, cpu: number | undefined][]) => {
  const made = new FigureWindows();
  for (const [at, cpu] of samples)
    made.add('a', { at, ms: 5_000, ...(cpu === undefined ? {} : { cpu }) }, 60_000);
  return made;
};
const steady = (to: number, cpu: number, from = 0) =>
  Array.from({ length: (to - from) / 5_000 }, (_, i): [number, number] => [from + (i + 1) * 5_000, cpu]);

it('averages what lies in the period', () => {
  const made = windows(...steady(60_000, 100), ...steady(90_000, 40, 60_000));
  expect(made.averages('a', 90_000, 30_000, 0)).toEqual({ cpu: 40 });
  expect(made.averages('a', 90_000, 60_000, 0)).toEqual({ cpu: 70 });
});

it('counts each sample for as long as it was', () => {
  const made = windows([5_000, 100]);
  made.add('a', { at: 15_000, ms: 10_000, cpu: 40 }, 60_000);
  expect(made.averages('a', 15_000, 15_000, 0)).toEqual({ cpu: 60 });
});

it('is none where less than half of the period is known', () => {
  expect(windows(...steady(25_000, 50)).averages('a', 25_000, 60_000, 0)).toBeUndefined();
  expect(windows(...steady(30_000, 50)).averages('a', 30_000, 60_000, 0)).toEqual({ cpu: 50 });
  // What it did before it was ready counts as little.
  expect(windows(...steady(60_000, 50)).averages('a', 60_000, 60_000, 40_000)).toBeUndefined();
});

it('is none once its host has said nothing for three times as long as it should', () => {
  const made = windows(...steady(60_000, 50));
  expect(made.averages('a', 75_000, 60_000, 0)).toEqual({ cpu: 50 });
  expect(made.averages('a', 75_001, 60_000, 0)).toBeUndefined();
});

it('leaves out a figure that most samples do not have', () => {
  const made = windows(
    ...steady(60_000, 50).map(([at, cpu], i): [number, number | undefined] => [at, i < 3 ? cpu : undefined]),
  );
  expect(made.averages('a', 60_000, 60_000, 0)).toEqual({});
});

it('keeps no more than was asked for, and forgets', () => {
  const made = windows(...steady(600_000, 50));
  expect(made.averages('a', 600_000, 3_600_000, 0)).toBeUndefined();
  expect(made.averages('a', 600_000, 120_000, 0)).toEqual({ cpu: 50 });
  made.forget('a');
  expect(made.size).toBe(0);
});
