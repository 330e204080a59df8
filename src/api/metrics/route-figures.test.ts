import { describe, expect, it } from 'vitest';
import { bytesOfRing, TIERS } from './figure-ring.ts';
import { RouteFigures, type RouteReading } from './route-figures.ts';

const T0 = 1_800_000_000_000;
const ROOM = 1_000_000_000;
const reading = (more: Partial<RouteReading> = {}): RouteReading => ({
  ...{ route: 'a', pool: '', requestsPerSecond: 10, errorsPerSecond: 1, p50: 20, p95: 100, ...more },
});
const all = (figures: RouteFigures, now: number, pool = '', route = 'a', windowMs = 60_000) => {
  const [requests, errors, p50, p95] = figures.of([{ route, pool }], now, windowMs).columns;
  const shown = (values: Float64Array | undefined) =>
    [...(values ?? [])].map((value) => (value >= 0 ? Math.round(value * 100) / 100 : null));
  return { requests: shown(requests), errors: shown(errors), p50: shown(p50), p95: shown(p95) };
};
const last = (figures: RouteFigures, now: number, pool = '', windowMs = 60_000) => {
  const { requests, errors, p50, p95 } = all(figures, now, pool, 'a', windowMs);
  return [requests, errors, p50, p95].map((values) => values.at(-1));
};

describe('what went through a route', () => {
  it('is kept of those through which something goes, and is nothing while nothing is said of them', () => {
    const figures = new RouteFigures();
    figures.add([reading(), reading({ route: 'quiet', requestsPerSecond: 0 })], T0, ROOM);
    expect(last(figures, T0)).toEqual([10, 1, 20, 100]);
    expect(figures.bytes).toBe(bytesOfRing(5, TIERS));
    figures.add([], T0 + 5_000, ROOM);
    // No requests are known to be none; of no answer it is not known how long it took.
    expect(last(figures, T0 + 5_000)).toEqual([0, 0, null, null]);
    expect(all(figures, T0 + 5_000, '', 'quiet').requests.every((value) => value === null)).toBe(true);
  });

  it('has times that are means over requests: one slow answer is not half of a thousand', () => {
    const figures = new RouteFigures();
    figures.add([reading({ requestsPerSecond: 99, p50: 10, p95: 50 })], T0, ROOM);
    figures.add([reading({ requestsPerSecond: 1, p50: 1010, p95: 5050 })], T0 + 5_000, ROOM);
    figures.add([reading({ requestsPerSecond: 0, p50: undefined, p95: undefined })], T0 + 10_000, ROOM);
    // The hour's points are half a minute: all three are in one.
    const [requests, , p50, p95] = last(figures, T0 + 10_000, '', 3_600_000);
    expect(requests).toBeCloseTo(100 / 3, 1);
    expect([p50, p95]).toEqual([20, 100]);
  });

  it('is told though there is but one request in minutes', () => {
    const figures = new RouteFigures();
    figures.add([reading({ requestsPerSecond: 1 / 6, errorsPerSecond: 1 / 6, p50: 7, p95: 9 })], T0, ROOM);
    for (let at = 5_000; at < 120_000; at += 5_000) figures.add([], T0 + at, ROOM);
    figures.add([], T0 + 120_000, ROOM);
    const six = all(figures, T0 + 120_000, '', 'a', 21_600_000);
    expect([six.requests.at(-2), six.errors.at(-2)]).toEqual([0.01, 0.01]);
    expect(six.p50.at(-2)).toBeCloseTo(7, 1);
    expect(six.p95.at(-2)).toBeCloseTo(9, 1);
  });

  it('has no times of connections, of which none are measured', () => {
    const figures = new RouteFigures();
    figures.add([reading({ p50: undefined, p95: undefined })], T0, ROOM);
    expect(last(figures, T0)).toEqual([10, 1, null, null]);
  });

  it('is told of pools, and of several routes together', () => {
    const figures = new RouteFigures();
    const of = (route: string, pool: string, requestsPerSecond: number, p95: number) =>
      reading({ route, pool, requestsPerSecond, errorsPerSecond: 0, p50: p95, p95 });
    figures.add([of('a', 'r1', 3, 10), of('b', 'r1', 1, 50), of('a', 'r2', 4, 7)], T0, ROOM);
    expect(figures.poolsOf('a')).toEqual(['r1', 'r2']);
    const both = figures.of(
      [
        { route: 'a', pool: 'r1' },
        { route: 'b', pool: 'r1' },
        { route: 'nowhere', pool: 'r1' },
      ],
      T0,
      60_000,
    );
    expect(both.columns.map((values) => Math.round(values.at(-1) as number))).toEqual([4, 0, 20, 20]);
    expect(figures.of([], T0, 60_000).columns[0]?.every(Number.isNaN)).toBe(true);
  });

  it('is kept within the room that there is, and as long as something has gone through of late', () => {
    const figures = new RouteFigures();
    const three = ['a', 'b', 'c'].map((route) => reading({ route }));
    figures.add(three, T0, 2.5 * bytesOfRing(5, TIERS));
    expect(figures.bytes).toBe(2 * bytesOfRing(5, TIERS));
    expect(all(figures, T0, '', 'c').requests.every((value) => value === null)).toBe(true);
    figures.add(three.slice(0, 1), T0 + 6 * 3_600_000, ROOM);
    figures.sweep(T0 + 6 * 3_600_000 + 1);
    expect(figures.bytes).toBe(bytesOfRing(5, TIERS));
    expect(last(figures, T0 + 6 * 3_600_000)[0]).toBe(10);
  });
});
