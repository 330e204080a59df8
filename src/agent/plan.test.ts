import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Desired, DesiredState, EngineState, ObservedContainer } from '../model/container.ts';
import { observedContainer, RUNNING } from '../model/records.fixture.ts';
import { assignmentRecord } from './agent.fixture.ts';
import { type Acted, type Holding, NO_COMEBACK, NOTHING_ACTED } from './holding.ts';
import { plan } from './plan.ts';
import type { Step } from './step.ts';

type Status = EngineState['status'];

const NOW = 1_700_000_000_000;

function seen(status: Status, startedAt = 0): ObservedContainer {
  const state = { ...RUNNING, status, startedAt };
  return observedContainer('h1', 'e1', { clusterId: 'c1', name: 'web', state });
}

function hold(desired: Partial<Desired>, acted: Partial<Acted> = {}, startedBefore = 0): Holding {
  const assignment = assignmentRecord('web', { generation: 2, starts: 1, ...desired });
  return {
    kind: 'hold',
    assignment,
    startedBefore,
    acted: { ...NOTHING_ACTED, ...acted },
    comeback: NO_COMEBACK,
  };
}

const names = (steps: readonly Step[]) => steps.map(({ step }) => step);

describe('one look', () => {
  const done = { generation: 1, starts: 1, state: 'running' as const };
  const cases: [string, Holding, ObservedContainer | undefined, string[]][] = [
    ['new', hold({ state: 'created' }), undefined, ['create']],
    [
      'dead, and to come back by its policy',
      hold(
        { state: 'running', spec: { Image: 'busybox', Labels: { 'berth.restart': 'always' } } },
        { ...done, generation: 2 },
      ),
      seen('dead'),
      ['remove'],
    ],
    ['dead, without policy', hold({ state: 'running' }, { ...done, generation: 2 }), seen('dead'), []],
    ['new, to run', hold({ state: 'running' }), undefined, ['create', 'start']],
    ['new, to be paused', hold({ state: 'paused' }), undefined, ['create', 'start', 'pause']],
    ['new and stopped already', hold({ state: 'stopped' }), undefined, []],
    ['made, to run', hold({ state: 'running' }), seen('created'), ['start']],
    ['runs as it should', hold({ state: 'running' }, done), seen('running', 5), []],
    [
      'asked to start once more',
      hold({ state: 'running', starts: 2 }, done, 5),
      seen('exited', 5),
      ['start'],
    ],
    ['asked to restart', hold({ state: 'running', starts: 2 }, done, 5), seen('running', 5), ['restart']],
    ['restarted since', hold({ state: 'running', starts: 2 }, done, 5), seen('running', 6), []],
    ['ran and ended since', hold({ state: 'running', starts: 2 }, done, 5), seen('exited', 6), []],
    [
      'ended by itself, and something else changed',
      hold({ state: 'running' }, done, 5),
      seen('exited', 5),
      [],
    ],
    [
      'stopped, to run',
      hold({ state: 'running' }, { ...done, state: 'stopped' }, 5),
      seen('exited', 5),
      ['start'],
    ],
    [
      'paused, to run',
      hold({ state: 'running' }, { ...done, state: 'paused' }, 5),
      seen('paused', 5),
      ['unpause'],
    ],
    ['paused, to restart', hold({ state: 'running', starts: 2 }, done, 5), seen('paused', 5), ['restart']],
    [
      'renamed',
      hold({ state: 'running' }, { ...done, generation: 2 }),
      { ...seen('running'), name: 'old' },
      ['rename'],
    ],
    [
      'renamed and to run',
      hold({ state: 'running' }),
      { ...seen('created'), name: 'old' },
      ['rename', 'start'],
    ],
    ['renamed and to go', hold({ state: 'removed' }, done), { ...seen('exited'), name: 'old' }, ['remove']],
    ['to be stopped', hold({ state: 'stopped' }, done, 5), seen('restarting', 5), ['stop']],
    ['stopped as it should', hold({ state: 'stopped' }, done, 5), seen('exited', 5), []],
    ['to be removed', hold({ state: 'removed' }, done), seen('running', 5), ['remove']],
    ['removed as it should', hold({ state: 'removed' }, done), undefined, []],
    ['acted on, gone behind our back', hold({ state: 'running' }, { ...done, generation: 2 }), undefined, []],
    ['gone, and asked to start', hold({ state: 'running', starts: 2 }, done), undefined, ['create', 'start']],
    ['moved away, running', { kind: 'purge', id: 'c1', name: 'web' }, seen('running'), ['stop', 'remove']],
    ['moved away, ended', { kind: 'purge', id: 'c1', name: 'web' }, seen('exited'), ['remove']],
    ['moved away, gone', { kind: 'purge', id: 'c1', name: 'web' }, undefined, []],
  ];
  it.each(cases)('%s', (_, holding, observed, expected) => {
    expect(names(plan(holding, observed, NOW))).toEqual(expected);
  });

  it('makes what a container needs before it', () => {
    const holding = hold({ state: 'created' });
    if (holding.kind !== 'hold') throw new Error();
    const needs = { networks: [{ id: 'n', spec: { Name: 'net' } }], volumes: [{ spec: { Name: 'data' } }] };
    const steps = plan({ ...holding, assignment: { ...holding.assignment, needs } }, undefined, NOW);
    expect(names(steps)).toEqual(['ensure-network', 'ensure-volume', 'create']);
  });

  it('removes as the user asked, and keeps the volumes of what has moved away', () => {
    const asked = hold({ state: 'removed', remove: { force: true, volumes: true } });
    expect(plan(asked, seen('running'), NOW)).toEqual([{ step: 'remove', force: true, volumes: true }]);
    const moved = plan({ kind: 'purge', id: 'c1', name: 'web' }, seen('exited'), NOW);
    expect(moved).toEqual([{ step: 'remove', force: true, volumes: false }]);
  });
});

describe('any history', () => {
  /** What a step does to an engine's container; as Docker refuses, `undefined` status stands for none. */
  const effect = (step: Step['step'], status: Status | undefined): Status | undefined => {
    const alive = status === 'running' || status === 'paused' || status === 'restarting';
    const effects: Record<Step['step'], () => Status | undefined> = {
      'place-files': () => status,
      'ensure-network': () => status,
      'connect-network': () => status,
      'disconnect-network': () => status,
      'ensure-volume': () => status,
      'ensure-image': () => status,
      create: () => (status === undefined ? 'created' : refuse()),
      rename: () => status,
      start: () => (status === undefined || status === 'paused' ? refuse() : 'running'),
      stop: () => (alive ? 'exited' : refuse()),
      restart: () => (status === undefined ? refuse() : 'running'),
      pause: () => (status === 'running' ? 'paused' : refuse()),
      unpause: () => (status === 'paused' ? 'running' : refuse()),
      remove: () => (status === undefined ? refuse() : undefined),
    };
    const refuse = (): never => {
      throw new Error(`${step} of a container that is ${status ?? 'not there'}`);
    };
    return effects[step]();
  };

  const state = fc.constantFrom<DesiredState>('created', 'running', 'stopped', 'removed');
  const wish = fc.record({
    state,
    startMore: fc.nat({ max: 1 }),
    /** After how many steps the agent is killed, losing its notes; none if there are fewer. */
    killedAfter: fc.option(fc.nat({ max: 4 }), { nil: undefined }),
    /** What happens by itself before the wish comes. */
    before: fc.constantFrom<'nothing' | 'dies' | 'vanishes'>('nothing', 'nothing', 'dies', 'vanishes'),
  });

  it('ends in the state that was asked for last, killed anywhere, and starts no more often than asked', () => {
    fc.assert(
      fc.property(fc.array(wish, { minLength: 1, maxLength: 8 }), (wishes) => {
        let status: Status | undefined;
        let startedAt = 0;
        let clock = 0;
        let acted: Acted = NOTHING_ACTED;
        let starts = 0;
        for (const [i, { state: wanted, startMore, killedAfter, before }] of wishes.entries()) {
          if (before === 'dies' && status === 'running') status = 'exited';
          if (before === 'vanishes') {
            status = undefined;
            startedAt = 0;
          }
          starts += wanted === 'running' ? startMore : 0;
          const startedBefore = startedAt;
          let started = 0;
          const desired = {
            generation: i + 1,
            state: wanted,
            starts,
            remove: { force: true, volumes: false },
          };
          const look = () => (status === undefined ? undefined : seen(status, startedAt));
          const run = (limit: number) => {
            const steps = plan(hold(desired, acted, startedBefore), look(), NOW);
            for (const { step } of steps.slice(0, limit)) {
              const next = effect(step, status);
              if (step === 'start' || step === 'restart') {
                startedAt = ++clock;
                started++;
              }
              if (next === undefined) startedAt = 0;
              status = next;
            }
          };
          if (killedAfter !== undefined) run(killedAfter);
          run(Number.POSITIVE_INFINITY);
          const asked = starts > acted.starts || acted.state !== 'running';
          acted = { generation: i + 1, starts, state: wanted };
          expect(started).toBeLessThanOrEqual(1);
          expect(plan(hold(desired, acted, startedBefore), look(), NOW)).toEqual([]);
          if (wanted === 'removed') expect(status).toBeUndefined();
          if (wanted === 'stopped') expect(status).not.toBe('running');
          if (wanted === 'running' && asked) expect(status).toBe('running');
          if (wanted === 'created') expect(status).toBeDefined();
        }
      }),
      { numRuns: 500 },
    );
  });
});
