import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ObservedContainer } from '../../model/container.ts';
import type { Probe, Probes } from '../../model/probe.ts';
import { assignmentRecord } from '../agent.fixture.ts';
import { type Hold, NO_COMEBACK, type Verdict } from '../holding.ts';
import { plan } from '../plan.ts';
import { judged, probedNow, restartDue, saidOfProbes } from './probed.ts';

const probe = (check: Probe['check']): Probe => ({
  ...{ kind: 'probe', check, intervalMs: 1_000, timeoutMs: 500, successes: 1, failures: 3, startPeriodMs: 0 },
});
const BOTH: Probes = {
  readiness: probe({ kind: 'tcp', port: 1 }),
  liveness: probe({ kind: 'tcp', port: 2 }),
};
const verdict = (health: Verdict['health'], since = 1_000): Verdict => ({
  ...{ health, since, results: [{ at: since, ms: 1, ok: health === 'healthy', said: `${health}!` }] },
});

function seen(startedAt = 500, state: Partial<ObservedContainer['state']> = {}): ObservedContainer {
  return {
    ...{ engineId: 'e1', name: 'web' },
    state: { status: 'running', startedAt, finishedAt: 0, health: 'none', ...state },
    networkSettings: {},
  } as unknown as ObservedContainer;
}

function hold(change: Partial<Hold> = {}, probes: Probes = BOTH): Hold {
  return {
    kind: 'hold',
    assignment: { ...assignmentRecord('web', { state: 'running', starts: 1 }), probes },
    startedBefore: 0,
    acted: { generation: 1, starts: 1, state: 'running', engineId: 'e1' },
    comeback: NO_COMEBACK,
    ...change,
  };
}
/** The hold after that verdict of liveness. */
function living(before: Hold, health: Verdict['health'], now: number, observed = seen()): Hold {
  const probed = judged(probedNow(before, observed), 'liveness', verdict(health, now), now, () => 1);
  return { ...before, probed };
}

describe('what is told', () => {
  it('of a container without probes, or with the engine’s own check, is nothing', () => {
    const { assignment } = hold();
    const { probes: _, ...without } = assignment;
    expect(saidOfProbes(hold({ assignment: without }), seen())).toEqual({ restarts: 0 });
    expect(saidOfProbes(hold({}, { readiness: probe({ kind: 'image' }) }), seen())).toEqual({ restarts: 0 });
    expect(saidOfProbes(hold(), seen(500, { status: 'exited' }))).toEqual({ restarts: 0 });
  });

  it('before the first verdict: it starts', () => {
    expect(saidOfProbes(hold(), seen()).probes).toEqual({
      ...{ ready: false, live: true, starting: true, since: 500, said: '', results: [] },
    });
    expect(saidOfProbes(hold({}, { liveness: BOTH.liveness }), seen()).probes).toMatchObject({
      ...{ ready: true, live: true, starting: true },
    });
  });

  it('the bad one, where one of two fails and the other has yet to be met', () => {
    const before = hold();
    const probed = judged(probedNow(before, seen()), 'readiness', verdict('unhealthy'), 1_000, () => 1);
    expect(saidOfProbes({ ...before, probed }, seen()).probes).toMatchObject({
      ready: false,
      starting: false,
    });
  });

  it('the last verdict, of this run and no other', () => {
    const ready = judged(probedNow(hold(), seen()), 'readiness', verdict('healthy', 2_000), 2_000, () => 1);
    expect(saidOfProbes(hold({ probed: ready }), seen()).probes).toMatchObject({
      ...{ ready: true, live: true, starting: true, since: 2_000, said: 'healthy!' },
    });
    expect(saidOfProbes(hold({ probed: ready }), seen(900)).probes).toMatchObject({
      ready: false,
      since: 900,
    });
    const dead = living(hold({ probed: ready }), 'unhealthy', 3_000);
    expect(saidOfProbes(dead, seen()).probes).toMatchObject({
      ...{ ready: true, live: false, starting: false, since: 3_000, said: 'unhealthy!' },
    });
  });
});

describe('a restart because of liveness', () => {
  it('is due at once, then later and later while it does not live for long', () => {
    let now = 10_000;
    let at = hold();
    const delays: number[] = [];
    for (let run = 0; run < 9; run++) {
      const observed = seen(now);
      at = living(at, 'unhealthy', now, observed);
      const due = restartDue(at, observed) ?? Number.NaN;
      delays.push(due - now);
      expect(saidOfProbes(at, observed).restarts).toBe(run);
      now = due + 1_000;
      // Restarted: another run.
      expect(restartDue(at, seen(now))).toBeUndefined();
      expect(saidOfProbes(at, seen(now)).restarts).toBe(run + 1);
    }
    expect(delays).toEqual([0, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
    // Live for ten seconds: back-off begins anew, the count goes on.
    const observed = seen(now);
    at = living(at, 'healthy', now + 100, observed);
    at = living(at, 'unhealthy', now + 10_100, observed);
    expect(restartDue(at, observed)).toBe(now + 10_100);
    expect(at.probed?.restarts).toBe(10);
  });

  it('is none where it lives again before', () => {
    const again = living(living(hold(), 'unhealthy', 1_000), 'healthy', 1_500);
    expect(restartDue(again, seen())).toBeUndefined();
    expect(saidOfProbes(again, seen()).restarts).toBe(0);
  });

  it('is not counted on over a start by the user', () => {
    const dead = living(hold(), 'unhealthy', 1_000);
    const assignment = { ...assignmentRecord('web', { state: 'running', starts: 2 }), probes: BOTH };
    expect(probedNow({ ...dead, assignment }, seen(2_000))).toMatchObject({ restarts: 0, short: 0 });
  });

  it.each(['stopped', 'paused', 'removed'] as const)('is not made of what is to be %s', (state) => {
    const dead = living(hold(), 'unhealthy', 1_000);
    const assignment = { ...assignmentRecord('web', { state, starts: 1 }), probes: BOTH };
    expect(restartDue({ ...dead, assignment }, seen())).toBeUndefined();
  });

  it('is not made of what the agent has still to start', () => {
    const dead = living(hold(), 'unhealthy', 1_000);
    expect(restartDue({ ...dead, acted: { ...dead.acted, state: 'stopped' } }, seen())).toBeUndefined();
  });

  it('is planned when it is time, and only of the run that failed; one that was broken off is gone on with', () => {
    const dead = { ...living(hold(), 'unhealthy', 10_000) };
    const steps = (now: number, observed: ObservedContainer) =>
      plan(dead, { ...observed, name: 'web' }, now).map(({ step }) => step);
    expect(steps(9_000, seen())).toEqual([]);
    expect(steps(10_000, seen())).toEqual(['restart']);
    expect(steps(10_000, seen(10_001))).toEqual([]);
    expect(steps(11_000, seen(500, { status: 'exited', finishedAt: 10_500 }))).toEqual(['start']);
    // It had ended by itself before: without a policy that is the end.
    expect(steps(11_000, seen(500, { status: 'exited', finishedAt: 9_500 }))).toEqual([]);
  });

  it('readiness never leads to one, whatever it says', () => {
    const words = fc.array(fc.constantFrom('starting', 'healthy', 'unhealthy' as const));
    fc.assert(
      fc.property(words, (history) => {
        let at = hold();
        for (const [i, health] of history.entries()) {
          const word = verdict(health as Verdict['health'], i);
          at = { ...at, probed: judged(probedNow(at, seen()), 'readiness', word, i, Math.random) };
        }
        expect(restartDue(at, seen())).toBeUndefined();
        expect(saidOfProbes(at, seen()).restarts).toBe(0);
      }),
    );
  });
});
