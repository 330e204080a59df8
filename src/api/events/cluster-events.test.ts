import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import type { EngineEvent } from '../../contract/link.ts';
import type { Clock } from '../../kit/clock.ts';
import { LABEL_ID } from '../../model/labels.ts';
import { hostRecord, hostStatusRecord } from '../../model/records.fixture.ts';
import { newMemoryStore } from '../../store/index.ts';
import { type ClusterEvent, newClusterEvents } from './cluster-events.ts';
import { nanosOf } from './event-log.ts';

/** 2026, in nanoseconds. */
const BASE = 1_763_700_000_000_000_000;
const WINDOW = 100;

/** Time that moves only when told to. */
function manualClock(): Clock & { advance(ms: number): Promise<void>; set(by: number): void } {
  let now = 1_000_000_000;
  /** Timers do not mind when the clock is set. */
  let offset = 0;
  let sleepers: { at: number; wake(): void }[] = [];
  return {
    now: () => now + offset,
    set: (by) => {
      offset += by;
    },
    sleep: (ms) => new Promise((wake) => void sleepers.push({ at: now + ms, wake })),
    async advance(ms) {
      const end = now + ms;
      for (;;) {
        const next = sleepers.filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at)[0];
        if (next === undefined) break;
        now = next.at;
        sleepers = sleepers.filter((sleeper) => sleeper !== next);
        next.wake();
        // The promise's reactions, and those of what they start.
        for (let turn = 0; turn < 4; turn++) await Promise.resolve();
      }
      now = end;
    },
  };
}

function event(timeNano: number, id: string, more: Partial<EngineEvent> = {}): EngineEvent {
  return {
    Type: 'container',
    Action: 'start',
    Actor: { ID: id, Attributes: {} },
    time: Math.floor(timeNano / 1e9),
    timeNano,
    ...more,
  };
}

const open: { close(): void }[] = [];
afterEach(() => {
  for (const events of open.splice(0)) events.close();
});

function make(keep?: number) {
  const clock = manualClock();
  const store = newMemoryStore();
  const events = newClusterEvents({ store, clock, windowMs: WINDOW, keep });
  open.push(events);
  return { clock, store, events };
}

describe('newClusterEvents', () => {
  /** When each event happened (ms), how long it took to come in (ms, within the window), and on which host. */
  const arrivals = fc.array(
    fc.record({
      at: fc.nat(400),
      delay: fc.nat(WINDOW - 1),
      host: fc.constantFrom('h1', 'h2', 'h3'),
    }),
    { maxLength: 40 },
  );

  it('sorts any interleaving within the window, and loses and doubles nothing', async () => {
    await fc.assert(
      fc.asyncProperty(arrivals, async (plan) => {
        const { clock, events } = make();
        const heard: ClusterEvent[] = [];
        events.subscribe(undefined, (heardEvent) => heard.push(heardEvent));
        const incoming = plan
          .map((entry, index) => ({ ...entry, index, arrival: entry.at + entry.delay }))
          .toSorted((a, b) => a.arrival - b.arrival);
        let now = 0;
        for (const { at, host, index, arrival } of incoming) {
          await clock.advance(arrival - now);
          now = arrival;
          events.add(host, [event(BASE + at * 1e6, `c${index}`)]);
        }
        await clock.advance(WINDOW + 1);
        expect(heard.map(({ Actor }) => Actor.ID).toSorted()).toEqual(plan.map((_, i) => `c${i}`).toSorted());
        for (let i = 1; i < heard.length; i++) {
          expect(heard[i]?.timeNano).toBeGreaterThan(heard[i - 1]?.timeNano ?? 0);
        }
      }),
      { numRuns: 60 },
    );
  });

  it.each([3, -3])('holds nothing for longer because the clock was set by %s h meanwhile', async (hours) => {
    const { clock, events } = make();
    const heard: string[] = [];
    events.subscribe(undefined, ({ Actor }) => heard.push(Actor.ID));
    events.add('h1', [event(BASE, 'before')]);
    clock.set(hours * 3_600_000);
    await clock.advance(WINDOW + 1);
    expect(heard).toEqual(['before']);
    events.add('h1', [event(BASE + 1, 'after')]);
    await clock.advance(WINDOW + 1);
    expect(heard).toEqual(['before', 'after']);
  });

  it('resumes after the last one seen, wherever the reader left', async () => {
    await fc.assert(
      fc.asyncProperty(arrivals, fc.nat(40), async (plan, leaveAfter) => {
        const { clock, events } = make();
        const all: ClusterEvent[] = [];
        const seen: ClusterEvent[] = [];
        events.subscribe(undefined, (heardEvent) => all.push(heardEvent));
        const leave = events.subscribe(undefined, (heardEvent) => {
          if (seen.length < leaveAfter) seen.push(heardEvent);
        });
        for (const [index, { at, host }] of plan.entries()) {
          // Coarse times make ties.
          events.add(host, [event(BASE + (at % 5) * 1e6, `c${index}`)]);
        }
        await clock.advance(WINDOW + 1);
        leave();
        const last = seen.at(-1);
        const since = last === undefined ? 0n : nanosOf(last) + 1n;
        const rest: ClusterEvent[] = [];
        events.subscribe(since, (heardEvent) => rest.push(heardEvent));
        expect([...seen, ...rest].map(({ Actor }) => Actor.ID)).toEqual(all.map(({ Actor }) => Actor.ID));
      }),
      { numRuns: 60 },
    );
  });

  it('goes on from the kept to the live without a gap', async () => {
    const { clock, events } = make();
    events.add('h1', [event(BASE, 'old'), event(BASE + 1e6, 'kept')]);
    await clock.advance(WINDOW + 1);
    events.add('h2', [event(BASE + 2e6, 'held')]);
    const heard: string[] = [];
    events.subscribe(BigInt(BASE) + 1n, ({ Actor }) => heard.push(Actor.ID));
    expect(heard).toEqual(['kept']);
    await clock.advance(WINDOW + 1);
    expect(heard).toEqual(['kept', 'held']);
  });

  it('gives a late event late, with its own time, and finds it in its place afterwards', async () => {
    const { clock, events } = make();
    const live: string[] = [];
    events.subscribe(undefined, ({ Actor }) => live.push(Actor.ID));
    events.add('h1', [event(BASE + 9e9, 'new')]);
    await clock.advance(WINDOW + 1);
    events.add('h2', [event(BASE, 'late')]);
    await clock.advance(WINDOW + 1);
    expect(live).toEqual(['new', 'late']);
    const again: string[] = [];
    events.subscribe(0n, ({ Actor }) => again.push(Actor.ID));
    expect(again).toEqual(['late', 'new']);
  });

  it('hears an event once that an agent sends twice', async () => {
    const { clock, events } = make();
    const heard: string[] = [];
    events.subscribe(undefined, ({ Actor }) => heard.push(Actor.ID));
    events.add('h1', [event(BASE, 'a'), event(BASE + 1e6, 'b')]);
    await clock.advance(WINDOW + 1);
    events.add('h1', [event(BASE + 1e6, 'b'), event(BASE + 2e6, 'c')]);
    await clock.advance(WINDOW + 1);
    expect(heard).toEqual(['a', 'b', 'c']);
  });

  it('keeps the newest', async () => {
    const { clock, events } = make(10);
    events.add(
      'h1',
      Array.from({ length: 3000 }, (_, index) => event(BASE + index * 1e6, `c${index}`)),
    );
    await clock.advance(WINDOW + 1);
    const heard: string[] = [];
    events.subscribe(0n, ({ Actor }) => heard.push(Actor.ID));
    expect(heard).toEqual(Array.from({ length: 10 }, (_, index) => `c${2990 + index}`));
  });

  it('gives the cluster’s names', async () => {
    const { clock, store, events } = make();
    await store.update((tx) => {
      tx.put('hosts', hostRecord('h1', { name: 'alpha' }));
      tx.put('hostStatus', hostStatusRecord('h1', { address: '10.0.0.1:4000' }));
    });
    const heard: ClusterEvent[] = [];
    events.subscribe(undefined, (heardEvent) => heard.push(heardEvent));
    events.add('h1', [
      event(BASE, 'engine1', {
        id: 'engine1',
        from: 'busybox',
        Actor: { ID: 'engine1', Attributes: { [LABEL_ID]: 'cluster1', name: 'web', tier: 'x' } },
      }),
      event(BASE + 1e6, 'net1', {
        Type: 'network',
        Action: 'connect',
        Actor: { ID: 'net1', Attributes: { container: 'engine1', name: 'bridge', type: 'bridge' } },
      }),
    ]);
    await clock.advance(WINDOW + 1);
    const node = {
      'node.name': 'alpha',
      'node.id': 'h1',
      'node.addr': '10.0.0.1:4000',
      'node.ip': '10.0.0.1',
    };
    expect(heard[0]).toMatchObject({ id: 'cluster1', from: 'busybox node:alpha' });
    expect(heard[0]?.Actor).toEqual({ ID: 'cluster1', Attributes: { name: 'web', tier: 'x', ...node } });
    expect(heard[1]?.Actor.Attributes).toEqual({
      container: 'cluster1',
      name: 'bridge',
      type: 'bridge',
      ...node,
    });
  });
});
