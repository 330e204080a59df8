import { describe, expect, it } from 'vitest';
import type { Scaling } from '../../../model/scaling.ts';
import { RECORDINGS, type Recording } from './recorded-load.fixture.ts';
import { type LoadCurve, simulate, turnsOf } from './simulation.fixture.ts';

const MIN = 2;
const MAX = 8;
const policy = (rule: Readonly<{ above?: number; below?: number; target?: number }>, step = 1): Scaling => ({
  ...{ kind: 'scaling', min: MIN, max: MAX, step, rules: [{ metric: 'cpu', ...rule }] },
});
const policies = [
  policy({ above: 70, below: 30 }),
  policy({ above: 70, below: 30 }, 3),
  policy({ target: 60 }),
];

/** The recording over and over for `loaded` seconds, with so many containers' worth of CPU on average; then next to nothing. */
function played(
  { points, everyS: recordedEveryS }: Recording,
  level: number,
  loaded: number,
  everyS = recordedEveryS,
): LoadCurve {
  const mean = points.reduce((sum, one) => sum + one, 0) / points.length;
  return (second) => {
    if (second >= loaded) return 0.1;
    return ((points[Math.floor(second / everyS) % points.length] ?? 0) / mean) * level;
  };
}

const cases = Object.entries(RECORDINGS).flatMap(([name, recording]) =>
  policies.map((scaling, number) => ({ name, recording, scaling, number })),
);

describe.each(cases)('a recorded load: $name ($number)', ({ recording, scaling }) => {
  const loaded = 7_200;
  const seconds = loaded + 600 + MAX * 420;

  it('is met without going to and fro, and it is at its least afterwards', () => {
    for (const level of [1, 2, 3, 4]) {
      const run = simulate(scaling, played(recording, level, loaded), { seconds, first: MIN });
      expect(turnsOf(run, MIN), `level ${level}`).toBeLessThanOrEqual(1);
      const busy = run.numbers.filter(({ at }) => at < loaded);
      const busiest = Math.max(...busy.map(({ count }) => count));
      expect(busiest, `level ${level}`).toBeGreaterThanOrEqual(Math.ceil(level));
      expect(busiest, `level ${level}`).toBeLessThan(MAX + 1);
      expect(run.numbers.at(-1)?.count, `level ${level}`).toBe(MIN);
    }
  });

  it('that is more than its most can do takes it there, and no further', () => {
    const run = simulate(scaling, played(recording, 20, loaded), { seconds, first: MIN });
    const counts = run.numbers.map(({ count }) => count);
    expect(Math.max(...counts)).toBe(MAX);
    expect(run.numbers.filter(({ at, count }) => at > 3_600 && at < loaded && count !== MAX)).toEqual([]);
    expect([turnsOf(run, MIN), counts.at(-1)]).toEqual([1, MIN]);
  });

  it('played so slowly that its ups and downs last turns it no sooner than it may', () => {
    const run = simulate(scaling, played(recording, 3, loaded * 2, 120), { seconds: loaded * 2, first: MIN });
    let [before, last] = [MIN, { at: 0, side: 0 }];
    for (const { at, to } of run.changes) {
      const side = Math.sign(to - before);
      // Five minutes of less before there are fewer, two of more before there are more.
      if (last.side !== 0 && side !== last.side)
        expect(at - last.at).toBeGreaterThanOrEqual(side < 0 ? 300 : 120);
      [before, last] = [to, { at, side }];
    }
    expect(run.numbers.every(({ count }) => count >= MIN && count <= MAX)).toBe(true);
  });
});
