import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ProbeResult } from '../../model/container.ts';
import type { Probe } from '../../model/probe.ts';
import { counted, firstLook, newTally, nextLook, type Tally, unproven } from './verdict.ts';

const probe = (change: Partial<Probe> = {}): Probe => ({
  kind: 'probe',
  check: { kind: 'tcp', port: 80 },
  ...{ intervalMs: 1_000, timeoutMs: 500, successes: 1, failures: 3, startPeriodMs: 0, ...change },
});
const result = (at: number, ok: boolean): ProbeResult => ({ at, ms: 1, ok, said: ok ? 'fine' : 'refused' });

/** One result each interval, `+` for a success. */
function after(results: string, of = probe(), tally: Tally = newTally(unproven(0)), from = 0): Tally {
  return [...results].reduce(
    (before, sign, i) => counted(before, of, result(from + i * of.intervalMs, sign === '+'), 0),
    tally,
  );
}
const health = (...args: Parameters<typeof after>) => after(...args).verdict.health;

describe('counted', () => {
  it.each([
    ['', {}, 'starting'],
    ['--', {}, 'starting'],
    ['---', {}, 'unhealthy'],
    ['+', {}, 'healthy'],
    ['+', { successes: 2 }, 'starting'],
    ['+-+', { successes: 2 }, 'starting'],
    ['-++', { successes: 2 }, 'healthy'],
    ['+--+--', {}, 'healthy'],
    ['+---', {}, 'unhealthy'],
    ['+---+', {}, 'healthy'],
    ['+---+', { successes: 2 }, 'unhealthy'],
    // Within the start period only success counts; after a success the period is over.
    ['------', { startPeriodMs: 6_000 }, 'starting'],
    ['---------', { startPeriodMs: 6_000 }, 'unhealthy'],
    ['+---', { startPeriodMs: 60_000 }, 'unhealthy'],
  ])('%j with %j', (results, change, expected) => {
    expect(health(results, probe(change))).toBe(expected);
  });

  it('counts failures that lie an interval apart, before the first verdict', () => {
    let tally = newTally(unproven(0));
    for (let at = 0; at < 1_800; at += 100) tally = counted(tally, probe(), result(at, false), 0);
    expect(tally.verdict.health).toBe('starting');
    tally = counted(tally, probe(), result(1_900, false), 0);
    expect(tally.verdict.health).toBe('unhealthy');
  });

  it('keeps the time and the results that led to a verdict', () => {
    const { verdict } = after('++++++---++');
    expect(verdict).toMatchObject({ health: 'healthy', since: 9_001 });
    expect(verdict.results.map(({ ok }) => ok)).toEqual([true, false, false, false, true]);
  });

  it('turns only after as many results in a row as were asked for, whatever came before', () => {
    fc.assert(
      fc.property(
        fc.array(fc.boolean(), { maxLength: 60 }),
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 4 }),
        (oks, successes, failures) => {
          const of = probe({ successes, failures });
          let tally = newTally(unproven(0));
          for (const [i, ok] of oks.entries()) {
            const before = tally.verdict.health;
            tally = counted(tally, of, result(i * 1_000, ok), 0);
            const now = tally.verdict.health;
            const row = (want: boolean, count: number) =>
              oks.slice(Math.max(0, i + 1 - count), i + 1).every((one) => one === want) && i + 1 >= count;
            expect(now === 'healthy' && before !== now).toBe(before !== 'healthy' && row(true, successes));
            expect(now === 'unhealthy' && before !== now).toBe(
              before !== 'unhealthy' && row(false, failures),
            );
          }
        },
      ),
    );
  });
});

describe('when to look', () => {
  it('soon and often before the first verdict, then once an interval, never all in one moment', () => {
    const of = probe({ intervalMs: 10_000 });
    const waits = [0, 1, 2, 3, 4, 5, 6].map((looks) => nextLook(of, 'starting', looks, 0.5));
    expect(waits).toEqual([250, 500, 1_000, 2_000, 4_000, 8_000, 10_000]);
    expect(nextLook(of, 'healthy', 0, 0)).toBe(9_500);
    expect(nextLook(of, 'unhealthy', 0, 0.999)).toBe(10_499);
    expect(firstLook(of, 'starting', 0.999)).toBeLessThan(100);
    expect(firstLook(of, 'healthy', 0.5)).toBe(5_000);
    // Whatever was asked for.
    expect(nextLook(probe({ intervalMs: 0 }), 'healthy', 9, 0)).toBe(95);
  });
});
