import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import type { AgentFrame } from '../contract/link.ts';
import { newSimulatedEngine } from '../engine/index.ts';
import { assignmentRecord, cleanUp, FakeManager, openAgent, temporaryDir } from './agent.fixture.ts';

afterEach(cleanUp);

/** What comes from an agent, each frame with how long nothing had come before it, milliseconds. */
class TimedManager extends FakeManager {
  readonly timed: Readonly<{ frame: AgentFrame; quiet: number; at: number }>[] = [];

  constructor() {
    super();
    const { send } = this.session;
    this.session.send = (frame) => {
      const at = performance.now();
      this.timed.push({ frame, quiet: at - (this.timed.at(-1)?.at ?? at), at });
      send(frame);
    };
  }

  get beats() {
    return this.timed.filter(({ frame }) => frame.t === 'heartbeat');
  }
}

/** A container that is started again and again, not more often than every 150 ms: something is reported each time. */
async function talk(manager: FakeManager, spec: object, until: () => boolean): Promise<number> {
  const base = assignmentRecord('web', { state: 'running', starts: 1 }, spec);
  let generation = 0;
  for (; !until(); generation++) {
    manager.put({
      ...base,
      desired: { ...base.desired, generation: generation + 1, starts: generation + 1 },
    });
    await sleep(150);
  }
  return generation;
}

/** From a while after the greeting on, whose own heartbeats say that the engine answers. */
async function greeted(): Promise<TimedManager> {
  const agent = await openAgent(newSimulatedEngine(), await temporaryDir());
  const manager = new TimedManager();
  await manager.greet(agent);
  const { length } = manager.beats;
  await expect.poll(() => manager.beats.length, { timeout: 10_000 }).toBeGreaterThan(length + 1);
  return manager;
}

it('come where nothing else was said for a second, and at least every five seconds', {
  timeout: 120_000,
}, async () => {
  const manager = await greeted();
  const { length: before } = manager.beats;
  const { length: frames } = manager.timed;
  await talk(manager, {}, () => manager.timed.length > frames + 40 && manager.beats.length > before);
  const { beats } = manager;
  for (const [i, { at, quiet }] of beats.entries()) {
    if (i < before) continue;
    const since = at - (beats[i - 1]?.at ?? 0);
    // Whole milliseconds count to a timer.
    expect(quiet > 990 || since > 4_990, `${quiet} ms of quiet, ${since} since the last one`).toBe(true);
  }
  await expect.poll(() => manager.beats.length, { timeout: 10_000 }).toBeGreaterThan(beats.length + 1);
});

it('come every second where a lease hangs on them, whatever else is said', { timeout: 120_000 }, async () => {
  const manager = await greeted();
  const asks = () => manager.beats.filter(({ frame }) => frame.t === 'heartbeat' && frame.lease === true);
  let answered = 0;
  const answer = () => {
    for (const { frame } of asks().slice(answered)) {
      answered++;
      if (frame.t === 'heartbeat') manager.send({ t: 'lease', now: frame.now, ms: 60_000 });
    }
  };
  await talk(manager, { Labels: { 'berth.partition': 'fence' } }, () => {
    answer();
    return answered > 0;
  });
  const { length: first } = asks();
  const said = await talk(manager, { Labels: { 'berth.partition': 'fence' } }, () => {
    answer();
    return asks().length > first + 3;
  });
  // Seven times a second at most; with one heartbeat in five seconds it would be over a hundred.
  expect(said).toBeLessThan(60);
  const times = asks().map(({ at }) => at);
  for (let i = first; i < times.length; i++)
    expect((times[i] as number) - (times[i - 1] as number)).toBeGreaterThan(900);
  // Not only in pauses.
  expect(Math.min(...asks().map(({ quiet }) => quiet))).toBeLessThan(900);
});
