import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { UpdatePolicy } from '../../../model/service.ts';
import type { Member, MemberState } from './member.ts';
import { planJob, planRollout } from './plan-rollout.ts';
import { member, Playground } from './playground.fixture.ts';
import { REFUSED_MS, type Rollout } from './rollout.ts';

const policy = (rest: Partial<UpdatePolicy> = {}): UpdatePolicy => ({
  ...{ kind: 'rolling', parallelism: 1, delayMs: 0, monitorMs: 100, maxFailureRatio: 0 },
  ...{ order: 'stop-first', onFailure: 'pause', ...rest },
});

const rollout = (rest: Partial<Rollout> = {}): Rollout => ({
  ...{ now: 1_000, wanted: 3, release: 2, state: 'releasing', policy: policy(), fallback: 1 },
  ...{ mayRollBack: true, failed: [], members: [], ...rest },
});

const olds = (count: number) => Array.from({ length: count }, (_, i) => member(i + 1, 1));

describe('a rolling release', () => {
  it('replaces one after the other, under the index that the old one had', () => {
    expect(planRollout(rollout({ members: olds(3) })).steps).toEqual([
      { step: 'retire', id: 'c1-1', why: 'replaced' },
    ]);
    const leaving = [member(1, 1, { leaving: true }), ...olds(3).slice(1)];
    expect(planRollout(rollout({ members: leaving })).steps).toEqual([]);
    expect(planRollout(rollout({ members: olds(3).slice(1) })).steps).toEqual([
      { step: 'create', index: 1, release: 2 },
    ]);
  });

  it('waits until the new one has proved itself, then for the delay', () => {
    const members = [member(1, 2, { since: 950 }), ...olds(3).slice(1)];
    expect(planRollout(rollout({ members }))).toEqual({ steps: [], nextAt: 1_050 });
    const settled = rollout({ members, now: 1_050, policy: policy({ delayMs: 500 }) });
    expect(planRollout(settled)).toEqual({ steps: [], nextAt: 1_550 });
    expect(planRollout({ ...settled, now: 1_550 }).steps).toEqual([
      { step: 'retire', id: 'c1-2', why: 'replaced' },
    ]);
  });

  it('starts the new one first where it is told, and takes none away before that one is proven', () => {
    const startFirst = policy({ order: 'start-first' });
    const begun = rollout({ members: olds(3), policy: startFirst });
    expect(planRollout(begun).steps).toEqual([{ step: 'create', index: 4, release: 2 }]);
    const fresh = member(4, 2, { since: 1_000 });
    expect(planRollout({ ...begun, members: [...olds(3), fresh] }).steps).toEqual([]);
    expect(planRollout({ ...begun, now: 1_100, members: [...olds(3), fresh] }).steps).toEqual([
      { step: 'retire', id: 'c1-1', why: 'surplus' },
    ]);
  });

  it('has no more unproven at once than it may, also where one is missing', () => {
    const startFirst = policy({ order: 'start-first' });
    const members = [...olds(2), member(3, 2, { state: 'starting' })];
    expect(planRollout(rollout({ members, policy: startFirst })).steps).toEqual([]);
  });

  it('waits for its delay also where the new one is started first', () => {
    const slow = policy({ order: 'start-first', delayMs: 500 });
    const members = [...olds(2), member(3, 2, { since: 850 })];
    expect(planRollout(rollout({ members, policy: slow }))).toEqual({ steps: [], nextAt: 1_450 });
    expect(planRollout(rollout({ members, policy: slow, now: 1_450 })).steps).toEqual([
      { step: 'create', index: 4, release: 2 },
    ]);
  });

  it('replaces all at once where it may', () => {
    const all = planRollout(rollout({ members: olds(3), policy: policy({ parallelism: 0 }) }));
    expect(all.steps).toHaveLength(3);
  });

  it('takes the new ones with the highest indexes away where fewer are wanted meanwhile', () => {
    const members = [1, 2, 3].map((index) => member(index, 2, { state: 'starting' }));
    expect(planRollout(rollout({ members, wanted: 2 })).steps).toEqual([
      { step: 'retire', id: 'c2-3', why: 'surplus' },
    ]);
  });

  it('makes a first version at once, be it one that starts first', () => {
    for (const order of ['stop-first', 'start-first'] as const) {
      const first = rollout({ release: 1, fallback: undefined, policy: policy({ order }) });
      expect(planRollout(first).steps).toEqual(
        [1, 2, 3].map((index) => ({ step: 'create', index, release: 1 })),
      );
    }
  });

  it('replaces first what does no work', () => {
    const members = [...olds(2), member(3, 1, { state: 'failed' })];
    expect(planRollout(rollout({ members })).steps[0]).toMatchObject({ id: 'c1-3' });
  });

  it('ends where all have done what there was to do, and makes none of them again', () => {
    const members = [1, 2, 3].map((index) =>
      member(index, 2, { state: 'ended', running: false, since: 1_000 }),
    );
    expect(planRollout(rollout({ members })).steps).toEqual([{ step: 'enter', state: 'done', reason: '' }]);
    for (const fallback of [1, undefined])
      expect(planRollout(rollout({ members, state: 'done', fallback })).steps).toEqual([]);
    const next = rollout({ members: members.map((one) => ({ ...one, release: 1 })) });
    expect(planRollout(next).steps).toMatchObject([{ step: 'retire', why: 'replaced' }]);
  });

  it('ends as failed where a first container has failed that nobody starts again', () => {
    const said = { said: 'ended with 3', running: false };
    const first = rollout({ fallback: undefined, members: [member(1, 2, { state: 'failed', ...said })] });
    expect(planRollout({ ...first, wanted: 1 }).steps).toEqual([]);
    const over = { ...first, wanted: 1, members: [member(1, 2, { state: 'failed', ...said, final: true })] };
    const reason = 'container 1 ended with 3, and its restart policy leaves it so';
    expect(planRollout(over).steps).toEqual([{ step: 'enter', state: 'failed', reason }]);
    expect(planRollout({ ...over, state: 'failed' }).steps).toEqual([]);
  });

  it('ends once all are new and proven, and then only keeps their number', () => {
    const members = [1, 2, 3].map((index) => member(index, 2));
    expect(planRollout(rollout({ members })).steps).toEqual([{ step: 'enter', state: 'done', reason: '' }]);
    const done = rollout({ members, state: 'done' });
    expect(planRollout(done)).toEqual({ steps: [], nextAt: undefined });
    expect(planRollout({ ...done, wanted: 1 }).steps).toEqual([
      { step: 'retire', id: 'c2-3', why: 'surplus' },
      { step: 'retire', id: 'c2-2', why: 'surplus' },
    ]);
    const [first, ...well] = members;
    const ill = [{ ...first, state: 'failed' as const } as Member, ...well];
    expect(planRollout({ ...done, wanted: 2, members: ill }).steps).toEqual([
      { step: 'retire', id: 'c2-1', why: 'surplus' },
    ]);
    expect(planRollout({ ...done, members: members.slice(1) }).steps).toEqual([
      { step: 'create', index: 1, release: 2 },
    ]);
  });
});

describe('a release that goes wrong', () => {
  const members = [member(1, 2, { state: 'failed', said: 'ended with 1' }), ...olds(3).slice(1)];
  const note = { step: 'note-failed', indexes: [1] };

  it('stops where it is, and says why', () => {
    expect(planRollout(rollout({ members })).steps).toEqual([
      note,
      { step: 'enter', state: 'paused', reason: 'container 1 ended with 1' },
    ]);
  });

  it('goes back where it is told, once', () => {
    const back = policy({ onFailure: 'rollback' });
    expect(planRollout(rollout({ members, policy: back })).steps).toEqual([
      note,
      { step: 'roll-back', reason: 'container 1 ended with 1' },
    ]);
    const again = planRollout(rollout({ members, policy: back, mayRollBack: false }));
    expect(again.steps[1]).toMatchObject({ step: 'enter', state: 'paused' });
  });

  it('goes on where so many may fail, or all', () => {
    for (const lax of [policy({ maxFailureRatio: 0.34 }), policy({ onFailure: 'continue' })])
      expect(planRollout(rollout({ members, policy: lax })).steps).toEqual([note]);
    const third = policy({ maxFailureRatio: 0.25 });
    expect(planRollout(rollout({ members, wanted: 4, policy: third })).steps).toEqual([note]);
    const noted = rollout({ members, failed: [1], policy: policy({ onFailure: 'continue' }) });
    const over = members.map((one) => ({ ...one, final: one.release === 2 }));
    expect(planRollout({ ...noted, members: over })).toEqual(planRollout(noted));
    expect(planRollout(noted).steps).toEqual([{ step: 'retire', id: 'c1-2', why: 'replaced' }]);
  });

  it('makes what is missing while it is paused as it was before', () => {
    const paused = rollout({ members: olds(3).slice(1), state: 'paused' });
    expect(planRollout(paused).steps).toEqual([{ step: 'create', index: 1, release: 1 }]);
    expect(planRollout({ ...paused, fallback: undefined }).steps).toEqual([
      { step: 'create', index: 1, release: 2 },
    ]);
  });

  it('takes away what has failed where it is stopped and nothing serves, so that the old version is made again', () => {
    const failed = [1, 2].map((index) => member(index, 2, { state: 'failed' }));
    const starting = member(3, 2, { state: 'starting' });
    const paused = rollout({ members: [...failed, starting], state: 'paused' });
    const retired = failed.map(({ id }) => ({ step: 'retire', id, why: 'surplus' }));
    expect(planRollout(paused).steps).toEqual(retired);
    const leaving = failed.map((one) => ({ ...one, leaving: true }));
    expect(planRollout({ ...paused, members: [...leaving, starting] }).steps).toEqual([]);
    expect(planRollout({ ...paused, members: [starting] }).steps).toEqual([
      { step: 'create', index: 1, release: 1 },
      { step: 'create', index: 2, release: 1 },
    ]);
    // What serves is left as it is, and so is what nothing better is known for.
    for (const other of [
      { members: [...failed, member(3, 1)] },
      { members: [...failed, member(3, 2)] },
      { fallback: undefined },
      { sameBefore: true },
      { state: 'done' as const },
    ])
      expect(planRollout({ ...paused, ...other }).steps).toEqual([]);
  });

  it('does so on each host, and with what an engine has refused', () => {
    const failed = [
      member(1, 2, { state: 'failed', refused: true, since: 999 }),
      member(2, 2, { state: 'failed', hostId: 'h2' }),
    ];
    const paused = rollout({ members: failed, wanted: 2, uncovered: [], state: 'paused' });
    expect(planRollout(paused)).toEqual({
      steps: failed.map(({ id }) => ({ step: 'retire', id, why: 'surplus' })),
      nextAt: undefined,
    });
    expect(planRollout({ ...paused, members: [], uncovered: ['h', 'h2'] }).steps).toEqual([
      { step: 'create', index: 1, release: 1, hostId: 'h' },
      { step: 'create', index: 2, release: 1, hostId: 'h2' },
    ]);
  });

  it('tries again what an engine has refused, after a while', () => {
    const refused = [member(1, 1, { state: 'failed', refused: true, since: 500 })];
    const first = rollout({ release: 1, wanted: 1, fallback: undefined, members: refused });
    expect(planRollout(first)).toEqual({ steps: [], nextAt: 500 + REFUSED_MS });
    const due = planRollout({ ...first, now: 500 + REFUSED_MS });
    expect(due.steps).toEqual([{ step: 'retire', id: 'c1-1', why: 'refused' }]);
    expect(planRollout({ ...first, state: 'done' })).toEqual({ steps: [], nextAt: 500 + REFUSED_MS });
  });
});

it('recreates: never two versions at once', () => {
  const recreate = policy({ kind: 'recreate' });
  const begun = rollout({ members: olds(2), policy: recreate });
  expect(planRollout(begun).steps.map(({ step }) => step)).toEqual(['retire', 'retire']);
  const one = [member(1, 1, { leaving: true })];
  expect(planRollout({ ...begun, members: one }).steps).toEqual([]);
  expect(planRollout({ ...begun, members: [] }).steps).toHaveLength(3);
});

describe('a service that is on each host', () => {
  it('is made where it is missing, and is done once it is everywhere', () => {
    const members = [member(1, 2)];
    const begun = rollout({ wanted: 2, members, uncovered: ['h2'] });
    expect(planRollout(begun).steps).toEqual([{ step: 'create', index: 2, release: 2, hostId: 'h2' }]);
    const everywhere = rollout({ wanted: 2, members: [...members, member(2, 2)], uncovered: [] });
    expect(planRollout(everywhere).steps).toEqual([{ step: 'enter', state: 'done', reason: '' }]);
  });
});

describe('a job', () => {
  const job = rollout({ wanted: 1, release: 1, fallback: undefined });
  it('runs once a release, to its end', () => {
    expect(planJob(job).steps).toEqual([{ step: 'create', index: 1, release: 1 }]);
    const ended = { ...job, members: [member(1, 1, { state: 'ended' })] };
    expect(planJob(ended).steps).toEqual([{ step: 'enter', state: 'done', reason: '' }]);
    expect(planJob({ ...job, state: 'done' }).steps).toEqual([]);
    const anew = { ...ended, release: 2 };
    expect(planJob(anew).steps).toEqual([{ step: 'retire', id: 'c1-1', why: 'replaced' }]);
  });

  it('says how it failed', () => {
    const members = [member(1, 1, { state: 'failed', said: 'ended with 3' })];
    expect(planJob({ ...job, members }).steps).toEqual([
      { step: 'enter', state: 'failed', reason: 'container 1 ended with 3' },
    ]);
  });
});

const policies = fc.record({
  kind: fc.constantFrom('rolling' as const, 'recreate' as const),
  parallelism: fc.integer({ min: 0, max: 4 }),
  delayMs: fc.constantFrom(0, 120),
  monitorMs: fc.constantFrom(0, 100),
  maxFailureRatio: fc.constantFrom(0, 0.5),
  order: fc.constantFrom('stop-first' as const, 'start-first' as const),
  onFailure: fc.constantFrom('pause' as const, 'continue' as const, 'rollback' as const),
});

function play(base: Rollout, start: () => MemberState, check: (ground: Playground) => void): Playground {
  const ground = new Playground(base, { start });
  for (let turn = 0; turn < 400 && ground.state === 'releasing'; turn++) {
    const { steps } = planRollout(ground.picture());
    for (const step of steps) ground.act(step);
    check(ground);
    // Told the same again: nothing is done twice.
    if (ground.state === 'releasing')
      for (const step of planRollout(ground.picture()).steps)
        expect(['enter', 'note-failed', 'roll-back', 'retire']).toContain(step.step);
    ground.tick();
  }
  // Nothing is shared in releases of these kinds.
  expect(ground.weights).toEqual([]);
  return ground;
}

/** What is stopped, and serves nothing, comes to the old version by itself. */
function expectOldAgain(ground: Playground): void {
  for (let turn = 0; turn < 20; turn++) {
    for (const step of planRollout(ground.picture()).steps) ground.act(step);
    ground.members = ground.members.map((one) =>
      one.release === 1 && one.state === 'starting' ? { ...one, state: 'ready' } : one,
    );
    ground.tick();
  }
  expect(ground.members.filter(({ release, state }) => release === 1 && state === 'ready')).not.toEqual([]);
  expect(ground.state).toBe('paused');
}

describe('any release', () => {
  it('keeps as many at work as its policy allows, and ends', () => {
    fc.assert(
      fc.property(policies, fc.integer({ min: 0, max: 6 }), (chosen, wanted) => {
        const parallel = Math.max(1, chosen.parallelism === 0 ? wanted : chosen.parallelism);
        const base = rollout({ wanted, policy: chosen, members: olds(wanted) });
        const ended = play(
          base,
          () => 'ready',
          ({ members }) => {
            const live = members.filter(({ leaving }) => !leaving);
            const ready = live.filter(({ state }) => state === 'ready').length;
            if (chosen.kind === 'recreate') {
              expect(new Set(members.map(({ release }) => release)).size).toBeLessThanOrEqual(1);
              return;
            }
            const least = chosen.order === 'start-first' ? wanted : wanted - parallel;
            expect(ready).toBeGreaterThanOrEqual(least);
            expect(live.length).toBeLessThanOrEqual(
              chosen.order === 'start-first' ? wanted + parallel : wanted,
            );
          },
        );
        expect(ended.state).toBe('done');
        expect(ended.members.filter(({ leaving }) => !leaving)).toHaveLength(wanted);
        expect(ended.members.every(({ release, leaving }) => release === 2 || leaving)).toBe(true);
      }),
    );
  });

  it('ends with failures too, and a bad one takes no more of the old ones than it has to', () => {
    fc.assert(
      fc.property(policies, fc.integer({ min: 1, max: 6 }), (chosen, wanted) => {
        const parallel = Math.max(1, chosen.parallelism === 0 ? wanted : chosen.parallelism);
        const base = rollout({ wanted, policy: chosen, members: olds(wanted) });
        const ended = play(
          base,
          () => 'failed',
          () => undefined,
        );
        const lax = chosen.onFailure === 'continue';
        expect(lax ? ['done'] : ['done', 'paused', 'rolled-back']).toContain(ended.state);
        const old = ended.of(1).length;
        if (ended.state === 'paused') expectOldAgain(ended);
        if (lax || chosen.kind === 'recreate' || chosen.maxFailureRatio > 0) return;
        expect(old).toBeGreaterThanOrEqual(chosen.order === 'start-first' ? wanted : wanted - parallel);
      }),
    );
  });
});

it('takes members of a service on each host from hosts that are drained, and makes none in their place', () => {
  const members = [member(1, 2), member(2, 2, { hostId: 'drained' })];
  const drained = rollout({ state: 'done', wanted: 1, members, uncovered: [], misplaced: ['c2-2'] });
  expect(planRollout(drained).steps).toEqual([{ step: 'retire', id: 'c2-2', why: 'surplus' }]);
  const leaving = [member(1, 2), member(2, 2, { hostId: 'drained', leaving: true })];
  expect(planRollout({ ...drained, members: leaving }).steps).toEqual([]);
});
