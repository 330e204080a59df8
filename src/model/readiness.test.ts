import { describe, expect, it } from 'vitest';
import type { Container, EngineState, ObservedContainer, ObservedProbes } from './container.ts';
import type { Probe } from './probe.ts';
import { healthOf, isReady, leavesRouters } from './readiness.ts';

const probe = (check: Probe['check']): Probe => ({
  ...{ kind: 'probe', check, intervalMs: 1, timeoutMs: 1, successes: 1, failures: 1, startPeriodMs: 0 },
});
const tcp = { readiness: probe({ kind: 'tcp', port: 80 }) };
const image = { readiness: probe({ kind: 'image' }) };
const liveness = { liveness: probe({ kind: 'tcp', port: 80 }) };

function seen(
  health: EngineState['health'],
  probes?: Partial<ObservedProbes>,
  status: EngineState['status'] = 'running',
): ObservedContainer {
  const found = { ready: true, live: true, starting: false, since: 0, said: '', results: [], ...probes };
  return {
    state: { status, health },
    ...(probes === undefined ? {} : { probes: found }),
  } as unknown as ObservedContainer;
}

describe('isReady', () => {
  it.each([
    ['not seen', undefined, undefined, false],
    ['ended', seen('none', undefined, 'exited'), undefined, false],
    ['paused', seen('healthy', { ready: true }, 'paused'), tcp, false],
    ['runs', seen('none'), undefined, true],
    ['its engine’s check has not been met yet', seen('starting'), undefined, false],
    ['its engine’s check fails', seen('unhealthy'), image, false],
    ['its engine’s check is met', seen('healthy'), image, true],
    ['it has no check of the engine’s', seen('none'), image, true],
    ['not probed yet', seen('none'), tcp, false],
    ['the probe fails', seen('none', { ready: false }), tcp, false],
    ['the probe is met', seen('none', { ready: true }), tcp, true],
    ['the probe goes before the engine’s check', seen('unhealthy', { ready: true }), tcp, true],
    ['liveness is not readiness', seen('none', { live: false }), liveness, true],
  ])('%s', (_, observed, probes, ready) => {
    expect(isReady(observed, { probes })).toBe(ready);
  });
});

it.each([
  [seen('none'), 'none'],
  [seen('healthy', { ready: false }), 'healthy'],
  [seen('none', { starting: true, ready: false }), 'starting'],
  [seen('none', {}), 'healthy'],
  [seen('none', { ready: false }), 'unhealthy'],
  [seen('none', { live: false }), 'unhealthy'],
  [seen('none', {}, 'exited'), 'none'],
])('health as Docker shows it: %#', (observed, health) => {
  expect(healthOf(observed)).toBe(health);
});

it.each([
  ['it stays', {}, false],
  ['its service takes it away', { service: { leaving: true } }, true],
  ['its requests end before it moves', { assigned: { moving: { phase: 'drain' } } }, true],
  ['it is stopped where it was', { assigned: { moving: { phase: 'stop' } } }, true],
  ['it starts where it is to be', { assigned: { moving: { phase: 'start' } } }, false],
])('routers leave it where it is to go: %s', (_, more, leaves) => {
  expect(leavesRouters({ assigned: {}, ...more } as unknown as Container)).toBe(leaves);
});
