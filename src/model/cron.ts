import { Cron } from 'croner';
import { z } from 'zod';

/** When and how a service runs to its end again and again. */
export const cronSchema = z.object({
  kind: z.literal('cron'),
  /** Five fields: minute, hour, day of the month, month, day of the week (POSIX crontab). */
  schedule: z.string(),
  /** IANA's name of the zone in which the schedule is read. */
  timeZone: z.string().default('UTC'),
  /** What becomes of a run that is due while another one goes on: it is left out, takes its place, or goes beside it. */
  overlap: z.enum(['skip', 'replace', 'allow']).default('skip'),
  /** A run that takes longer is stopped, milliseconds; undefined: as long as it takes. */
  timeoutMs: z.number().int().min(1000).optional(),
  /** A run that could not begin in time (the manager was away, no host had room) begins up to this much later, milliseconds. */
  latestMs: z.number().int().min(0).default(600_000),
  /** Runs that are kept after they have ended, with their containers. */
  keep: z.number().int().min(1).max(100).default(10),
});
export type CronRuns = Readonly<z.infer<typeof cronSchema>>;

/** One run of a job that has times. */
export const jobRunSchema = z.object({
  kind: z.literal('job-run'),
  stack: z.string(),
  service: z.string(),
  /** From 1; its container has it as index. */
  number: z.number().int(),
  /** Number of the release that it was begun with. */
  release: z.number().int(),
  /** When it was due or asked for, milliseconds since the epoch. */
  dueAt: z.number(),
  /** The user who asked for it; undefined: its schedule. */
  by: z.string().optional(),
  state: z.enum([
    'starting', // it is claimed; its container is not made yet
    'running',
    'succeeded',
    'failed',
    'timed-out',
    'replaced', // by the next one
    'skipped', // another one went on; `count` of them in one record
    'missed', // nobody was there at its time; `count` of them in one record
  ]),
  startedAt: z.number().optional(),
  endedAt: z.number().optional(),
  exitCode: z.number().int().optional(),
  containerId: z.string().optional(),
  /** Where it has run, or runs. */
  hostId: z.string().optional(),
  /** Why it is in that state, in one line; empty where there is nothing to say. */
  reason: z.string(),
  /** Of `missed` and `skipped`: how many; 100 missed may be more. */
  count: z.number().int().optional(),
});
export type JobRun = Readonly<z.infer<typeof jobRunSchema>>;

/** Its container is there, or is to be made. */
export function goesOn({ state }: Pick<JobRun, 'state'>): boolean {
  return state === 'starting' || state === 'running';
}

export function jobRunKey(stack: string, service: string, number: number): string {
  return `${stack}/${service}/${number}`;
}

const known = new Map<string, Cron>();
/** Schedules that are kept parsed. */
const MOST_KNOWN = 1_000;

function parsed({ schedule, timeZone }: Pick<CronRuns, 'schedule' | 'timeZone'>): Cron {
  const key = `${timeZone} ${schedule}`;
  const before = known.get(key);
  if (before !== undefined) return before;
  if (known.size >= MOST_KNOWN) known.clear();
  const made = new Cron(schedule, { timezone: timeZone, mode: '5-part', paused: true });
  known.set(key, made);
  return made;
}

/**
 * The first time after `after`, milliseconds since the epoch; undefined where there is none. A time that a change of the
 * clocks leaves out comes right after the gap, one that it brings twice comes once.
 */
export function nextDue(runs: CronRuns, after: number): number | undefined {
  return parsed(runs).nextRun(new Date(after))?.getTime();
}

/** So many missed times are counted. */
export const MOST_MISSED = 100;

/** Times after `after` up to `until`, the last one and how many there were; at most `MOST_MISSED` are counted. */
export function dueBetween(
  runs: CronRuns,
  after: number,
  until: number,
): Readonly<{ last: number; count: number }> | undefined {
  let last: number | undefined;
  let count = 0;
  for (let at = nextDue(runs, after); at !== undefined && at <= until; at = nextDue(runs, at)) {
    last = at;
    count++;
    if (count === MOST_MISSED) {
      last =
        parsed(runs)
          .previousRuns(1, new Date(until + 1))[0]
          ?.getTime() ?? at;
      break;
    }
  }
  return last === undefined ? undefined : { last, count };
}

const FIELDS = [
  [0, 59],
  [0, 23],
  [1, 31],
  [1, 12],
  [0, 7],
] as const;

/** POSIX crontab's fields, with steps: `*`, `5`, `1-5`, `1,15`, and these with `/2` behind them. */
export function isSchedule(schedule: string): boolean {
  const fields = schedule.split(' ');
  return (
    fields.length === FIELDS.length &&
    fields.every((field, i) => {
      const [min, max] = FIELDS[i] as readonly [number, number];
      return field.split(',').every((part) => {
        const [, from, to, step] = /^(?:\*|(\d{1,2})(?:-(\d{1,2}))?)(?:\/(\d{1,2}))?$/.exec(part) ?? [
          undefined,
          '99',
        ];
        const numbers = [from, to].filter((one) => one !== undefined).map(Number);
        const ordered = to === undefined || Number(from) <= Number(to);
        return ordered && step !== '0' && step !== '00' && numbers.every((one) => one >= min && one <= max);
      });
    })
  );
}

export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** What is wrong with the times, in one line; undefined where they can be had. */
export function cronFault(runs: CronRuns): string | undefined {
  const { schedule, timeZone } = runs;
  if (!isSchedule(schedule))
    return `"${schedule.slice(0, 80)}" is no schedule: write minute, hour, day of the month, month, day of the week, such as 0 3 * * *`;
  if (!isTimeZone(timeZone))
    return `"${timeZone.slice(0, 80)}" is no time zone: write one such as Europe/Berlin`;
  try {
    if (nextDue(runs, 0) !== undefined) return undefined;
  } catch {
    // The library has a narrower notion of a step than crontab has.
  }
  return `"${schedule.slice(0, 80)}" names no time that ever comes`;
}
