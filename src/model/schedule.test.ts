import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SENTENCES } from './said/index.ts';
import { readerOf } from './said/sentence.ts';
import { isNowIn, leastAt, parseSchedule, type Schedule, scheduleText } from './schedule.ts';

const schedule = (text: string): Schedule => {
  const parsed = parseSchedule(text);
  if (typeof parsed === 'string') throw new Error(`${text} ${parsed}`);
  return parsed;
};

describe('a schedule', () => {
  it('is read as it is written', () => {
    expect(schedule('weekdays 8-20 Europe/Berlin: at least 6')).toEqual({
      ...{ kind: 'schedule', days: [1, 2, 3, 4, 5], from: 480, to: 1200, zone: 'Europe/Berlin', min: 6 },
    });
    expect(schedule('fri-mon,wed 22:30-6: 3')).toEqual({
      ...{ kind: 'schedule', days: [0, 1, 3, 5, 6], from: 1350, to: 360, zone: 'UTC', min: 3 },
    });
  });

  it.each([
    ['weekdays', 'is not of the form "weekdays 8-20 Europe/Berlin: at least 6"'],
    ['someday 8-20: 6', 'has "someday" for its days'],
    ['mon-tue-wed 8-20: 6', 'has "mon-tue-wed" for its days'],
    ['daily 8-25: 6', 'has a time that no day has'],
    ['daily 8:60-9: 6', 'has a time that no day has'],
    ['daily 8-8: 6', 'it ends when it begins: write 0-24 for whole days'],
    ['daily 8-9 Moon/Base: 6', '"Moon/Base" is no time zone'],
    ['daily 8-9: 10001', 'Too big'],
  ])('%s is refused', (text, said) => {
    expect(parseSchedule(text)).toContain(said);
  });

  it('what was written is read again as the same', () => {
    const any = fc
      .record({
        days: fc.uniqueArray(fc.integer({ min: 0, max: 6 }), { minLength: 1 }).map((days) => days.sort()),
        from: fc.integer({ min: 0, max: 1439 }),
        to: fc.integer({ min: 0, max: 1440 }),
        zone: fc.constantFrom('UTC', 'Europe/Berlin', 'Asia/Shanghai', 'America/New_York'),
        min: fc.integer({ min: 0, max: 10_000 }),
      })
      .filter(({ from, to }) => from !== to);
    fc.assert(
      fc.property(any, (one) => {
        const made: Schedule = { kind: 'schedule', ...one };
        expect(schedule(scheduleText(made))).toEqual(made);
      }),
    );
  });
});

describe('what it says', () => {
  const read = readerOf(SENTENCES);

  it.each([
    ['weekdays 8-20 Europe/Berlin: 6', 'scaling.schedule.weekdays'],
    ['weekends 8-20: 6', 'scaling.schedule.weekends'],
    ['daily 8-20: 6', 'scaling.schedule.daily'],
    ['mon,wed 22-6 Asia/Shanghai: 6', 'scaling.schedule.days'],
  ])('%s is in the catalogue', (text, key) => {
    expect(read(scheduleText(schedule(text)))?.key).toBe(key);
  });

  it.each([
    ['weekdays', 'scaling.schedule.formless'],
    ['someday 8-20: 6', 'scaling.schedule.dayless'],
    ['daily 8-25: 6', 'scaling.schedule.timeless'],
    ['daily 8-8: 6', 'scaling.schedule.endless'],
    ['daily 8-9 Moon/Base: 6', 'scaling.schedule.zoneless'],
  ])('what is wrong with %s is in the catalogue', (text, key) => {
    expect(read(String(parseSchedule(text)))?.key).toBe(key);
  });
});

describe('its time', () => {
  const at = (text: string) => Date.parse(text);

  it('is that of its zone, in summer and in winter', () => {
    const work = schedule('weekdays 8-20 Europe/Berlin: 6');
    // Wednesdays: 8:00 there is 6:00 UTC in July, 7:00 in November.
    expect(isNowIn(work, at('2026-07-15T05:59:59Z'))).toBe(false);
    expect(isNowIn(work, at('2026-07-15T06:00:00Z'))).toBe(true);
    expect(isNowIn(work, at('2026-11-25T06:59:59Z'))).toBe(false);
    expect(isNowIn(work, at('2026-11-25T07:00:00Z'))).toBe(true);
    expect(isNowIn(work, at('2026-11-25T19:00:00Z'))).toBe(false);
    expect(isNowIn(work, at('2026-11-28T12:00:00Z'))).toBe(false);
  });

  it('over midnight is of the day on which it begins', () => {
    const night = schedule('fri 22-6: 3');
    expect(isNowIn(night, at('2026-11-27T22:00:00Z'))).toBe(true);
    expect(isNowIn(night, at('2026-11-28T05:59:00Z'))).toBe(true);
    expect(isNowIn(night, at('2026-11-28T06:00:00Z'))).toBe(false);
    expect(isNowIn(night, at('2026-11-27T05:00:00Z'))).toBe(false);
  });

  it('asks for more than the lower limit, by the highest of those that are on, and never for more than the upper', () => {
    const [work, rush] = [schedule('weekdays 8-20: 6'), schedule('wed 9-10: 8')];
    const least = (max: number, time: string) =>
      leastAt({ min: 2, max, schedules: [work, rush] }, at(`2026-11-25T${time}Z`));
    expect([least(9, '07:59:59'), least(9, '08:00:00'), least(9, '09:30:00')]).toEqual([2, 6, 8]);
    expect(least(7, '09:30:00')).toBe(7);
    expect(leastAt({ min: 2, max: 9 }, 0)).toBe(2);
  });

  it('whole days have no gap', () => {
    const always = schedule('daily 0-24: 3');
    for (let hour = 0; hour < 200; hour++)
      expect(isNowIn(always, at('2026-11-25T23:30:00Z') + hour * 3_600_000)).toBe(true);
  });
});
