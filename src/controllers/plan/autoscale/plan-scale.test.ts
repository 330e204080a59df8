import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Scaling } from '../../../model/scaling.ts';
import type { Averages } from './figure-windows.ts';
import type { ScaledMember, ScaledVersion } from './opinion.ts';
import { planScale, type ScalePlan, type ScaleState } from './plan-scale.ts';
import { simulate, turnsOf } from './simulation.fixture.ts';

const cpu = (
  rule: Readonly<{ above?: number; below?: number; target?: number }>,
  more: Partial<Scaling> = {},
): Scaling => ({
  ...{ kind: 'scaling', min: 1, max: 10, step: 1, rules: [{ metric: 'cpu', ...rule }] },
  ...more,
});
const thresholds = cpu({ above: 70, below: 30 });
const atOnce = { upAfterMs: 0, downAfterMs: 0 };

const ready = (figures: Averages | undefined, name = 'web_1'): ScaledMember => ({
  name,
  state: 'ready',
  figures,
});
const some = (count: number, figures: Averages): ScaledMember[] =>
  Array.from({ length: count }, (_, i) => ready(figures, `web_${i + 1}`));

function state(
  scaling: Scaling,
  members: readonly ScaledMember[],
  { router, ...more }: Partial<ScaleState> & Partial<Pick<ScaledVersion, 'router'>> = {},
): ScaleState {
  const count = members.length;
  return {
    ...{ now: 1_000_000, wall: Date.UTC(2026, 10, 25, 12), scaling, current: count },
    ...{ releasing: false, versions: [{ release: undefined, count, members, router }], memory: undefined },
    ...more,
  };
}

/** Looks each five seconds at the same state until the number changes. */
function keepLooking(begin: ScaleState, forMs: number): Readonly<{ plan: ScalePlan; ms: number }> {
  let plan = planScale(begin);
  let ms = 0;
  while (plan.wanted === begin.current && ms < forMs) {
    ms += 5000;
    plan = planScale({ ...begin, now: begin.now + ms, memory: plan.memory });
  }
  return { plan, ms };
}

it('tells what its rules have seen, of two versions the larger, and nothing of what is not known', () => {
  const rules: Scaling['rules'] = [
    { metric: 'cpu', above: 70, below: 30 },
    { metric: 'memory', target: 50 },
    { metric: 'requests', target: 100 },
  ];
  const scaling = { ...thresholds, rules };
  const router = { requestsPerSecond: 90, p95Ms: 5, missing: [] };
  const versions = [
    { release: 2, count: 1, members: some(1, { cpu: 20 }), router: { ...router, requestsPerSecond: 10 } },
    { release: 1, count: 2, members: some(2, { cpu: 60 }), router },
  ];
  const seen = { cpu: 60, requests: 45 };
  expect(planScale(state(scaling, some(3, {}), { versions })).seen).toEqual(seen);
  expect(planScale(state(scaling, some(3, {}), { versions: versions.toReversed() })).seen).toEqual(seen);
  expect(planScale(state(cpu({ above: 70 }), [ready(undefined)])).seen).toEqual({});
  // Limits count at once, and what is to be seen is told all the same.
  expect(planScale(state({ ...scaling, max: 1 }, some(2, { cpu: 50, memory: 10 })))).toMatchObject({
    wanted: 1,
    seen: { cpu: 50, memory: 10 },
  });
});

describe('thresholds', () => {
  it('make it more by a step once it was over them for long enough', () => {
    const { plan, ms } = keepLooking(state({ ...thresholds, step: 2 }, some(2, { cpu: 90 })), 600_000);
    expect([plan.wanted, ms]).toEqual([4, 120_000]);
    expect(plan.why).toBe('CPU: 90 % on average, over 70 %');
  });

  it('make it fewer after a longer time', () => {
    const { plan, ms } = keepLooking(state(thresholds, some(4, { cpu: 20 })), 600_000);
    expect([plan.wanted, ms]).toEqual([3, 300_000]);
  });

  it('go by the most cautious look of that time', () => {
    const scaling = cpu({ target: 50 }, { max: 100 });
    const settled = (first: number, last: number) => {
      const begun = state(scaling, some(8, { cpu: first }));
      const { memory } = planScale(begun);
      const next = state(scaling, some(8, { cpu: last }), { now: begun.now + 5_000, memory });
      return keepLooking(next, 295_000).plan.wanted;
    };
    expect([settled(60, 80), settled(80, 60)]).toEqual([10, 10]);
    expect([settled(20, 30), settled(30, 20)]).toEqual([5, 5]);
  });

  it('leave one at least, as without a container nothing is to be seen', () => {
    const scaling = cpu({ above: 70, below: 30 }, { ...atOnce, min: 0 });
    expect(planScale(state(scaling, some(2, { cpu: 0 }))).wanted).toBe(1);
    expect(planScale(state(scaling, some(1, { cpu: 0 }))).wanted).toBe(1);
    expect(planScale(state(scaling, [], { current: 0 })).wanted).toBe(1);
  });

  it('do not make it fewer where that would make it more again', () => {
    const { plan } = keepLooking(state(cpu({ above: 70, below: 60 }, atOnce), some(2, { cpu: 50 })), 600_000);
    expect(plan.wanted).toBe(2);
    expect(plan.sentences).toContain(
      'CPU: 50 % on average, under 60 %, but with one less it would be 100 %: it would become more again.',
    );
  });

  it('one look that says otherwise begins the time anew', () => {
    const hot = state(thresholds, some(2, { cpu: 90 }));
    let { memory } = planScale(hot);
    for (const ms of [5_000, 10_000]) ({ memory } = planScale({ ...hot, now: hot.now + ms, memory }));
    const cooler = state(thresholds, some(2, { cpu: 50 }), { now: hot.now + 15_000, memory });
    ({ memory } = planScale(cooler));
    const { ms } = keepLooking({ ...hot, now: hot.now + 20_000, memory }, 600_000);
    expect(ms).toBe(120_000);
  });

  it('of several rules the one that wants most counts, and all must put up with fewer', () => {
    const rules: Scaling['rules'] = [
      { metric: 'cpu', above: 70, below: 30 },
      { metric: 'memory', above: 80, below: 20 },
    ];
    const scaling = { ...thresholds, ...atOnce, rules };
    expect(planScale(state(scaling, some(2, { cpu: 10, memory: 90 }))).wanted).toBe(3);
    expect(planScale(state(scaling, some(2, { cpu: 10, memory: 50 }))).wanted).toBe(2);
    expect(planScale(state(scaling, some(2, { cpu: 10, memory: 10 }))).wanted).toBe(1);
    // It would come to less than its most with fewer, but is not under its least.
    expect(planScale(state(scaling, some(4, { cpu: 10, memory: 25 }))).wanted).toBe(4);
  });

  it('a rule without an end below puts up with fewer as long as it would not want them back', () => {
    const rules: Scaling['rules'] = [
      { metric: 'cpu', above: 70, below: 30 },
      { metric: 'memory', above: 80 },
    ];
    const scaling = { ...thresholds, ...atOnce, rules };
    expect(planScale(state(scaling, some(3, { cpu: 10, memory: 40 }))).wanted).toBe(2);
    expect(planScale(state(scaling, some(3, { cpu: 10, memory: 60 }))).wanted).toBe(3);
  });
});

describe('a target', () => {
  const scaling = cpu({ target: 50 }, atOnce);

  it('takes as many as come to it, and leaves what is near it', () => {
    expect(planScale(state(scaling, some(4, { cpu: 80 }))).wanted).toBe(7);
    expect(planScale(state(scaling, some(4, { cpu: 54 }))).wanted).toBe(4);
    expect(planScale(state(scaling, some(8, { cpu: 20 }))).wanted).toBe(4);
  });

  it('grows to twice as many at a time', () => {
    const many = { ...scaling, max: 100 };
    expect(planScale(state(many, some(10, { cpu: 400 }))).wanted).toBe(20);
    expect(planScale(state(many, some(1, { cpu: 900 }))).wanted).toBe(5);
  });
});

describe('figures that are missing', () => {
  const scaling = { ...thresholds, ...atOnce };

  it('never make it fewer', () => {
    const silent: ScaledMember = { ...ready(undefined, 'web_2'), silent: 'its host h2 is silent' };
    const plan = planScale(state(scaling, [ready({ cpu: 1 }), silent]));
    expect(plan.wanted).toBe(2);
    expect(plan.sentences).toContain(
      'CPU: 1 % on average, which would be few enough, but no figures of web_2 (its host h2 is silent): no fewer.',
    );
    expect(planScale(state(scaling, [ready(undefined), ready(undefined, 'web_2')])).wanted).toBe(2);
  });

  it('are taken for none where there are to be more', () => {
    expect(planScale(state(scaling, [ready({ cpu: 100 }), ready(undefined, 'web_2')])).wanted).toBe(2);
    expect(planScale(state(scaling, [...some(3, { cpu: 100 }), ready(undefined, 'web_4')])).wanted).toBe(5);
  });

  it('of routers keep the number', () => {
    const rules: Scaling['rules'] = [{ metric: 'requests', above: 100, below: 10 }];
    expect(planScale(state({ ...scaling, rules }, some(3, {}))).wanted).toBe(3);
  });
});

describe('containers that are not ready', () => {
  const scaling = { ...thresholds, ...atOnce };
  const starting: ScaledMember = { name: 'web_3', state: 'starting', figures: { cpu: 100 } };

  it('are left out of averages, and what they will do is not asked for twice', () => {
    expect(planScale(state(scaling, [...some(2, { cpu: 90 }), starting])).wanted).toBe(3);
    expect(
      planScale(state(scaling, [...some(2, { cpu: 100 }), { ...starting, state: 'failed' }])).wanted,
    ).toBe(4);
  });

  it('keep it from becoming fewer while they start', () => {
    expect(planScale(state(scaling, [...some(2, { cpu: 1 }), starting])).wanted).toBe(3);
    expect(planScale(state(scaling, [...some(2, { cpu: 1 }), { ...starting, state: 'failed' }])).wanted).toBe(
      2,
    );
  });
});

describe('routers’ figures', () => {
  it('are shared by the containers', () => {
    const scaling: Scaling = { ...thresholds, ...atOnce, rules: [{ metric: 'requests', target: 100 }] };
    const router = { requestsPerSecond: 350, p95Ms: 20, missing: [] };
    expect(planScale(state(scaling, some(2, {}), { router })).wanted).toBe(4);
    expect(planScale(state(scaling, some(8, {}), { router })).wanted).toBe(4);
    const partial = { ...router, missing: ['edge2'] };
    expect(planScale(state(scaling, some(8, {}), { router: partial })).wanted).toBe(8);
    expect(planScale(state(scaling, some(2, {}), { router: partial })).wanted).toBe(4);
  });

  it('latency steps', () => {
    const scaling: Scaling = {
      ...thresholds,
      ...atOnce,
      rules: [{ metric: 'latency', above: 200, below: 50 }],
    };
    const by = (p95Ms: number | undefined, requestsPerSecond = 10) =>
      planScale(state(scaling, some(4, {}), { router: { requestsPerSecond, p95Ms, missing: [] } })).wanted;
    expect([by(300), by(100), by(20), by(undefined), by(undefined, 0)]).toEqual([5, 4, 3, 4, 3]);
    const router = { requestsPerSecond: 10, p95Ms: 20, missing: ['edge2'] };
    expect(planScale(state(scaling, some(4, {}), { router })).wanted).toBe(4);
    expect(planScale(state(scaling, some(4, {}), { router: { ...router, p95Ms: 300 } })).wanted).toBe(5);
  });

  it('latency asks for no more while some are not ready yet', () => {
    const scaling = { ...thresholds, ...atOnce, rules: [{ metric: 'latency' as const, above: 200 }] };
    const starting: ScaledMember = { name: 'web_3', state: 'starting', figures: {} };
    const router = { requestsPerSecond: 10, p95Ms: 300, missing: [] };
    expect(planScale(state(scaling, [...some(2, {}), starting], { router })).wanted).toBe(3);
  });

  it('latency without an end below puts up with fewer', () => {
    const rules: Scaling['rules'] = [
      { metric: 'cpu', above: 70, below: 30 },
      { metric: 'latency', above: 200 },
    ];
    const router = { requestsPerSecond: 10, p95Ms: 100, missing: [] };
    const scaling = { ...thresholds, ...atOnce, rules };
    expect(planScale(state(scaling, some(4, { cpu: 10 }), { router })).wanted).toBe(3);
  });
});

describe('two versions that serve at once', () => {
  const version = (release: number, members: readonly ScaledMember[], count = members.length) => ({
    ...{ release, count, members, router: undefined },
  });
  const both = (scaling: Scaling, versions: readonly ScaledVersion[], current = 4) =>
    planScale(state({ ...scaling, ...atOnce }, [], { current, versions, releasing: true }));

  it('are judged each by its own load: an idle new one hides nothing of the old one', () => {
    const [old, idle] = [version(1, some(4, { cpu: 90 })), version(2, some(4, { cpu: 1 }))];
    const plan = both(thresholds, [old, idle]);
    expect([plan.wanted, plan.why]).toEqual([5, 'release 1, CPU: 90 % on average, over 70 %']);
    expect(both(cpu({ target: 60 }), [idle, old]).wanted).toBe(6);
    expect(both(thresholds, [version(1, some(4, { cpu: 50 })), idle]).wanted).toBe(4);
  });

  it('grow together by what the smaller one lacks', () => {
    const old = version(1, some(4, { cpu: 50 }));
    expect(both(cpu({ target: 60 }), [old, version(2, some(1, { cpu: 120 }))]).wanted).toBe(5);
    expect(both(thresholds, [old, version(2, some(1, { cpu: 100 }))]).wanted).toBe(5);
  });

  it('say which of them is not ready, and one that has no container yet says nothing', () => {
    const starting: ScaledMember = { name: 'web_5', state: 'starting', figures: undefined };
    const plan = both(thresholds, [version(1, some(4, { cpu: 90 })), version(2, [starting])]);
    expect(plan.wanted).toBe(5);
    expect(plan.sentences).toContain('release 2, CPU: no container is ready, so the number stays.');
    expect(both(thresholds, []).wanted).toBe(4);
  });

  it('get fewer only where both can do with fewer', () => {
    const scaling = { ...thresholds, ...atOnce };
    const stopped = (versions: readonly ScaledVersion[]) =>
      planScale(state(scaling, [], { current: 4, versions })).wanted;
    const idle = version(2, some(4, { cpu: 0 }));
    expect(stopped([version(1, some(4, { cpu: 50 })), idle])).toBe(4);
    expect(stopped([version(1, some(4, { cpu: 10 })), idle])).toBe(3);
  });
});

describe('limits', () => {
  it('count at once', () => {
    expect(planScale(state({ ...thresholds, min: 3 }, some(2, { cpu: 50 }))).wanted).toBe(3);
    expect(planScale(state({ ...thresholds, max: 3 }, some(8, { cpu: 99 }))).wanted).toBe(3);
  });

  it('a schedule raises the least at its time, and gives way afterwards', () => {
    const schedules: Scaling['schedules'] = [
      { kind: 'schedule', days: [1, 2, 3, 4, 5], from: 480, to: 1200, zone: 'Europe/Berlin', min: 6 },
    ];
    const scaling = { ...thresholds, schedules };
    const plan = planScale(state(scaling, some(2, { cpu: 50 })));
    expect(plan.wanted).toBe(6);
    expect(plan.why).toBe('fewer than 6, its least');
    expect(plan.sentences[0]).toBe(
      '2 containers, from 6 to 10 (weekdays 08:00-20:00 Europe/Berlin: at least 6).',
    );
    const wall = Date.UTC(2026, 10, 25, 20);
    expect(keepLooking(state(scaling, some(6, { cpu: 1 }), { wall }), 600_000).plan.wanted).toBe(5);
    const alone = { ...scaling, rules: [], min: 0 };
    expect(keepLooking(state(alone, some(6, {}), { wall }), 600_000).plan.wanted).toBe(0);
    expect(planScale(state(alone, [])).wanted).toBe(6);
  });

  it('a number that was set to 0 by hand rests', () => {
    expect(planScale(state(thresholds, [])).wanted).toBe(0);
  });

  it('while a release goes out it may become more, and not fewer', () => {
    const scaling = { ...thresholds, ...atOnce };
    expect(planScale(state(scaling, some(2, { cpu: 99 }), { releasing: true })).wanted).toBe(3);
    expect(planScale(state(scaling, some(2, { cpu: 1 }), { releasing: true })).wanted).toBe(2);
  });
});

describe('memory', () => {
  it('that is of another number, or has a gap, counts as none', () => {
    const hot = state(thresholds, some(2, { cpu: 90 }));
    const thoughts = [
      { at: hot.now - 121_000, count: 3 },
      { at: hot.now - 5_000, count: 3 },
    ];
    expect(planScale({ ...hot, memory: { current: 2, thoughts } }).wanted).toBe(3);
    expect(planScale({ ...hot, memory: { current: 3, thoughts } }).wanted).toBe(2);
    expect(planScale({ ...hot, memory: { current: 2, thoughts: thoughts.slice(0, 1) } }).wanted).toBe(2);
  });

  it('is bounded', () => {
    let state_ = state(thresholds, some(2, { cpu: 50 }));
    for (let i = 0; i < 1_000; i++) {
      const { memory } = planScale(state_);
      state_ = { ...state_, now: state_.now + 5_000, memory };
    }
    expect(state_.memory?.thoughts.length).toBeLessThan(65);
  });
});

const policies: readonly Scaling[] = [
  cpu({ above: 70, below: 30 }, { min: 2 }),
  cpu({ above: 70, below: 30 }, { min: 2, step: 3 }),
  cpu({ target: 60 }, { min: 2 }),
];

describe('simulations', () => {
  const noise = (second: number, size: number) => Math.sin(second * 12.9898) * size;

  it.each(policies)('a steady, noisy load is met once, and the number stays then (%#)', (scaling) => {
    for (const level of [0.5, 1, 2, 3.1, 4.4, 6]) {
      const run = simulate(scaling, (s) => level * (1 + noise(s, 0.1)), { seconds: 7200, first: 2 });
      expect(turnsOf(run, 2), `load ${level}`).toBe(0);
    }
  });

  it.each(policies)('a day’s curve makes it more and fewer, and it ends at its least (%#)', (scaling) => {
    const day = (s: number) => (s < 12_000 ? 4 * Math.sin((s / 12_000) * Math.PI) ** 2 : 0.1);
    const run = simulate(scaling, (s) => day(s) * (1 + noise(s, 0.05)), { seconds: 18_000, first: 2 });
    const peak = Math.max(...run.numbers.map(({ count }) => count));
    expect(peak).toBeGreaterThanOrEqual(5);
    expect(turnsOf(run, 2)).toBe(1);
    expect(run.numbers.at(-1)?.count).toBe(2);
  });

  it.each(policies)('a burst that is shorter than the time to settle changes nothing (%#)', (scaling) => {
    const run = simulate(scaling, (s) => (s > 600 && s < 660 ? 2 : 1.1), { seconds: 1800, first: 2 });
    expect(run.changes).toEqual([]);
  });

  it.each(policies)('hosts that fall silent at the end of the load never make it fewer (%#)', (scaling) => {
    const load = (s: number) => (s < 3600 ? 4 : 0.1);
    const run = simulate(scaling, load, { seconds: 10_800, first: 2, silent: (s) => s > 3500 && s < 9000 });
    const at = (second: number) => run.numbers.find((one) => one.at === second)?.count ?? 0;
    expect(at(8900)).toBeGreaterThanOrEqual(at(3500));
    expect(run.changes.every(({ at: when }) => when <= 3600 || when > 9000)).toBe(true);
  });

  it('whatever the load, it stays within its limits, and is at its least after it', () => {
    const load = fc.array(
      fc.record({ level: fc.double({ min: 0, max: 30, noNaN: true }), s: fc.integer({ min: 30, max: 900 }) }),
      {
        minLength: 1,
        maxLength: 8,
      },
    );
    const limits = fc
      .tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 0, max: 12 }), fc.integer({ min: 1, max: 5 }))
      .map(([min, more, step]) => ({ min, max: min + more, step }));
    fc.assert(
      fc.property(load, limits, fc.constantFrom(...policies), (parts, limit, policy) => {
        const scaling = { ...policy, ...limit };
        const loaded = parts.reduce((sum, { s }) => sum + s, 0);
        const curve = (second: number) => {
          let end = 0;
          for (const { level, s } of parts) {
            end += s;
            if (second < end) return level;
          }
          return 0;
        };
        const seconds = loaded + 600 + limit.max * 420;
        const run = simulate(scaling, curve, { seconds, first: limit.min });
        const counts = run.numbers.map(({ count }) => count);
        expect(Math.min(...counts)).toBeGreaterThanOrEqual(limit.min);
        expect(Math.max(...counts)).toBeLessThanOrEqual(limit.max);
        expect(run.numbers.at(-1)?.count).toBe(limit.min);
      }),
      { numRuns: 25 },
    );
  });

  it('a load that stays makes it go up, or down, but never both after it has settled', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 12, noNaN: true }),
        fc.integer({ min: 2, max: 10 }),
        fc.constantFrom(...policies),
        (level, first, policy) => {
          const run = simulate(policy, () => level, { seconds: 7200, first });
          const settled = run.changes.filter(({ at }) => at > 5400);
          expect(turnsOf(run, first)).toBeLessThanOrEqual(1);
          expect(settled).toEqual([]);
        },
      ),
      { numRuns: 25 },
    );
  });
});
