import { expect, it } from 'vitest';
import type { Container, EngineState, ObservedContainer, ObservedProbes } from '../../../model/container.ts';
import type { Probe } from '../../../model/probe.ts';
import type { Service } from '../../../model/service.ts';
import { conditionOf, readyWithin } from './member.ts';

const check = { kind: 'tcp', port: 80 } as const;
const readiness: Probe = {
  ...{ kind: 'probe', check, intervalMs: 1, timeoutMs: 1, successes: 1, failures: 1, startPeriodMs: 0 },
};

function condition(
  found: Partial<ObservedProbes> | undefined,
  health: EngineState['health'] = 'none',
  probes: Container['probes'] = { readiness },
) {
  const base = { ready: true, live: true, starting: false, since: 0, said: '', results: [] };
  const seen = {
    state: { status: 'running', health },
    ...(found === undefined ? {} : { probes: { ...base, ...found } }),
  } as unknown as ObservedContainer;
  const container = { desired: { state: 'running' }, assigned: { hostId: 'h', at: 0 }, probes };
  return conditionOf(container as unknown as Container, seen, 'service');
}

it.each([
  ['its host has not looked yet', condition(undefined), 'starting', 'is not healthy yet'],
  ['it is not ready yet', condition({ starting: true, ready: false }), 'starting', 'is not healthy yet'],
  ['it is ready', condition({}), 'ready', ''],
  ['it is not', condition({ ready: false, said: 'HTTP 503' }), 'failed', 'is unhealthy: HTTP 503'],
  ['it is not live', condition({ live: false, said: 'exit 1' }), 'failed', 'is not live: exit 1'],
  [
    'the engine’s own check has not been met',
    condition(undefined, 'starting', {}),
    'starting',
    'is not healthy yet',
  ],
  ['the engine’s own check fails', condition(undefined, 'unhealthy', {}), 'failed', 'is unhealthy'],
  ['nothing is looked at', condition(undefined, 'none', {}), 'ready', ''],
])('a container of a service: %s', (_, { state, said, running }, expected, words) => {
  expect({ state, said, running }).toEqual({ state: expected, said: words, running: true });
});

it('a container that moves has not failed where its old host has stopped it', () => {
  const ended = { state: { status: 'exited', exitCode: 143, error: '' } } as unknown as ObservedContainer;
  const moving = (phase: 'drain' | 'stop' | 'start') =>
    conditionOf(
      {
        desired: { state: 'running', spec: { Image: 'x', Labels: { 'berth.restart': 'always' } } },
        assigned: { moving: { hostId: 'h2', phase } },
      } as unknown as Container,
      ended,
      'service',
    ).state;
  expect([moving('stop'), moving('start'), moving('drain')]).toEqual(['starting', 'starting', 'failed']);
});

it.each([
  ['no', 0, { state: 'ended', running: false, said: '' }],
  ['no', 3, { state: 'failed', running: false, said: 'ended with 3', final: true }],
  ['on-failure', 0, { state: 'ended', running: false, said: '' }],
  ['on-failure', 3, { state: 'failed', running: false, said: 'ended with 3' }],
  // The engine has had its attempts: while it has some left the container is restarting.
  ['on-failure:2', 3, { state: 'failed', running: false, said: 'ended with 3', final: true }],
  ['on-failure:2', 0, { state: 'ended', running: false, said: '' }],
  ['always', 0, { state: 'failed', running: false, said: 'ended with 0' }],
])('a container with restart %s that has ended with %i', (policy, exitCode, expected) => {
  const [Name, most = '0'] = policy.split(':');
  const seen = { state: { status: 'exited', exitCode, error: '' } } as unknown as ObservedContainer;
  const spec = { Image: 'x', HostConfig: { RestartPolicy: { Name, MaximumRetryCount: Number(most) } } };
  const container = { desired: { state: 'running', spec }, assigned: {} } as unknown as Container;
  expect(conditionOf(container, seen, 'service')).toEqual(expected);
});

it('has failed where its engine would not have it, or could not run it, whatever else is seen', () => {
  const how = (seen: object, more: object = {}, runs: 'service' | 'job' = 'service') => {
    const container = { desired: { state: 'running', spec: { Image: 'x' } }, assigned: {}, ...more };
    const { state } = conditionOf(container as unknown as Container, seen as ObservedContainer, runs);
    return state;
  };
  const ended = { status: 'exited', exitCode: 0, error: '' };
  expect(how({ state: { status: 'running', health: 'none' } })).toBe('ready');
  expect(how({ state: { status: 'running', health: 'none' } }, { service: { refusal: 'no' } })).toBe(
    'failed',
  );
  expect(how({ state: ended }, {}, 'job')).toBe('ended');
  expect(how({ state: { ...ended, error: 'no such file' } }, {}, 'job')).toBe('failed');
});

it('has failed as a service’s where it ends and is started again, and not as a job’s', () => {
  const how = (runs: 'service' | 'job') => {
    const container = { desired: { state: 'running', spec: { Image: 'x' } }, assigned: {} };
    const seen = { state: { status: 'exited', exitCode: 1, error: '' }, nextStartAt: 5 };
    return conditionOf(container as Container, seen as ObservedContainer, runs).state;
  };
  expect([how('service'), how('job')]).toEqual(['failed', 'starting']);
});

it('has the time of its probe once its process runs, and minutes until then', () => {
  const service = { update: { monitorMs: 0 }, readiness: { ...readiness, startPeriodMs: 30_000 } };
  const within = (running: boolean) => readyWithin(service as unknown as Service, { running });
  expect([within(true), within(false)]).toEqual([90_002, 480_000]);
});
