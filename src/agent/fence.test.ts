import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { newSimulatedEngine } from '../engine/index.ts';
import { assignmentRecord, cleanUp, FakeManager, openAgent, temporaryDir } from './agent.fixture.ts';

afterEach(cleanUp);

const FENCE = { Labels: { 'berth.partition': 'fence', 'berth.restart': 'unless-stopped' } };
const running = { state: 'running', starts: 1 } as const;

/** Answers the heartbeats that ask for it. */
function lease(manager: FakeManager, ms: number): void {
  const [asked] = manager.frames
    .flatMap((frame) => (frame.t === 'heartbeat' && frame.lease ? [frame] : []))
    .slice(-1);
  if (asked !== undefined) manager.send({ t: 'lease', now: asked.now, ms });
}

it('stops what is fenced when no manager answers, keeps the rest, and starts it again under the lease', async () => {
  const engine = newSimulatedEngine();
  const dir = await temporaryDir();
  const agent = await openAgent(engine, dir);
  const manager = new FakeManager();
  await manager.greet(agent);
  const fenced = assignmentRecord('fenced', running, FENCE);
  const kept = assignmentRecord('kept', running);
  manager.put(fenced, kept);
  const states = () =>
    Object.fromEntries(engine.world.containers.all().map(({ name, status }) => [name, status]));
  await manager.result(kept);
  // Nothing is started that might run elsewhere.
  expect(manager.results.map(({ id }) => id)).toEqual([kept.id]);
  await manager.until(() => manager.frames.some((frame) => frame.t === 'heartbeat' && frame.lease === true));
  lease(manager, 3_500);
  await manager.result(fenced);
  await sleep(3_000);
  expect(states()).toEqual({ fenced: 'running', kept: 'running' });
  await expect.poll(states, { timeout: 3_000, interval: 50 }).toEqual({ fenced: 'exited', kept: 'running' });
  // Neither does its restart policy bring it back, nor a new start of the agent.
  await sleep(500);
  expect(states().fenced).toBe('exited');
  await agent.close();
  const again = await openAgent(engine, dir);
  await sleep(500);
  expect(states().fenced).toBe('exited');
  const healed = new FakeManager();
  await healed.greet(again, 'resume');
  await healed.until(() => healed.frames.some((frame) => frame.t === 'heartbeat' && frame.lease === true));
  lease(healed, 3_000);
  await expect.poll(states, { timeout: 3_000, interval: 50 }).toEqual({ fenced: 'running', kept: 'running' });
});
