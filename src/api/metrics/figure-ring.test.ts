import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decoded, encoded, FigureRing, TIERS } from './figure-ring.ts';

const T0 = 1_800_000_000_000;
const column = (ring: FigureRing, now: number, windowMs: number, figure = 0) => [
  ...(ring.read(now, windowMs).columns[figure] ?? []),
];

describe('the code of a number', () => {
  it('keeps it to half a per mille, 0 as it is, and what is not known', () => {
    expect(decoded(encoded(0))).toBe(0);
    expect(decoded(encoded(Number.NaN))).toBeNaN();
    expect(decoded(encoded(-1))).toBeNaN();
    expect(decoded(encoded(Number.POSITIVE_INFINITY))).toBeGreaterThan(2 ** 50);
    fc.assert(
      fc.property(fc.double({ min: 0, max: 2 ** 50, noNaN: true }), (value) => {
        const error = Math.abs(decoded(encoded(value)) - value);
        expect(error).toBeLessThanOrEqual((1 + value) * 0.0005);
      }),
    );
  });
});

describe('figures over time', () => {
  it('are a mean for each slot, and nothing where nothing was added', () => {
    const ring = new FigureRing(2);
    ring.add([1, 10], T0);
    ring.add([3, Number.NaN], T0 + 4_000);
    ring.add([8, 40], T0 + 30_000);
    const { from, stepMs } = ring.read(T0 + 34_000, 60_000);
    expect([from, stepMs]).toEqual([T0 - 30_000, 5_000]);
    const shown = column(ring, T0 + 34_000, 60_000);
    expect(shown).toHaveLength(13);
    expect(shown.map((value) => Math.round(value))).toEqual([
      ...[Number.NaN, Number.NaN, Number.NaN, Number.NaN, Number.NaN, Number.NaN, 2],
      ...[Number.NaN, Number.NaN, Number.NaN, Number.NaN, Number.NaN, 8],
    ]);
    expect(column(ring, T0 + 34_000, 60_000, 1).filter((value) => value >= 0)).toHaveLength(1);
  });

  it('have no gap where a report came a little late, and one where some did not come', () => {
    const ring = new FigureRing(1);
    ring.add([4], T0 + 4_900);
    ring.add([4], T0 + 10_100);
    ring.add([4], T0 + 40_100);
    const known = column(ring, T0 + 40_100, 40_000).map((value) => value >= 0);
    expect(known).toEqual([true, true, true, false, false, false, false, false, true]);
  });

  it('are told in finer or coarser slots by how far they reach back', () => {
    const ring = new FigureRing(1);
    for (let at = 0; at <= 21_600_000; at += 5_000) ring.add([at / 1_000], T0 + at);
    const now = T0 + 21_600_000;
    expect(
      [600_000, 601_000, 1_800_000, 3_600_000, 21_600_000].map((ms) => ring.read(now, ms).stepMs),
    ).toEqual([...[5_000, 30_000, 30_000, 30_000, 120_000]]);
    const six = column(ring, now, 21_600_000);
    expect(six).toHaveLength(180);
    // Slot by slot the mean of 24 additions.
    expect(six[100]).toBeCloseTo((21_600 / 180) * 101 + 57.5, -1);
    expect(six.every((value) => value >= 0)).toBe(true);
  });

  it('forget what is older than they reach, and what was before a gap of that length', () => {
    const ring = new FigureRing(1);
    for (let at = 0; at < 600_000; at += 5_000) ring.add([1], T0 + at);
    ring.add([2], T0 + 1_300_000);
    const shown = column(ring, T0 + 1_300_000, 590_000);
    expect(shown.filter((value) => value >= 0)).toEqual([2]);
  });

  it('begin anew where the clock was set back, and mind no second', () => {
    const ring = new FigureRing(1);
    ring.add([1], T0 + 60_000);
    ring.add([3], T0 + 59_000);
    expect(column(ring, T0 + 60_000, 60_000).at(-1)).toBe(2);
    ring.add([7], T0);
    expect(column(ring, T0, 60_000).filter((value) => value >= 0)).toEqual([7]);
    expect(column(ring, T0 + 60_000, 60_000).filter((value) => value >= 0)).toEqual([7]);
  });

  it('lose what is in the tiers that are taken from them, and nothing else', () => {
    const ring = new FigureRing(1);
    for (let at = 0; at <= 3_600_000; at += 5_000) ring.add([5], T0 + at);
    const less = ring.inTiers(TIERS.slice(1));
    expect(less.bytes).toBeLessThan(ring.bytes);
    const now = T0 + 3_600_000;
    expect(less.read(now, 60_000).stepMs).toBe(30_000);
    expect(column(less, now, 3_000_000)).toEqual(column(ring, now, 3_000_000));
    const again = less.inTiers(TIERS);
    expect(again.bytes).toBe(ring.bytes);
    expect(column(again, now, 60_000).every(Number.isNaN)).toBe(true);
    expect(column(again, now, 21_000_000)).toEqual(column(ring, now, 21_000_000));
  });
});
