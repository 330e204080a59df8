import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Shift } from '../../../model/deployment.ts';
import type { Analysis, ShiftPolicy, UpdatePolicy } from '../../../model/service.ts';
import { verdictOf } from './analysis.ts';
import type { Member } from './member.ts';
import { planRollout } from './plan-rollout.ts';
import { member, Playground } from './playground.fixture.ts';
import { REFUSED_MS, type Rollout, type VersionFigures } from './rollout.ts';

const analysis: Analysis = { minRequests: 20, maxErrorRate: 0.05, maxSlowdown: 2, patienceMs: 1_000 };
const policy = (shift: Partial<ShiftPolicy>, more: Partial<UpdatePolicy> = {}): UpdatePolicy => ({
  ...{ kind: 'blue-green', parallelism: 1, delayMs: 0, monitorMs: 100, maxFailureRatio: 0 },
  ...{ order: 'stop-first', onFailure: 'pause' },
  shift: { steps: [], confirm: 'by-hand', ...shift },
  ...more,
});
const olds = [1, 2, 3].map((index) => member(index, 1));
const news = [4, 5, 6].map((index) => member(index, 2));
const rollout = (rest: Partial<Rollout> = {}): Rollout => ({
  ...{ now: 1_000, wanted: 3, release: 2, state: 'releasing', policy: policy({}), fallback: 1 },
  ...{ mayRollBack: true, failed: [], members: olds, shift: { weight: 0, step: -1, since: 0 }, ...rest },
});
const at = (weight: number, step: number, since = 1_000): Shift => ({ weight, step, since });
const figures = (fresh: Partial<VersionFigures>, old: Partial<VersionFigures> = {}) => ({
  fresh: { requests: 100, errorRate: 0, p95: 20, ...fresh },
  old: { requests: 100, errorRate: 0, p95: 20, ...old },
});

describe('a blue-green release', () => {
  it('makes the whole new version beside the old one, then waits for somebody', () => {
    expect(planRollout(rollout()).steps).toEqual(
      [4, 5, 6].map((index) => ({ step: 'create', index, release: 2 })),
    );
    const fresh = news.map((one) => ({ ...one, since: 950 }));
    expect(planRollout(rollout({ members: [...olds, ...fresh] }))).toEqual({ steps: [], nextAt: 1_050 });
    expect(planRollout(rollout({ members: [...olds, ...news] })).steps).toMatchObject([
      { step: 'enter', state: 'waiting' },
    ]);
  });

  it('keeps both at their number while it waits, whatever happens to them, and follows another number', () => {
    const waiting = rollout({ state: 'waiting', members: [...olds.slice(1), ...news.slice(1)] });
    expect(planRollout(waiting).steps).toEqual([
      { step: 'create', index: 1, release: 1 },
      { step: 'create', index: 4, release: 2 },
    ]);
    const fewer = rollout({ state: 'waiting', members: [...olds, ...news], wanted: 2 });
    expect(planRollout(fewer).steps).toEqual([
      { step: 'retire', id: 'c1-3', why: 'surplus' },
      { step: 'retire', id: 'c2-6', why: 'surplus' },
    ]);
  });

  it('is not confirmed by there being no containers for a while', () => {
    for (const state of ['waiting', 'paused'] as const) {
      const none = rollout({ state, wanted: 0, members: olds.slice(2) });
      expect(planRollout(none).steps).toEqual([{ step: 'retire', id: 'c1-3', why: 'surplus' }]);
      expect(planRollout({ ...none, members: [] }).steps).toEqual([]);
    }
    const again = planRollout(rollout({ state: 'paused', wanted: 2, members: [] })).steps;
    expect(again).toEqual([1, 2].map((index) => ({ step: 'create', index, release: 1 })));
  });

  it('goes through its steps by time, and is confirmed by itself where it is told', () => {
    const steps = [
      { weight: 20, holdMs: 500 },
      { weight: 60, holdMs: 500 },
    ];
    const members = [...olds, ...news];
    const begun = rollout({ members, policy: policy({ steps, confirm: 'by-itself' }) });
    expect(planRollout(begun).steps).toEqual([{ step: 'shift', weight: 20, at: 0 }]);
    const first = { ...begun, shift: at(20, 0) };
    expect(planRollout({ ...first, now: 1_400 })).toEqual({ steps: [], nextAt: 1_500 });
    expect(planRollout({ ...first, now: 1_500 }).steps).toEqual([{ step: 'shift', weight: 60, at: 1 }]);
    const last = { ...begun, shift: at(60, 1), now: 1_500 };
    expect(planRollout(last).steps).toEqual([{ step: 'enter', state: 'confirmed', reason: '' }]);
    expect(planRollout({ ...last, policy: policy({ steps }) }).steps).toMatchObject([{ state: 'waiting' }]);
  });

  it('once it is confirmed gives all requests to the new one first, and takes the old one away then', () => {
    const confirmed = rollout({ state: 'confirmed', members: [...olds, ...news], shift: at(40, -1) });
    expect(planRollout(confirmed).steps).toEqual([{ step: 'shift', weight: 100, at: -1 }]);
    const shifted = { ...confirmed, shift: at(100, -1) };
    expect(planRollout(shifted).steps.map((step) => step.step === 'retire' && step.id)).toEqual([
      ...['c1-1', 'c1-2', 'c1-3'],
    ]);
    expect(planRollout({ ...shifted, members: news }).steps).toEqual([
      { step: 'enter', state: 'done', reason: '' },
    ]);
  });

  it('is done only once the new one has proved itself, and nothing is left of any other', () => {
    const shifted = rollout({ state: 'confirmed', shift: at(100, -1), members: [...news, member(9, 7)] });
    expect(planRollout(shifted).steps).toEqual([{ step: 'retire', id: 'c7-9', why: 'surplus' }]);
    const fresh = [...news.slice(1), { ...(news[0] as Member), since: 950 }];
    expect(planRollout({ ...shifted, members: fresh })).toEqual({ steps: [], nextAt: 1_050 });
  });

  it('has nothing to go back to once the new one has all requests', () => {
    const back = policy({}, { onFailure: 'rollback' });
    const bad = { ...(news[0] as Member), state: 'failed' as const };
    const confirmed = rollout({
      state: 'confirmed',
      policy: back,
      members: [...olds, bad, ...news.slice(1)],
    });
    const last = (weight: number) => planRollout({ ...confirmed, shift: at(weight, -1) }).steps.at(-1)?.step;
    expect([last(99), last(100)]).toEqual(['roll-back', 'retire']);
  });

  it('ends at once where none are wanted, but waits for somebody where its containers were being judged', () => {
    const stepsOf = (none: Rollout) =>
      planRollout(none).steps.map((step) =>
        step.step === 'retire' ? step.id : step.step === 'enter' && step.state,
      );
    const none = rollout({ wanted: 0, members: [...olds, ...news] });
    const gone = [...olds, ...news].map(({ id }) => id);
    expect(stepsOf(none)).toEqual([...gone, 'waiting']);
    expect(stepsOf({ ...none, shift: at(20, 0) })).toEqual([...gone, 'waiting']);
    expect(stepsOf({ ...none, state: 'confirmed' })).toEqual([...gone, 'done']);
    // Nobody can confirm a way back.
    expect(stepsOf({ ...none, mayRollBack: false })).toEqual([...gone, 'done']);
    // As the file says: there was nothing to judge.
    expect(stepsOf({ ...none, members: olds })).toEqual([...olds.map(({ id }) => id), 'done']);
  });

  it('makes what is missing of a new version that has requests, be it stopped, and what an engine has refused', () => {
    const two = news.slice(0, 2);
    const paused = rollout({ state: 'paused', shift: at(50, -1), members: [...olds, ...two] });
    expect(planRollout(paused).steps).toEqual([{ step: 'create', index: 6, release: 2 }]);
    const refused = { ...(news[2] as Member), state: 'failed' as const, refused: true, since: 0 };
    const late = { ...paused, now: REFUSED_MS, members: [...olds, ...two, refused] };
    expect(planRollout(late).steps).toEqual([{ step: 'retire', id: 'c2-6', why: 'refused' }]);
  });

  it('takes first what does no work away where fewer are wanted', () => {
    const ill = olds.map((one, i) => (i === 0 ? { ...one, state: 'failed' as const } : one));
    const fewer = rollout({ state: 'waiting', members: [...ill, ...news.slice(0, 2)], wanted: 2 });
    expect(planRollout(fewer).steps).toEqual([{ step: 'retire', id: 'c1-1', why: 'surplus' }]);
  });

  it('stops with the old version where the new one fails, and leaves it as it is', () => {
    const bad = { ...(news[0] as Member), state: 'failed' as const, said: 'ended with 1' };
    const failing = rollout({ members: [...olds, bad] });
    expect(planRollout(failing).steps).toEqual([
      { step: 'note-failed', indexes: [4] },
      { step: 'shift', weight: 0, at: -1 },
      { step: 'enter', state: 'paused', reason: 'container 4 ended with 1' },
    ]);
    expect(planRollout({ ...failing, state: 'paused' }).steps).toEqual([]);
    const lost = { ...failing, state: 'paused' as const, members: [...olds.slice(1), bad] };
    expect(planRollout(lost).steps).toEqual([{ step: 'create', index: 1, release: 1 }]);
  });

  it('takes away what was given up before, once the old version is whole', () => {
    const stray = member(9, 7);
    const most = rollout({ members: [...olds.slice(1), stray, ...news] });
    expect(planRollout({ ...most, state: 'waiting' }).steps).toEqual([
      { step: 'create', index: 1, release: 1 },
    ]);
    expect(planRollout({ ...most, state: 'waiting', members: [...olds, stray, ...news] }).steps).toEqual([
      { step: 'retire', id: 'c7-9', why: 'surplus' },
    ]);
  });

  it('is as a rolling one where there is nothing beside which it could serve', () => {
    const { shift: _, ...first } = rollout({ release: 1, fallback: undefined, members: [] });
    expect(planRollout(first).steps).toHaveLength(3);
    expect(planRollout({ ...first, members: olds }).steps).toMatchObject([{ state: 'done' }]);
  });
});

describe('a canary release', () => {
  const steps = [
    { weight: 10, holdMs: 500 },
    { weight: 50, holdMs: 500 },
  ];
  const canary = policy({ steps, confirm: 'by-itself', analysis }, { kind: 'canary', onFailure: 'rollback' });
  const begun = rollout({ policy: canary });
  const [one, two] = news as [Member, Member];

  it('has as many of the new version as its share takes, before it takes it', () => {
    expect(planRollout(begun).steps).toEqual([{ step: 'create', index: 4, release: 2 }]);
    expect(planRollout({ ...begun, members: [...olds, one] }).steps).toEqual([
      { step: 'shift', weight: 10, at: 0 },
    ]);
    const held = { ...begun, members: [...olds, one], shift: at(10, 0), now: 1_500, figures: figures({}) };
    expect(planRollout(held).steps).toEqual([{ step: 'create', index: 5, release: 2 }]);
    expect(planRollout({ ...held, members: [...olds, one, two] }).steps).toEqual([
      { step: 'shift', weight: 50, at: 1 },
    ]);
  });

  it('goes back at once where it answers worse, be the step over or not', () => {
    const worse = {
      ...begun,
      members: [...olds, one],
      shift: at(10, 0),
      figures: figures({ errorRate: 0.2 }),
    };
    const reason = '20 % of its 100 requests ended in errors, 0 % of those before it';
    expect(planRollout(worse).steps).toEqual([{ step: 'roll-back', reason }]);
    const pausing = { ...worse, policy: { ...canary, onFailure: 'pause' as const } };
    expect(planRollout(pausing).steps).toEqual([
      { step: 'shift', weight: 0, at: -1 },
      { step: 'enter', state: 'paused', reason },
    ]);
  });

  it('waits for enough requests behind a step, and no longer than its patience', () => {
    const few = { ...begun, members: [...olds, one], shift: at(10, 0), figures: figures({ requests: 3 }) };
    expect(planRollout({ ...few, now: 1_600 }).steps).toEqual([]);
    expect(planRollout({ ...few, now: 2_500 }).steps).toEqual([
      { step: 'enter', state: 'paused', reason: '3 requests are too few to judge it by, it takes 20' },
    ]);
  });
});

describe('a verdict', () => {
  const kind = (...args: Parameters<typeof figures>) => verdictOf(analysis, figures(...args)).kind;
  it('is on errors, and on times that differ by more than a bucket', () => {
    expect(kind({ errorRate: 0.05 })).toBe('good');
    expect(kind({ errorRate: 0.06 })).toBe('bad');
    expect(kind({ errorRate: 0.24 }, { errorRate: 0.2 })).toBe('good');
    expect(kind({ p95: 41 })).toBe('bad');
    expect(kind({ p95: 39 })).toBe('good');
    expect(kind({ p95: 9 }, { p95: 1 })).toBe('good');
    // Nothing to compare with: errors alone.
    expect(kind({ p95: 900 }, { requests: 3 })).toBe('good');
    expect(kind({ errorRate: 0.3 }, { requests: 3, errorRate: 1 })).toBe('bad');
  });

  it('is none on too little', () => {
    expect(kind({ requests: 19, errorRate: 1 })).toBe('unknown');
    expect(kind({ requests: 20, errorRate: 1 })).toBe('bad');
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 19 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (requests, errorRate) => {
          expect(kind({ requests, errorRate, p95: 10_000 })).toBe('unknown');
        },
      ),
    );
    expect(verdictOf(analysis, undefined).kind).toBe('unknown');
  });
});

const ENDS = ['done', 'paused', 'rolled-back', 'waiting'];
const policies = fc
  .record({
    kind: fc.constantFrom('blue-green' as const, 'canary' as const),
    weights: fc.uniqueArray(fc.integer({ min: 0, max: 100 }), { maxLength: 5 }),
    holdMs: fc.constantFrom(0, 100, 400),
    confirm: fc.constantFrom('by-hand' as const, 'by-itself' as const),
    judged: fc.boolean(),
    onFailure: fc.constantFrom('pause' as const, 'rollback' as const, 'continue' as const),
    maxFailureRatio: fc.constantFrom(0, 0.5),
  })
  .map(({ kind, weights, holdMs, confirm, judged, ...rest }) => {
    const steps = [...weights].sort((a, b) => a - b).map((weight) => ({ weight, holdMs }));
    return policy({ steps, confirm, ...(judged ? { analysis } : {}) }, { kind, ...rest });
  });
const versions = fc.record({
  requests: fc.integer({ min: 0, max: 60 }),
  errorRate: fc.constantFrom(0, 0.02, 0.5),
  p95: fc.option(fc.constantFrom(5, 20, 500), { nil: undefined }),
});
const sights = fc.option(fc.record({ fresh: versions, old: versions }), { nil: undefined });

describe('any release in which both versions serve', () => {
  it('ends: done, waiting for somebody, stopped or back; its shares rise to 100 at most, and the old one is whole', () => {
    fc.assert(
      fc.property(policies, sights, fc.boolean(), (chosen, seen, well) => {
        const ground = new Playground(rollout({ policy: chosen }), {
          start: () => (well ? 'ready' : 'failed'),
          figures: () => seen,
        });
        for (let turn = 0; turn < 400 && !ENDS.includes(ground.state); turn++) {
          const weight = ground.shift?.weight ?? 0;
          for (const step of planRollout(ground.picture()).steps) {
            // On too little nobody is judged, nor goes on where somebody is to judge.
            const judged = step.step === 'shift' && step.at > 0 && chosen.shift?.analysis !== undefined;
            if (judged) expect(seen?.fresh.requests ?? 0).toBeGreaterThanOrEqual(analysis.minRequests);
            ground.act(step);
          }
          if (weight < 100 && (ground.shift?.weight ?? 0) < 100) expect(ground.of(1)).toHaveLength(3);
          ground.tick();
        }
        expect(ENDS).toContain(ground.state);
        const rising = ground.weights.filter((weight) => weight > 0);
        expect(rising).toEqual([...rising].sort((a, b) => a - b));
        expect(Math.max(0, ...rising)).toBeLessThanOrEqual(100);
        const left = ground.members.filter(({ leaving }) => !leaving);
        if (ground.state === 'done') expect(left.map(({ release }) => release)).toEqual([2, 2, 2]);
      }),
    );
  });

  it('never gives requests to a version whose containers are not ready', () => {
    fc.assert(
      fc.property(policies, (chosen) => {
        const ground = new Playground(rollout({ policy: { ...chosen, maxFailureRatio: 0 } }), {
          start: () => 'starting',
          figures: () => figures({}),
        });
        for (let turn = 0; turn < 60; turn++) {
          for (const step of planRollout(ground.picture()).steps) ground.act(step);
          ground.tick();
        }
        expect(ground.weights).toEqual([]);
      }),
    );
  });

  it('leaves the old one whole where there is no room for the new one, and gives that no more than it can bear', () => {
    fc.assert(
      fc.property(policies, fc.integer({ min: 0, max: 2 }), (chosen, room) => {
        const ground = new Playground(rollout({ policy: chosen }), {
          start: () => 'ready',
          figures: () => figures({}),
          hasRoom: (release, members) => members.filter((one) => one.release === release).length < room,
        });
        for (let turn = 0; turn < 100; turn++) {
          for (const step of planRollout(ground.picture()).steps) ground.act(step);
          expect(ground.of(1).filter(({ state }) => state === 'ready')).toHaveLength(3);
          ground.tick();
        }
        const takes = (weight: number) =>
          chosen.kind === 'blue-green' ? 3 : Math.max(1, Math.ceil((3 * weight) / 100));
        expect(ground.weights.filter((weight) => takes(weight) > room)).toEqual([]);
        expect(ground.state).not.toBe('done');
      }),
    );
  });
});
