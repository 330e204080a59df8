import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type CronRuns, cronFault, cronSchema, dueBetween, nextDue } from './cron.ts';

const cron = (schedule: string, timeZone = 'UTC'): CronRuns =>
  cronSchema.parse({ kind: 'cron', schedule, timeZone });
const at = (text: string) => Date.parse(text);
const times = (runs: CronRuns, from: string, count: number) => {
  const found: string[] = [];
  for (let now = at(from); found.length < count; ) {
    now = nextDue(runs, now) ?? Number.NaN;
    found.push(new Date(now).toISOString().slice(0, 16));
  }
  return found;
};

it('reads crontab’s fields, in the zone that is named', () => {
  expect(times(cron('0 3 * * *'), '2026-01-01T02:59:59.999Z', 2)).toEqual([
    '2026-01-01T03:00',
    '2026-01-02T03:00',
  ]);
  expect(times(cron('0 3 * * *', 'Asia/Shanghai'), '2026-01-01T00:00:00Z', 1)).toEqual(['2026-01-01T19:00']);
  // The day of the month or the day of the week, where both are named (POSIX, crontab).
  expect(times(cron('0 0 13 * 5'), '2026-02-10T00:00:00Z', 3)).toEqual([
    '2026-02-13T00:00',
    '2026-02-20T00:00',
    '2026-02-27T00:00',
  ]);
  expect(times(cron('0 0 * * 7'), '2026-02-10T00:00:00Z', 1)).toEqual(['2026-02-15T00:00']);
  expect(times(cron('*/20 * * * *'), '2026-02-10T00:20:00Z', 2)).toEqual([
    '2026-02-10T00:40',
    '2026-02-10T01:00',
  ]);
});

it('runs once on each day that the clocks change', () => {
  const berlin = cron('30 2 * * *', 'Europe/Berlin');
  // There is no 2:30 on 29 March: it comes right after the gap. On 25 October there are two: the first counts.
  expect(times(berlin, '2026-03-28T12:00:00Z', 2)).toEqual(['2026-03-29T01:00', '2026-03-30T00:30']);
  expect(times(berlin, '2026-10-24T12:00:00Z', 2)).toEqual(['2026-10-25T00:30', '2026-10-26T01:30']);
});

it.each([
  ['* * * *', 'UTC', 'is no schedule'],
  ['61 * * * *', 'UTC', 'is no schedule'],
  ['@daily', 'UTC', 'is no schedule'],
  ['0 0 L * *', 'UTC', 'is no schedule'],
  ['0 0 30 2 *', 'UTC', 'names no time that ever comes'],
  ['* * * * *', 'Mars/Base', '"Mars/Base" is no time zone'],
  ['* * * * *', '', 'is no time zone'],
])('says what is wrong with %j in %j', (schedule, timeZone, said) => {
  expect(cronFault(cron(schedule, timeZone))).toContain(said);
});

it('counts what came since, the last of them with it', () => {
  const hourly = cron('0 * * * *');
  const from = at('2026-01-01T00:00:00Z');
  expect(dueBetween(hourly, from, from + 3_599_999)).toBeUndefined();
  expect(dueBetween(hourly, from, from + 3_600_000)).toEqual({ last: from + 3_600_000, count: 1 });
  expect(dueBetween(hourly, from, from + 50 * 3_600_000)).toEqual({ last: from + 50 * 3_600_000, count: 50 });
  // A manager that was away for a year does not count for minutes; the last one is right all the same.
  const year = from + 365 * 86_400_000 + 1_000;
  expect(dueBetween(cron('* * * * *'), from, year)).toEqual({ last: year - 1_000, count: 100 });
});

it('has every time after the one before it, whatever the schedule', () => {
  const field = (min: number, max: number) =>
    fc.oneof(
      fc.constant('*'),
      fc.integer({ min, max }).map(String),
      fc.integer({ min: 1, max: max - min }).map((step) => `*/${step}`),
      fc
        .tuple(fc.integer({ min, max }), fc.integer({ min, max }))
        .map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`),
    );
  const schedule = fc
    .tuple(field(0, 59), field(0, 23), field(1, 28), field(1, 12), field(0, 7))
    .map((fields) => fields.join(' '));
  const zone = fc.constantFrom('UTC', 'Europe/Berlin', 'America/St_Johns', 'Australia/Lord_Howe');
  fc.assert(
    fc.property(schedule, zone, fc.integer({ min: 0, max: 3_000_000_000_000 }), (text, name, from) => {
      const runs = cron(text, name);
      expect(cronFault(runs)).toBeUndefined();
      const next = nextDue(runs, from) ?? 0;
      expect(next).toBeGreaterThan(from);
      expect(next % 60_000).toBe(0);
      expect(nextDue(runs, next - 1)).toBe(next);
    }),
    { numRuns: 60 },
  );
});
