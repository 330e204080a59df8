import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Desired, DockerSpec, EngineState, ObservedContainer } from '../model/container.ts';
import { observedContainer, RUNNING } from '../model/records.fixture.ts';
import { assignmentRecord } from './agent.fixture.ts';
import { accountFor, doubted, dueOf, endOf, refusedAgain, SETTLE_MS, waitFor } from './comeback.ts';
import { type Acted, type Comeback, type Hold, NO_COMEBACK } from './holding.ts';
import { plan } from './plan.ts';

const NOW = 1_700_000_000_000;
const LONGEST = 60_000;

type Policy = Readonly<{ label?: string; docker?: string }>;

function hold(policy: Policy, comeback: Comeback = NO_COMEBACK, desired: Partial<Desired> = {}): Hold {
  const spec: Partial<DockerSpec> = {
    Labels: policy.label === undefined ? null : { 'berth.restart': policy.label },
    HostConfig: policy.docker === undefined ? null : { RestartPolicy: { Name: policy.docker } },
  };
  const assignment = assignmentRecord('web', { state: 'running', starts: 1, ...desired }, spec);
  const acted: Acted = { generation: 1, starts: 1, state: 'running', engineId: 'e1' };
  return { kind: 'hold', assignment, startedBefore: 0, acted, comeback };
}

function seen(state: Partial<EngineState>, engineId = 'e1'): ObservedContainer {
  const base = { ...RUNNING, startedAt: NOW - 1_000 };
  return observedContainer('h1', engineId, { clusterId: 'c1', name: 'web', state: { ...base, ...state } });
}

const ended = (exitCode: number, startedAt = NOW - 1_000, finishedAt = NOW) =>
  seen({ status: 'exited', exitCode, startedAt, finishedAt });
const about = (now = NOW, byHand = false) => ({ now, byHand, random: () => 1 });

/** The comeback after that look, and what is to be done then. */
function looked(before: Hold, observed: ObservedContainer | undefined, byHand = false) {
  const comeback = accountFor(before, observed, about(NOW, byHand));
  return { comeback, due: dueOf({ ...before, comeback }, observed) };
}

describe('an end', () => {
  const start = (delay: number) => ({ at: NOW + delay, make: false, start: true });
  const make = (begin: boolean) => ({ at: NOW + 100, make: true, start: begin });
  const held: Comeback = { ...NO_COMEBACK, end: 'e1 ended 1', at: NOW - 1, stays: 'held' };
  const cases: [string, Hold, ObservedContainer | undefined, boolean, unknown][] = [
    ['no policy', hold({}), ended(1), false, undefined],
    ['no policy, gone', hold({}), undefined, false, undefined],
    ['always', hold({ label: 'always' }), ended(0), false, start(100)],
    ['always, by hand: after a while', hold({ label: 'always' }), ended(0), true, start(SETTLE_MS)],
    ['unless-stopped', hold({ label: 'unless-stopped' }), ended(0), false, start(100)],
    ['unless-stopped, by hand', hold({ label: 'unless-stopped' }), ended(0), true, undefined],
    ['on-failure', hold({ label: 'on-failure' }), ended(3), false, start(100)],
    ['on-failure, no failure', hold({ label: 'on-failure' }), ended(0), false, undefined],
    [
      'on-failure, one left',
      hold({ label: 'on-failure:2' }, { ...NO_COMEBACK, count: 1 }),
      ended(3),
      false,
      start(100),
    ],
    [
      'on-failure, spent',
      hold({ label: 'on-failure:2' }, { ...NO_COMEBACK, count: 2 }),
      ended(3),
      false,
      undefined,
    ],
    [
      'lived long',
      hold({ label: 'always' }, { ...NO_COMEBACK, short: 9 }),
      ended(1, NOW - 10_000),
      false,
      start(100),
    ],
    [
      'lived short again',
      hold({ label: 'always' }, { ...NO_COMEBACK, short: 3 }),
      ended(1),
      false,
      start(800),
    ],
    ['the engine restarts it', hold({ docker: 'always', label: 'always' }), ended(1), false, undefined],
    ['gone: by label', hold({ label: 'on-failure' }), undefined, false, make(true)],
    ["gone: by Docker's policy", hold({ docker: 'on-failure' }), undefined, false, make(true)],
    ['gone, stopped by hand before', hold({ docker: 'unless-stopped' }, held), undefined, false, make(false)],
    [
      'gone, to be stopped',
      hold({ label: 'always' }, NO_COMEBACK, { state: 'stopped' }),
      undefined,
      false,
      make(false),
    ],
    [
      'stopped by the user',
      hold({ label: 'always' }, NO_COMEBACK, { state: 'stopped' }),
      ended(1),
      false,
      undefined,
    ],
    [
      'removed by the user',
      hold({ label: 'always' }, NO_COMEBACK, { state: 'removed' }),
      undefined,
      false,
      undefined,
    ],
    ['made again and not started', hold({ docker: 'always' }), seen({ status: 'created' }), false, start(0)],
  ];
  it.each(cases)('%s', (_, before, observed, byHand, expected) => {
    expect(looked(before, observed, byHand).due).toEqual(expected);
  });

  it('that the engine has refused is not answered', () => {
    const before = hold({ label: 'always' });
    const refused: Hold = { ...before, acted: { ...before.acted, refused: { status: 500, message: 'no' } } };
    expect(looked(refused, ended(1)).due).toBeUndefined();
    expect(looked(refused, undefined).due).toBeUndefined();
  });

  it('is counted once, and counts for nothing where somebody else was faster', () => {
    const before = hold({ label: 'always' });
    const { comeback } = looked(before, ended(1), true);
    expect(comeback).toMatchObject({ count: 1, short: 1 });
    expect(accountFor({ ...before, comeback }, ended(1), about(NOW + 500))).toBe(comeback);
    const alive = accountFor({ ...before, comeback }, seen({ startedAt: NOW + 600 }), about(NOW + 700));
    expect(alive).toEqual({ count: 0, short: 0, at: comeback.at });
    expect(accountFor({ ...before, comeback }, seen({}), about(NOW + SETTLE_MS))).toBe(comeback);
  });

  it('by `docker rm -f` is no stop by hand, and no failure', () => {
    const before = hold({ label: 'unless-stopped' });
    const { comeback } = looked(before, ended(137), true);
    expect(comeback.stays).toBe('held');
    const gone = accountFor({ ...before, comeback }, undefined, about(NOW + 300));
    expect(dueOf({ ...before, comeback: gone }, undefined)).toMatchObject({ make: true, start: true });
    const counted = looked(hold({ label: 'on-failure:3' }), ended(137), true).comeback;
    expect(
      accountFor({ ...hold({ label: 'on-failure:3' }), comeback: counted }, undefined, about(NOW + 300))
        .count,
    ).toBe(0);
  });

  it('stopped by hand stays, and by an engine that went does not', () => {
    const before = hold({ label: 'unless-stopped' });
    const { comeback } = looked(before, ended(143), true);
    expect(doubted(comeback, NOW + 3_600_000, 60_000)).toBe(comeback);
    const again = { ...before, comeback: doubted(comeback, NOW + 9_000, 60_000) };
    expect(looked(again, ended(143)).due).toEqual({ at: NOW + 100, make: false, start: true });
  });

  it('of what its engine can never start again: it is taken away at once, and is back at once', () => {
    const words = `task ${'5'.repeat(64)}: already exists`;
    let stuck = looked(hold({ label: 'always' }), ended(137)).comeback;
    const refuse = () => {
      stuck = refusedAgain({ ...hold({ label: 'always' }), comeback: stuck }, ended(137), about(), words);
    };
    for (let n = 0; n < 4; n++) {
      expect(stuck).not.toHaveProperty('stuck');
      refuse();
    }
    const holding = () => ({ ...hold({ label: 'always' }), comeback: stuck });
    expect(plan(holding(), ended(137), NOW)).toEqual([{ step: 'remove', force: true, volumes: false }]);
    expect(looked(holding(), undefined).due).toEqual(make(true));
    refuse();
    expect(stuck.at).toBe(NOW + 3_200);
    expect(plan(holding(), ended(137), NOW)).toEqual([]);
  });

  it('a clock that was set back keeps nothing down', () => {
    expect(waitFor({ at: NOW + 3_600_000, make: false, start: true }, NOW)).toBe(0);
    expect(waitFor({ at: NOW + LONGEST, make: false, start: true }, NOW)).toBe(LONGEST);
  });
});

describe('any history', () => {
  const policy = fc.constantFrom<Policy>(
    ...[
      {},
      { label: 'always' },
      { label: 'unless-stopped' },
      { label: 'on-failure' },
      { label: 'on-failure:3' },
    ],
    ...[{ docker: 'always' }, { docker: 'unless-stopped' }, { docker: 'on-failure' }],
    { docker: 'on-failure', label: 'always' },
  );
  const happening = fc.record({
    what: fc.constantFrom(
      'exits',
      'fails',
      'is killed by hand',
      'is removed',
      'user stops',
      'user starts',
      'user removes',
      'refusal',
    ),
    /** How long it runs before, milliseconds. */
    runs: fc.constantFrom(5, 500, 9_999, 10_001, 700_000),
    /** The agent is killed after so many steps of its next plan, and comes again with what is on its disk. */
    killedAfter: fc.option(fc.nat({ max: 3 }), { nil: undefined }),
  });

  it('brings back what is to come back, once, bounded, and never what the user has stopped or the engine restarts', () => {
    fc.assert(
      fc.property(policy, fc.array(happening, { maxLength: 25 }), (given, happenings) => {
        let now = NOW;
        let holding = hold(given);
        let observed: ObservedContainer | undefined = seen({ startedAt: now });
        let made = 0;
        let waits: number[] = [];
        const desire = (desired: Partial<Desired>) => {
          holding = {
            ...hold(given, holding.comeback, desired),
            acted: { ...holding.acted, state: desired.state },
          };
        };
        const finish = (exitCode: number) => {
          if (observed?.state.status !== 'running') return;
          observed = {
            ...observed,
            state: { ...observed.state, status: 'exited', exitCode, finishedAt: now },
          };
        };
        /** Acts as a reconciler does, to the end. */
        const settle = (byHand: boolean, refuse: boolean, killedAfter: number | undefined) => {
          let refusals = refuse ? 3 : 0;
          let kills = killedAfter === undefined ? 0 : 1;
          for (let round = 0; ; round++) {
            expect(round).toBeLessThan(20);
            const before = holding.comeback;
            const comeback = accountFor(holding, observed, { now, byHand, random: () => 0.5 });
            holding = { ...holding, comeback };
            // Each look is answered once.
            expect(accountFor(holding, observed, { now, byHand, random: () => 0.5 })).toBe(comeback);
            const due = dueOf(holding, observed);
            if (due === undefined) return;
            const wait = waitFor(due, now);
            expect(wait).toBeLessThanOrEqual(LONGEST);
            if (comeback !== before && !byHand && observed?.state.status === 'exited') waits.push(wait);
            if (wait > 0) expect(plan(holding, observed, now)).toEqual([]);
            now += wait;
            let done = 0;
            let refused = false;
            for (const { step } of plan(holding, observed, now)) {
              if (kills > 0 && done++ === killedAfter) break;
              if (refusals > 0) {
                refusals--;
                refused = true;
                break;
              }
              if (step === 'create') {
                expect(observed).toBeUndefined();
                observed = seen({ status: 'created', startedAt: 0 }, `e${++made + 1}`);
              }
              if (step === 'start') {
                expect(holding.assignment.desired.state).toBe('running');
                expect(given.label !== undefined || observed?.state.status === 'created').toBe(true);
                if (given.docker !== undefined) expect(observed?.state.status).toBe('created');
                if (observed !== undefined)
                  observed = { ...observed, state: { ...observed.state, status: 'running', startedAt: now } };
              }
            }
            kills--;
            if (refused) {
              const next = refusedAgain(holding, observed, { now, byHand, random: () => 0.5 }, 'in use');
              if (next.stays === undefined) expect(next.at).toBeGreaterThan(now);
              holding = { ...holding, comeback: next };
            }
            if (observed !== undefined)
              holding = { ...holding, acted: { ...holding.acted, engineId: observed.engineId } };
          }
        };
        for (const { what, runs, killedAfter } of happenings) {
          now += runs;
          if (runs >= 10_000) waits = [];
          const ran = observed?.state.status === 'running';
          if (what === 'exits') finish(0);
          if (what === 'fails' || what === 'refusal') finish(1);
          if (what === 'is killed by hand') finish(137);
          if (what === 'is removed') observed = undefined;
          if (what === 'user stops') {
            finish(143);
            desire({ state: 'stopped' });
          }
          if (what === 'user starts') {
            desire({ state: 'running' });
            holding = { ...holding, comeback: NO_COMEBACK };
            observed = { ...(observed ?? seen({}, `e${++made + 1}`)), state: seen({ startedAt: now }).state };
            holding = { ...holding, acted: { ...holding.acted, engineId: observed.engineId } };
            waits = [];
          }
          if (what === 'user removes') {
            desire({ state: 'removed' });
            observed = undefined;
          }
          const byHand = what === 'is killed by hand';
          settle(byHand, what === 'refusal', killedAfter);
          const { state } = holding.assignment.desired;
          if (state !== 'running') expect(observed?.state.status).not.toBe('running');
          if (state === 'removed') expect(observed).toBeUndefined();
          // Gone and wanted: made again, in exactly one piece.
          const some = given.label !== undefined || given.docker !== undefined;
          if (what === 'is removed' && state !== 'removed') expect(observed === undefined).toBe(!some);
          if (state === 'running' && given.label === 'always' && given.docker === undefined)
            expect(observed?.state.status).toBe('running');
          if (given.label === 'on-failure:3') expect(holding.comeback.count).toBeLessThanOrEqual(4);
          if (what === 'exits' && ran && given.label?.startsWith('on-failure'))
            expect(observed?.state.status).toBe('exited');
          if (observed !== undefined && observed.state.status === 'running')
            expect(endOf(holding, observed)).toBeUndefined();
        }
        // Between long lives each wait is at least as long as the one before.
        for (const [i, wait] of waits.entries())
          if (i > 0) expect(wait).toBeGreaterThanOrEqual(Math.min(waits[i - 1] ?? 0, 45_000));
      }),
      { numRuns: 1_000 },
    );
  });

  it('waits longer and longer for what does not live long, and no longer than a minute', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), {
          minLength: 40,
          maxLength: 60,
        }),
        (randoms) => {
          let now = NOW;
          let holding = hold({ label: 'always' });
          const waits = randoms.map((random) => {
            const observed = ended(1, now - 10, now);
            holding = {
              ...holding,
              comeback: accountFor(holding, observed, { now, byHand: false, random: () => random }),
            };
            const wait = holding.comeback.at - now;
            now = holding.comeback.at + 10;
            return wait;
          });
          for (const [i, wait] of waits.entries()) {
            const step = Math.min(LONGEST, 100 * 2 ** Math.min(i, 30));
            expect(wait).toBeGreaterThanOrEqual(Math.floor(step / 2));
            expect(wait).toBeLessThanOrEqual(step);
          }
          expect(holding.comeback.count).toBe(randoms.length);
        },
      ),
    );
  });
});
