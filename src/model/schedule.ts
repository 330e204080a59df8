import { z } from 'zod';
import { isTimeZone } from './cron.ts';

/** Sunday is 0, as in `Date.getDay`. */
const DAYS: readonly string[] = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const NAMED: Readonly<Record<string, readonly number[]>> = {
  daily: [0, 1, 2, 3, 4, 5, 6],
  weekdays: [1, 2, 3, 4, 5],
  weekends: [0, 6],
};
const MINUTES_A_DAY = 24 * 60;

/** A time of the week at which a service has at least so many containers. */
export const scheduleSchema = z
  .object({
    kind: z.literal('schedule'),
    /** 0 is Sunday; a span that goes over midnight belongs to the day on which it begins. */
    days: z.array(z.number().int().min(0).max(6)).min(1).max(7),
    /** Minutes of the day. Where `to` is not after `from`, it is the next day's. */
    from: z
      .number()
      .int()
      .min(0)
      .max(MINUTES_A_DAY - 1),
    to: z.number().int().min(0).max(MINUTES_A_DAY),
    /** Of the IANA time zone database, such as `Europe/Berlin`. */
    zone: z
      .string()
      .max(64)
      .refine(isTimeZone, {
        error: (issue) => `"${String(issue.input)}" is no time zone: write one such as Europe/Berlin`,
      }),
    min: z.number().int().min(0).max(10_000),
  })
  .refine(({ from, to }) => from !== to, { error: 'it ends when it begins: write 0-24 for whole days' });
export type Schedule = Readonly<z.infer<typeof scheduleSchema>>;

/** What `parseSchedule` takes, for messages. */
export const SCHEDULE_FORM = '"weekdays 8-20 Europe/Berlin: at least 6"';

const SPAN =
  /^(\S+) +(\d{1,2})(?::(\d{2}))?-(\d{1,2})(?::(\d{2}))?(?: +(\S+?))? *: *(?:at least +)?(\d{1,5})$/i;

/**
 * `DAYS FROM-TO [ZONE]: at least N`: days are `daily`, `weekdays`, `weekends`, or names as in `mon,wed` and `mon-fri`; times
 * are hours or `HH:MM`; without a zone they are UTC.
 * @returns why it is none, in words that go behind its text
 */
export function parseSchedule(text: string): Schedule | string {
  const found = SPAN.exec(text.trim());
  if (found === null) return `is not of the form ${SCHEDULE_FORM}`;
  const [
    ,
    dayText = '',
    fromHour = '',
    fromMinute = '0',
    toHour = '',
    toMinute = '0',
    zone = 'UTC',
    min = '',
  ] = found;
  const days = daysOf(dayText.toLowerCase());
  if (days === undefined)
    return `has "${dayText}" for its days: write daily, weekdays, weekends, or names such as mon,wed or mon-fri`;
  const from = Number(fromHour) * 60 + Number(fromMinute);
  const to = Number(toHour) * 60 + Number(toMinute);
  if (Number(fromMinute) > 59 || Number(toMinute) > 59 || from >= MINUTES_A_DAY || to > MINUTES_A_DAY)
    return 'has a time that no day has: write hours from 0 to 24, or HH:MM';
  const schedule = { kind: 'schedule' as const, days: [...days], from, to, zone, min: Number(min) };
  const checked = scheduleSchema.safeParse(schedule);
  return checked.success ? checked.data : (checked.error.issues[0]?.message ?? 'cannot be read');
}

function daysOf(text: string): readonly number[] | undefined {
  const named = NAMED[text];
  if (named !== undefined) return named;
  const found = new Set<number>();
  for (const part of text.split(',')) {
    const [first = '', last = first, more] = part.split('-');
    const [from, to] = [dayOf(first), dayOf(last)];
    if (from < 0 || to < 0 || more !== undefined) return undefined;
    for (let day = from; ; day = (day + 1) % 7) {
      found.add(day);
      if (day === to) break;
    }
  }
  return [...found].sort();
}

function dayOf(name: string): number {
  return DAYS.indexOf(name);
}

/** As `parseSchedule` reads it. */
export function scheduleText({ days, from, to, zone, min }: Schedule): string {
  const sorted = [...days].sort();
  const name = Object.entries(NAMED).find(([, named]) => String(named) === String(sorted))?.[0];
  return `${name ?? sorted.map((day) => DAYS[day]).join(',')} ${timeText(from)}-${timeText(to)} ${zone}: at least ${min}`;
}

function timeText(minutes: number): string {
  const text = (part: number) => String(part).padStart(2, '0');
  return `${text(Math.floor(minutes / 60))}:${text(minutes % 60)}`;
}

/** Whether it is that time at `at` (milliseconds since the epoch), by the clocks of its zone. */
export function isNowIn({ days, from, to, zone }: Schedule, at: number): boolean {
  const { day, minutes } = localTime(zone, at);
  if (from < to) return days.includes(day) && minutes >= from && minutes < to;
  return (days.includes(day) && minutes >= from) || (days.includes((day + 6) % 7) && minutes < to);
}

/** How many there are at least at `at`: the lower limit of what scales by itself, or more where a schedule of it says so. */
export function leastAt(
  {
    min,
    max,
    schedules = [],
  }: Readonly<{ min: number; max: number; schedules?: readonly Schedule[] | undefined }>,
  at: number,
): number {
  const asked = schedules.filter((one) => isNowIn(one, at)).map((one) => one.min);
  return Math.min(max, Math.max(min, ...asked));
}

const formats = new Map<string, Intl.DateTimeFormat>();

function localTime(zone: string, at: number): Readonly<{ day: number; minutes: number }> {
  let format = formats.get(zone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-US', {
      ...{ timeZone: zone, weekday: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
    } as const);
    formats.set(zone, format);
  }
  const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, value]));
  const day = dayOf((parts.get('weekday') ?? '').toLowerCase());
  return { day, minutes: Number(parts.get('hour')) * 60 + Number(parts.get('minute')) };
}
