import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SENTENCES, say } from '../../../model/said/index.ts';
import { holesOf, readerOf } from '../../../model/said/sentence.ts';
import { SCALING_METRICS, type Scaling, type ScalingRule } from '../../../model/scaling.ts';
import type { ScaledMember, ScaledVersion } from './opinion.ts';
import { planScale, type ScaleMemory, type ScalePlan } from './plan-scale.ts';
import { RECORDINGS } from './recorded-load.fixture.ts';
import { simulate } from './simulation.fixture.ts';

const read = readerOf(SENTENCES);

/** What of a text the catalogue does not have, down to names and figures. */
function unsaid(text: string): readonly string[] {
  const reading = read(text);
  if (reading === undefined) return [text];
  const kinds = holesOf(SENTENCES[reading.key]);
  return Object.entries(reading.values).flatMap(([name, value]) => {
    const kind = kinds.get(name);
    if (kind === ';') return value.split('; ').flatMap(unsaid);
    return kind === '*' || kind === '@' ? unsaid(value) : [];
  });
}

function unsaidOf({ why, sentences }: Pick<ScalePlan, 'why' | 'sentences'>): readonly string[] {
  return [...why.split('; '), ...sentences].flatMap(unsaid);
}

const figure = fc.constantFrom(0, 0.0000004, 0.4, 7.25, 30, 61.8, 99.6, 250, 12_345, 3_456_789, 7e11);
const limits = fc
  .tuple(figure, figure)
  .filter(([a, b]) => a !== b)
  .map(([a, b]) => ({ below: Math.min(a, b), above: Math.max(a, b) }));
const rules: fc.Arbitrary<readonly ScalingRule[]> = fc.subarray([...SCALING_METRICS]).chain((metrics) =>
  fc.tuple(
    ...metrics.map((metric) =>
      fc
        .oneof(
          limits,
          figure.map((above) => ({ above })),
          figure.map((below) => ({ below })),
          ...(metric === 'latency' ? [] : [figure.map((target) => ({ target: target + 1 }))]),
        )
        .map((rule): ScalingRule => ({ metric, ...rule })),
    ),
  ),
);
const averages = fc.record(
  { cpu: figure, memory: figure, networkIn: figure, networkOut: figure },
  { requiredKeys: [] },
);
const silences = [
  say('scaling.silent.host', { host: 'h2' }),
  say('scaling.silent.old', { host: 'h2' }),
  say('scaling.unread.hidden'),
];
const member: fc.Arbitrary<Omit<ScaledMember, 'name'>> = fc
  .record({
    state: fc.constantFrom('ready' as const, 'ready' as const, 'starting' as const, 'failed' as const),
    figures: fc.option(averages, { nil: undefined, freq: 3 }),
    silent: fc.option(fc.constantFrom(...silences), { nil: undefined }),
  })
  .map(({ silent, ...one }) => ({ ...one, ...(silent === undefined ? {} : { silent }) }));
const router = fc.record({
  requestsPerSecond: figure,
  p95Ms: fc.option(figure, { nil: undefined }),
  missing: fc.subarray(['edge1', 'edge2']),
});
const version: fc.Arbitrary<Omit<ScaledVersion, 'release'>> = fc
  .record({ members: fc.array(member, { maxLength: 6 }), router: fc.option(router, { nil: undefined }) })
  .map(({ members, router }) => ({
    ...{ router, count: members.length },
    members: members.map((one, i) => ({ ...one, name: `shop_web_${i + 1}` })),
  }));
const schedules = fc.subarray<NonNullable<Scaling['schedules']>[number]>([
  { kind: 'schedule', days: [1, 2, 3, 4, 5], from: 0, to: 1440, zone: 'Europe/Berlin', min: 6 },
  { kind: 'schedule', days: [0, 1, 2, 3, 4, 5, 6], from: 480, to: 1200, zone: 'UTC', min: 6 },
  { kind: 'schedule', days: [0, 6], from: 480, to: 1200, zone: 'UTC', min: 3 },
  { kind: 'schedule', days: [1, 3], from: 480, to: 1200, zone: 'UTC', min: 4 },
]);

describe('what is said of a number', () => {
  it('is in the catalogue under recorded loads, with hosts that are silent for a while', () => {
    const heard = new Set<string>();
    for (const { everyS, points } of Object.values(RECORDINGS))
      for (const limits of [{ above: 70, below: 30 }, { target: 60 }]) {
        const mean = points.reduce((sum, one) => sum + one, 0) / points.length;
        const played = (second: number) => (points[Math.floor(second / everyS) % points.length] ?? 0) / mean;
        const rules: Scaling['rules'] = [{ metric: 'cpu', ...limits }];
        simulate(
          { kind: 'scaling', min: 2, max: 8, step: 1, rules },
          (second) => (second > 1800 ? 0.1 : played(second) * 3),
          {
            ...{ seconds: 4200, first: 2, silent: (second) => second > 900 && second < 1200 },
            planned: ({ why, sentences }) => {
              for (const text of [...why.split('; '), ...sentences]) heard.add(text);
            },
          },
        );
      }
    expect([...heard].flatMap(unsaid)).toEqual([]);
    const known = new Set([...heard].map((text) => read(text)?.key));
    expect([...known]).toEqual(
      expect.arrayContaining(['scaling.now.many', 'opinion.average', 'scaling.waits', 'scaling.goes']),
    );
  });

  it('is in the catalogue whatever there is to be seen', () => {
    const any = fc.record({
      ...{ rules, schedules, version, second: fc.option(version, { nil: undefined }) },
      ...{ releasing: fc.boolean(), step: fc.integer({ min: 1, max: 3 }), wait: fc.boolean() },
      ...{ day: fc.integer({ min: 0, max: 6 }), min: fc.integer({ min: 0, max: 3 }) },
      ...{ more: fc.integer({ min: 0, max: 6 }), current: fc.integer({ min: 0, max: 9 }) },
    });
    fc.assert(
      fc.property(any, ({ version, second, current, min, more, rules, day, wait, ...rest }) => {
        const scaling: Scaling = {
          ...{ kind: 'scaling', min, max: Math.max(1, min + more), step: rest.step },
          ...{ rules: [...rules], schedules: rest.schedules },
          ...(wait ? {} : { upAfterMs: 0, downAfterMs: 0 }),
        };
        const versions =
          second === undefined
            ? [{ ...version, release: undefined }]
            : [
                { ...version, release: 7 },
                { ...second, release: 8 },
              ];
        let memory: ScaleMemory | undefined;
        for (const now of [0, 5_000]) {
          const plan = planScale({
            ...{ now, wall: Date.UTC(2026, 10, 22 + day, 12), scaling, current },
            ...{ releasing: rest.releasing, versions, memory },
          });
          memory = plan.memory;
          expect(unsaidOf(plan)).toEqual([]);
        }
      }),
      { numRuns: 400 },
    );
  });
});
