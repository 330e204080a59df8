import { type CronRuns, dueBetween, goesOn, type JobRun, nextDue } from '../../../model/cron.ts';
import { say } from '../../../model/said/index.ts';
import type { Member } from './member.ts';

/** A job with its times, and its runs, as one look sees them. */
export type CronPicture = Readonly<{
  /** Milliseconds since the epoch. */
  now: number;
  cron: CronRuns;
  /** Number of the release that is wanted. */
  release: number;
  /** Times up to this one are accounted for. */
  checkedAt: number;
  runs: readonly JobRun[];
  members: readonly Member[];
  /** False while it may not begin yet: what it depends on is not ready. */
  open: boolean;
}>;

export type CronStep =
  /** Writes the run down: with its container, or with none where it is over already. */
  | Readonly<{ step: 'put-run'; run: Omit<JobRun, 'kind' | 'stack' | 'service'> }>
  | Readonly<{ step: 'make-run'; number: number; release: number }>
  | Readonly<{ step: 'change-run'; number: number; change: Partial<JobRun> }>
  | Readonly<{ step: 'forget-run'; number: number }>
  | Readonly<{ step: 'retire'; id: string; why: 'surplus' }>
  | Readonly<{ step: 'checked'; at: number }>;

export type CronPlan = Readonly<{ steps: readonly CronStep[]; nextAt: number | undefined }>;

/** Looked at again after this in any case, milliseconds: the clock may have been set meanwhile. */
const LOOK_MS = 60_000;
/** A clock that was set back by more than this has not been in the past, but is right now. */
const SET_BACK_MS = 3_600_000;

/**
 * From the runs that there are to those that are to be. What is due is written down and made in one transaction, with the
 * time up to which that is settled: no time is run twice, whatever becomes of the manager.
 */
export function planCron(picture: CronPicture): CronPlan {
  const { now, cron, runs, checkedAt } = picture;
  const settled = runs.map((run) => settledRun(run, picture));
  const steps: CronStep[] = settled.flatMap(({ steps: own }) => own);
  const live = settled.flatMap(({ run }) => (goesOn(run) ? [run] : []));
  const from = checkedAt > now + SET_BACK_MS ? now : checkedAt;
  if (from !== checkedAt) steps.push({ step: 'checked', at: from });
  else if (picture.open) steps.push(...dueSteps(picture, live));
  steps.push(
    ...planHistory(
      picture,
      settled.map(({ run }) => run),
    ),
  );
  const limits = live.flatMap(({ startedAt, dueAt, state }) => {
    if (state === 'starting') return [dueAt + cron.latestMs];
    return cron.timeoutMs === undefined || startedAt === undefined ? [] : [startedAt + cron.timeoutMs];
  });
  const next = nextDue(cron, Math.max(now, from));
  const times = [...limits, ...(next === undefined ? [] : [next])].filter((at) => at > now);
  return { steps, nextAt: Math.min(now + LOOK_MS, ...times) };
}

/** What has become of a run since it was written down. */
function settledRun(run: JobRun, { now, cron, members }: CronPicture): { run: JobRun; steps: CronStep[] } {
  const { number } = run;
  if (!goesOn(run)) return { run, steps: [] };
  const change = (to: Partial<JobRun>, more: readonly CronStep[] = []) => ({
    run: { ...run, ...to },
    steps: [{ step: 'change-run' as const, number, change: to }, ...more],
  });
  const member = members.find(({ index }) => index === number);
  if (run.state === 'starting') {
    if (now > run.dueAt + cron.latestMs)
      return change({ state: 'failed', endedAt: now, reason: run.reason || say('services.run.late') });
    return { run, steps: [{ step: 'make-run', number, release: run.release }] };
  }
  if (member === undefined || member.leaving)
    return change({ state: 'failed', endedAt: now, reason: say('services.run.removed') });
  const over = {
    endedAt: member.endedAt ?? now,
    ...(member.exitCode === undefined ? {} : { exitCode: member.exitCode }),
  };
  if (member.state === 'ended') return change({ state: 'succeeded', reason: '', ...over });
  if (member.state === 'failed' && !member.running)
    return change({ state: 'failed', reason: member.said, ...over });
  if (member.awaySince !== undefined && now > member.awaySince + cron.latestMs)
    return change({ state: 'failed', endedAt: now, reason: say('services.run.lost') }, [
      { step: 'retire', id: member.id, why: 'surplus' },
    ]);
  const { startedAt = run.dueAt } = run;
  if (cron.timeoutMs !== undefined && now >= startedAt + cron.timeoutMs)
    return change(
      {
        state: 'timed-out',
        endedAt: now,
        reason: say('services.run.long', { seconds: cron.timeoutMs / 1000 }),
      },
      [{ step: 'retire', id: member.id, why: 'surplus' }],
    );
  return { run, steps: [] };
}

/** The last time that has come begins a run; those before it were missed. */
function dueSteps(
  { now, cron, release, checkedAt, runs, members }: CronPicture,
  live: readonly JobRun[],
): CronStep[] {
  const due = dueBetween(cron, checkedAt, now);
  if (due === undefined) return [];
  const steps: CronStep[] = [{ step: 'checked', at: due.last }];
  let number = runs.reduce((most, one) => Math.max(most, one.number), 0);
  const put = (state: JobRun['state'], reason: string, more: Partial<JobRun> = {}) => {
    number++;
    const ended = goesOn({ state }) ? {} : { endedAt: now };
    steps.push({
      step: 'put-run',
      run: { number, release, dueAt: due.last, state, reason, ...ended, ...more },
    });
  };
  const late = now - due.last > cron.latestMs;
  const missed = late ? due.count : due.count - 1;
  if (missed > 0)
    put('missed', say(missed === 1 ? 'services.run.missed' : 'services.run.missed.many'), { count: missed });
  if (late) return steps;
  const [other] = live;
  if (other !== undefined && cron.overlap === 'skip') {
    const reason = say('services.run.skipped', { number: other.number });
    const [before] = runs.filter((one) => one.state === 'skipped' && one.reason === reason);
    // One record for all that were left out for one run: they would push everything else out of the history.
    if (before === undefined) put('skipped', reason, { count: 1 });
    else {
      const change = { count: (before.count ?? 1) + 1, dueAt: due.last, endedAt: now };
      steps.push({ step: 'change-run', number: before.number, change });
    }
    return steps;
  }
  if (cron.overlap === 'replace')
    for (const one of live) {
      steps.push({
        ...{ step: 'change-run', number: one.number },
        change: {
          state: 'replaced',
          endedAt: now,
          reason: say('services.run.replaced', { number: number + 1 }),
        },
      });
      const member = members.find(({ index, leaving }) => index === one.number && !leaving);
      if (member !== undefined) steps.push({ step: 'retire', id: member.id, why: 'surplus' });
    }
  put('starting', '');
  steps.push({ step: 'make-run', number, release });
  return steps;
}

/** Runs beyond those that are kept go, their containers first. */
function planHistory({ cron, members }: CronPicture, runs: readonly JobRun[]): CronStep[] {
  const over = runs.filter((run) => !goesOn(run)).sort((a, b) => b.number - a.number);
  return over.slice(cron.keep).flatMap(({ number }): CronStep[] => {
    const member = members.find(({ index }) => index === number);
    if (member === undefined) return [{ step: 'forget-run', number }];
    return member.leaving ? [] : [{ step: 'retire', id: member.id, why: 'surplus' }];
  });
}
