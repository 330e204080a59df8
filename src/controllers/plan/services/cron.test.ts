import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type CronRuns, cronSchema, goesOn, type JobRun } from '../../../model/cron.ts';
import { type CronPicture, type CronStep, planCron } from './cron.ts';
import type { Member } from './member.ts';

const MINUTE = 60_000;
const cron = (more: Partial<CronRuns> = {}): CronRuns =>
  cronSchema.parse({ kind: 'cron', schedule: '* * * * *', ...more });
const run = (number: number, more: Partial<JobRun> = {}): JobRun => ({
  ...{ kind: 'job-run', stack: 's', service: 'j', number, release: 1, dueAt: number * MINUTE },
  ...{ state: 'running', startedAt: number * MINUTE, reason: '', ...more },
});
const member = (index: number, more: Partial<Member> = {}): Member => ({
  ...{ id: `c${index}`, index, release: 1, hostId: 'h', leaving: false, refused: false },
  ...{ running: true, state: 'ready', since: 0, said: '', ...more },
});
const picture = (more: Partial<CronPicture> = {}): CronPicture => ({
  ...{
    now: 10 * MINUTE,
    cron: cron(),
    release: 1,
    checkedAt: 10 * MINUTE,
    runs: [],
    members: [],
    open: true,
  },
  ...more,
});
const steps = (more: Partial<CronPicture>) => planCron(picture(more)).steps;
const states = (list: readonly CronStep[]) =>
  list.flatMap((one) => {
    if (one.step === 'put-run') return [`${one.run.number} ${one.run.state}`];
    return one.step === 'change-run' ? [`${one.number} ${one.change.state ?? 'counted'}`] : [];
  });

it('begins a run at its time, with its container, and settles that time', () => {
  expect(steps({ checkedAt: 9 * MINUTE })).toEqual([
    { step: 'checked', at: 10 * MINUTE },
    { step: 'put-run', run: { number: 1, release: 1, dueAt: 10 * MINUTE, state: 'starting', reason: '' } },
    { step: 'make-run', number: 1, release: 1 },
  ]);
  expect(planCron(picture())).toEqual({ steps: [], nextAt: 11 * MINUTE });
  expect(steps({ checkedAt: 9 * MINUTE, open: false })).toEqual([]);
});

it('runs the last of the times that nobody was there at, unless it is too late, and says how many were missed', () => {
  expect(states(steps({ checkedAt: 5 * MINUTE }))).toEqual(['1 missed', '2 starting']);
  const hourly = cron({ schedule: '0 * * * *' });
  const late = steps({ cron: hourly, checkedAt: 0, now: 3 * 60 * MINUTE + 30 * MINUTE });
  expect(late).toEqual([
    { step: 'checked', at: 3 * 60 * MINUTE },
    expect.objectContaining({ run: expect.objectContaining({ state: 'missed', count: 3 }) }),
  ]);
});

it('leaves out, replaces or allows what is due while a run goes on', () => {
  const due = { checkedAt: 9 * MINUTE, runs: [run(4)], members: [member(4)] };
  expect(states(steps({ ...due }))).toEqual(['5 skipped']);
  const again = { ...due, runs: [run(4), run(5, { state: 'skipped', reason: 'run 4 went on', count: 2 })] };
  expect(steps(again)).toContainEqual({
    ...{ step: 'change-run', number: 5 },
    change: { count: 3, dueAt: 10 * MINUTE, endedAt: 10 * MINUTE },
  });
  const replaced = steps({ ...due, cron: cron({ overlap: 'replace' }) });
  expect(states(replaced)).toEqual(['4 replaced', '5 starting']);
  expect(replaced).toContainEqual({ step: 'retire', id: 'c4', why: 'surplus' });
  expect(states(steps({ ...due, cron: cron({ overlap: 'allow' }) }))).toEqual(['5 starting']);
});

it('notes how a run ends', () => {
  const one = (state: Partial<Member>, more: Partial<CronPicture> = {}) =>
    steps({ runs: [run(9)], members: [member(9, state)], ...more })[0];
  expect(one({ state: 'ended', exitCode: 0, endedAt: 7 })).toMatchObject({
    change: { state: 'succeeded', exitCode: 0, endedAt: 7 },
  });
  expect(
    one({ state: 'failed', running: false, said: 'ended with 3', exitCode: 3, endedAt: 8 }),
  ).toMatchObject({
    change: { state: 'failed', exitCode: 3, endedAt: 8, reason: 'ended with 3' },
  });
  // Unhealthy is not ended.
  expect(one({ state: 'failed', running: true })).toBeUndefined();
  expect(one({ awaySince: 10 * MINUTE - 1 })).toBeUndefined();
  expect(one({ awaySince: -MINUTE })).toMatchObject({
    change: { state: 'failed', reason: 'its host was lost' },
  });
  for (const members of [[], [member(9, { leaving: true })]])
    expect(steps({ runs: [run(9)], members })[0]).toMatchObject({
      change: { state: 'failed', reason: 'its container was removed' },
    });
});

it('stops a run that takes too long, and one that cannot begin ends with the reason', () => {
  const timeout = cron({ timeoutMs: 2 * MINUTE });
  expect(planCron(picture({ cron: timeout, runs: [run(9)], members: [member(9)] })).steps).toEqual([]);
  expect(steps({ cron: timeout, runs: [run(8)], members: [member(8)] })).toEqual([
    expect.objectContaining({
      change: { state: 'timed-out', endedAt: 10 * MINUTE, reason: 'took longer than 120 s' },
    }),
    { step: 'retire', id: 'c8', why: 'surplus' },
  ]);
  const waits = run(9, { state: 'starting', reason: 'no host fits' });
  expect(steps({ runs: [waits] })).toEqual([{ step: 'make-run', number: 9, release: 1 }]);
  const over = steps({ runs: [waits], now: 20 * MINUTE, checkedAt: 20 * MINUTE });
  expect(over).toEqual([
    expect.objectContaining({ change: { state: 'failed', endedAt: 20 * MINUTE, reason: 'no host fits' } }),
  ]);
});

it('keeps the last runs, and takes the container of an older one before its record', () => {
  const ended = [1, 2, 3].map((number) => run(number, { state: 'succeeded' }));
  const kept = { cron: cron({ keep: 2 }), runs: ended };
  expect(steps({ ...kept, members: [member(1, { state: 'ended' })] })).toEqual([
    { step: 'retire', id: 'c1', why: 'surplus' },
  ]);
  expect(steps({ ...kept, members: [member(1, { leaving: true })] })).toEqual([]);
  expect(steps(kept)).toEqual([{ step: 'forget-run', number: 1 }]);
});

it('goes on from now where the clock was set far back', () => {
  expect(steps({ checkedAt: 20 * MINUTE })).toEqual([]);
  expect(steps({ checkedAt: 365 * 1440 * MINUTE })).toEqual([{ step: 'checked', at: 10 * MINUTE }]);
});

/** What the steps come to, as the controller writes them: all in one transaction. */
function apply(world: CronPicture, list: readonly CronStep[]): CronPicture {
  let { checkedAt } = world;
  const runs = new Map(world.runs.map((one) => [one.number, one]));
  const members = new Map(world.members.map((one) => [one.index, one]));
  for (const one of list)
    switch (one.step) {
      case 'checked':
        checkedAt = one.at;
        break;
      case 'put-run':
        expect(runs.has(one.run.number)).toBe(false);
        runs.set(one.run.number, { kind: 'job-run', stack: 's', service: 'j', ...one.run });
        break;
      case 'make-run': {
        expect(members.has(one.number)).toBe(false);
        members.set(one.number, member(one.number));
        const before = runs.get(one.number) as JobRun;
        runs.set(one.number, { ...before, state: 'running', startedAt: world.now });
        break;
      }
      case 'change-run':
        runs.set(one.number, { ...(runs.get(one.number) as JobRun), ...one.change });
        break;
      case 'forget-run':
        runs.delete(one.number);
        break;
      case 'retire':
        for (const [index, { id }] of members) if (id === one.id) members.delete(index);
    }
  return { ...world, checkedAt, runs: [...runs.values()], members: [...members.values()] };
}

it('runs no time twice and keeps to its bounds, whatever happens in between', () => {
  const settings = fc.record({
    overlap: fc.constantFrom('skip', 'replace', 'allow' as const),
    keep: fc.integer({ min: 1, max: 4 }),
    timeoutMs: fc.constantFrom(undefined, 90_000),
  });
  const event = fc.oneof(
    fc.integer({ min: 1, max: 15 * MINUTE }).map((ms) => ({ kind: 'wait' as const, ms })),
    // What was planned is lost with the manager: the next look finds the world as it was.
    fc.constant({ kind: 'killed' as const }),
    fc.constant({ kind: 'end' as const }),
    fc.constant({ kind: 'removed' as const }),
  );
  fc.assert(
    fc.property(settings, fc.array(event, { maxLength: 40 }), ({ overlap, keep, timeoutMs }, events) => {
      const own = cron({ overlap, keep, ...(timeoutMs === undefined ? {} : { timeoutMs }) });
      let world = picture({ cron: own });
      const begun: number[] = [];
      for (const what of events) {
        if (what.kind === 'wait') world = { ...world, now: world.now + what.ms };
        const [first, ...rest] = world.members;
        if (what.kind === 'end' && first !== undefined)
          world = { ...world, members: [{ ...first, state: 'ended', exitCode: 0 }, ...rest] };
        if (what.kind === 'removed') world = { ...world, members: rest };
        const { steps: planned, nextAt } = planCron(world);
        expect(nextAt).toBeGreaterThan(world.now);
        if (what.kind === 'killed') continue;
        for (const one of planned)
          if (one.step === 'put-run' && one.run.state === 'starting') begun.push(one.run.dueAt);
        world = apply(world, planned);
        const live = world.runs.filter(goesOn);
        if (overlap !== 'allow') expect(live.length).toBeLessThanOrEqual(1);
        for (const { number } of live) expect(world.members.some(({ index }) => index === number)).toBe(true);
      }
      expect(new Set(begun).size).toBe(begun.length);
      for (let i = 0; i < 3; i++) world = apply(world, planCron(world).steps);
      expect(world.runs.filter((one) => !goesOn(one)).length).toBeLessThanOrEqual(keep);
      expect(world.members.length).toBeLessThanOrEqual(world.runs.length);
    }),
    { numRuns: 150 },
  );
});
