import { beforeEach, describe, expect, it } from 'vitest';
import { MOST_WINDOW_MS, percentile, TIME_BOUNDS, type Traffic } from '../../model/traffic.ts';
import { AccessBook } from './access-book.ts';

let now: number;
let serving: { id: string; name: string }[];
let book: AccessBook;

beforeEach(() => {
  now = 1_000_000;
  serving = [{ id: 'h1', name: 'one' }];
  book = new AccessBook({
    clock: { now: () => now, sleep: () => Promise.resolve() },
    routesOf: (service) => (service === 'shop/web' ? ['a', 'b'] : []),
    serving: () => serving,
  });
});

type Some = Readonly<{ good?: number; bad?: number; failures?: number; times?: Record<number, number> }>;
const traffic = (route: string, pool: string | undefined, some: Some): Traffic => {
  const { good = 0, bad = 0, failures = 0, times = {} } = some;
  return {
    ...{ kind: 'http', route, responses: [0, good, 0, 0, bad, 0], sessions: good + bad, failures },
    ...{ bytesIn: good, bytesOut: good, times: [...TIME_BOUNDS, 0].map((_, i) => times[i] ?? 0) },
    ...(pool === undefined ? {} : { pool }),
  };
};
const report = (host: string, all: Traffic[], ms = 2_000) =>
  book.take(host, { t: 'traffic', ms, traffic: all });
/** A report every two seconds for so long. */
function run(seconds: number, reports: Record<string, Traffic[]>): void {
  for (let second = 0; second < seconds; second += 2) {
    now += 2_000;
    for (const [host, all] of Object.entries(reports)) report(host, all);
  }
}

describe('figures of a service', () => {
  it('are those of all its routes and routers, of one release, or of all that came', () => {
    serving.push({ id: 'h2', name: 'two' });
    const each = [
      ...[traffic('a', undefined, { good: 30, bad: 10 }), traffic('a', 'r1', { good: 30 })],
      ...[traffic('a', 'r2', { bad: 4, failures: 6 }), traffic('b', 'r2', { good: 10 })],
      ...[traffic('b', undefined, { good: 10 }), traffic('other', undefined, { bad: 99 })],
    ];
    run(70, { h1: each, h2: each });
    expect(book.of('shop/web', undefined, 60_000)).toMatchObject({
      ...{ windowMs: 60_000, requests: 3_000, errors: 600, requestsPerSecond: 50, errorRate: 0.2 },
      ...{ responses: [0, 2_400, 0, 0, 600, 0], bytesIn: 2_400, missing: [] },
    });
    expect(book.of('shop/web', 1, 10_000)).toMatchObject({ requests: 300, errors: 0, requestsPerSecond: 30 });
    // Attempts at its containers that failed are its errors.
    expect(book.of('shop/web', 2, 10_000)).toMatchObject({ requests: 200, errors: 100, errorRate: 0.5 });
    expect(book.ofRoute('b', 2, 10_000)).toMatchObject({ requests: 100, errors: 0 });
    expect(book.of('shop/none', undefined, 10_000)).toMatchObject({
      requests: 0,
      errorRate: 0,
      p95: undefined,
    });
  });

  it('are of the window alone, in two seconds at first and then in half minutes', () => {
    run(600, { h1: [traffic('a', undefined, { good: 20 })] });
    run(600, { h1: [traffic('a', undefined, { good: 2 })] });
    run(20, { h1: [traffic('a', undefined, { bad: 200 })] });
    const rate = (ms: number) => book.of('shop/web', undefined, ms).requestsPerSecond;
    expect(rate(10_000)).toBe(100);
    expect(rate(40_000)).toBe(50.5);
    const of = book.of('shop/web', undefined, 600_000);
    expect(of.requests).toBeCloseTo(2_000 + of.windowMs / 1000 - 20, -1);
    expect(book.of('shop/web', undefined, 1_200_000).requests).toBeGreaterThan(8_000);
  });

  it('weigh times by the requests that they stand for', () => {
    const bucket = (ms: number) => TIME_BOUNDS.indexOf(ms);
    const busy = traffic('a', 'r1', { good: 6_400, times: { [bucket(10)]: 100 } });
    const idle = traffic('a', 'r1', { good: 100, times: { [bucket(500)]: 100 } });
    run(10, { h1: [busy], h2: [idle] });
    const { p50, p95, p99 } = book.of('shop/web', undefined, 6_000);
    expect(p50).toBeCloseTo(8.5, 1);
    expect(p95).toBeLessThan(10);
    expect(p99).toBeGreaterThan(300);
  });
});

it('tells one release’s times from another’s', () => {
  const bucket = (ms: number) => TIME_BOUNDS.indexOf(ms);
  const fast = traffic('a', 'r1', { good: 100, times: { [bucket(10)]: 100 } });
  const slow = traffic('a', 'r2', { good: 100, times: { [bucket(500)]: 100 } });
  run(10, { h1: [fast, slow] });
  expect(book.of('shop/web', 1, 6_000).p95).toBeLessThan(11);
  expect(book.of('shop/web', 2, 6_000).p95).toBeGreaterThan(250);
});

it('knows what was within the window, though nothing has come of it for minutes', () => {
  run(20, { h1: [traffic('a', undefined, { good: 20 })] });
  run(180, { h1: [] });
  expect(book.of('shop/web', undefined, 240_000).requests).toBeCloseTo(200, -1);
});

it('leaves out what not all of its hosts have told of yet', () => {
  serving.push({ id: 'h2', name: 'two' });
  run(20, { h1: [traffic('a', undefined, { good: 20 })], h2: [] });
  run(2, { h1: [traffic('a', undefined, { good: 2_000 })] });
  expect(book.of('shop/web', undefined, 10_000).requests).toBe(100);
});

it('keeps what it knows where a host tells of a longer time than that', () => {
  run(60, { h1: [traffic('a', undefined, { good: 20 })] });
  report('h2', [traffic('a', undefined, { good: 6 })], 600_000);
  const { requests } = book.of('shop/web', undefined, 60_000);
  expect(requests).toBeGreaterThan(500);
});

it('counts a new route again once there is room for it', () => {
  const many = Array.from({ length: 50_000 }, (_, i) => traffic(`old${i}`, undefined, { good: 1 }));
  const rate = () => book.of('shop/web', undefined, 10_000).requestsPerSecond;
  run(2, { h1: many });
  run(20, { h1: [traffic('a', undefined, { good: 20 })] });
  expect(rate()).toBe(0);
  now += MOST_WINDOW_MS;
  run(20, { h1: [traffic('a', undefined, { good: 20 })] });
  expect(rate()).toBe(10);
});

it('has nothing from before the moment that it is asked of', () => {
  run(20, { h1: [traffic('a', undefined, { good: 20 })] });
  const of = (since: number) => book.of('shop/web', undefined, 20_000, since);
  expect(of(now - 8_000)).toMatchObject({ windowMs: 8_000, requests: 80 });
  expect(of(now - 1_000)).toMatchObject({ windowMs: 0, requests: 0, requestsPerSecond: 0 });
  // Nothing of it has been told yet.
  expect(of(now + 1_000)).toMatchObject({ windowMs: 0, requests: 0 });
});

describe('readings for who keeps them longer', () => {
  it('are of each route and pool that had traffic just now, by its rate', () => {
    run(20, {
      h1: [
        traffic('a', undefined, { good: 18, bad: 2 }),
        traffic('a', 'r1', { good: 18, times: { [TIME_BOUNDS.indexOf(10)]: 18 } }),
        traffic('b', undefined, { good: 4 }),
      ],
    });
    run(20, { h1: [traffic('a', undefined, { good: 20 })] });
    const found = book.readings(6_000) ?? [];
    expect(found).toMatchObject([{ route: 'a', pool: '', requestsPerSecond: 10, errorsPerSecond: 0 }]);
    run(8, {
      h1: [traffic('a', undefined, { good: 18, bad: 2 }), traffic('a', 'r1', { good: 18, failures: 2 })],
    });
    const [whole, pool] = book.readings(6_000) ?? [];
    expect(whole).toMatchObject({ pool: '', requestsPerSecond: 10, errorsPerSecond: 1 });
    // Attempts at its containers that failed are the pool's errors.
    expect(pool).toMatchObject({ pool: 'r1', requestsPerSecond: 10, errorsPerSecond: 1, p95: undefined });
  });

  it('are not known while no router tells, rather than nothing', () => {
    expect(book.readings(6_000)).toBeUndefined();
    run(8, { h1: [] });
    expect(book.readings(6_000)).toEqual([]);
    now += 10_000;
    expect(book.readings(6_000)).toBeUndefined();
    serving = [];
    expect(book.readings(6_000)).toBeUndefined();
  });
});

describe('a host that has not told all', () => {
  const empty: Traffic[] = [];
  const missing = (ms: number) => book.of('shop/web', undefined, ms).missing;

  it('is named: it has not begun, began within the window, or has fallen silent', () => {
    expect(missing(10_000)).toEqual(['one']);
    run(8, { h1: empty });
    expect(missing(10_000)).toEqual(['one']);
    run(8, { h1: empty });
    expect(missing(10_000)).toEqual([]);
    expect(missing(60_000)).toEqual(['one']);
    now += 5_000;
    expect(missing(10_000)).toEqual([]);
    now += 5_000;
    expect(missing(10_000)).toEqual(['one']);
    run(8, { h1: empty });
    expect(missing(10_000)).toEqual(['one']);
    run(8, { h1: empty });
    expect(missing(10_000)).toEqual([]);
  });

  it('is waited for as long as its reports are, and no longer than it serves', () => {
    for (let i = 0; i < 4; i++) {
      now += 20_000;
      report('h1', [traffic('a', undefined, { good: 200 })], 20_000);
    }
    now += 16_000;
    expect(missing(40_000)).toEqual([]);
    // What it has not told of yet is not taken for nothing.
    expect(book.of('shop/web', undefined, 56_000)).toMatchObject({ windowMs: 56_000, requestsPerSecond: 10 });
    expect(book.of('shop/web', undefined, 4_000)).toMatchObject({ windowMs: 4_000, requestsPerSecond: 10 });
    serving = [];
    expect(missing(600_000)).toEqual([]);
  });
});

describe('a percentile', () => {
  it('is between the bounds of its bucket, and at the last bound for all that is above', () => {
    const counts = (at: Record<number, number>) => [...TIME_BOUNDS, 0].map((_, i) => at[i] ?? 0);
    expect(percentile(counts({}), 0.5)).toBeUndefined();
    expect(percentile(counts({ 0: 10 }), 0.5)).toBe(0.5);
    expect(percentile(counts({ 3: 100 }), 0.5)).toBe(4);
    expect(percentile(counts({ [TIME_BOUNDS.length]: 1 }), 0.5)).toBe(10_000);
  });
});

describe('servers that fail their checks', () => {
  const failing = (route: string, why: string) =>
    ({ kind: 'http', route, address: '192.0.2.1', port: 80, why }) as const;
  const say = (host: string, ...all: ReturnType<typeof failing>[]) =>
    book.take(host, { t: 'traffic', ms: 2_000, traffic: [], failing: all });

  it('are those that ingress hosts have said last, as long as they say something', () => {
    serving.push({ id: 'h2', name: 'two' });
    say('h1', failing('a', 'refused'), failing('b', 'slow'));
    say('h2', failing('a', 'refused'));
    say('gone', failing('a', 'x'));
    expect(book.failing(['a']).map(({ host, why }) => `${host} ${why}`)).toEqual([
      'one refused',
      'two refused',
    ]);
    report('h1', []);
    expect(book.failing(['b'])).toMatchObject([{ host: 'one', why: 'slow' }]);
    say('h1');
    expect(book.failing(['a', 'b'])).toMatchObject([{ host: 'two' }]);
    now += 60_000;
    expect(book.failing(['a', 'b'])).toEqual([]);
  });
});
