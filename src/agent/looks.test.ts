import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { newSimulatedEngine, type SimulatedEngine } from '../engine/index.ts';
import { assignmentRecord, cleanUp, FakeManager, openAgent, temporaryDir } from './agent.fixture.ts';

afterEach(cleanUp);

const CREATED = assignmentRecord('web');
const RUNNING = assignmentRecord('web', { generation: 2, state: 'running', starts: 1 });

/** An engine whose answers pass `through`, which gets the path and what the engine has answered. */
function engineWith(through: (path: string, engine: SimulatedEngine) => Promise<void>): SimulatedEngine {
  const engine = newSimulatedEngine();
  const { json } = engine;
  engine.json = async (method, path, ...more) => {
    const answer = await json.call(engine, method, path, ...more);
    await through(`${method} ${path.split('?')[0]}`, engine);
    return answer as never;
  };
  return engine;
}

async function connected(engine: SimulatedEngine): Promise<FakeManager> {
  const manager = new FakeManager();
  await manager.greet(await openAgent(engine, await temporaryDir()));
  return manager;
}

const isInspect = (asked: string) => /^GET \/containers\/[0-9a-f]+\/json$/.test(asked);

describe('looks at a container', () => {
  it('are one for each thing that the agent does, whenever its events come', async () => {
    const asked: string[] = [];
    const engine = engineWith(async (what) => {
      asked.push(what);
      // The answer comes long after the event, as from an engine that does more after it.
      if (what.startsWith('POST')) await sleep(60);
    });
    const manager = await connected(engine);
    for (const next of [CREATED, RUNNING]) {
      manager.put(next);
      await manager.result(next);
    }
    await sleep(150);
    expect(asked.filter(isInspect)).toHaveLength(2);
    expect(manager.observed('web')?.state.status).toBe('running');
  });

  it('are one for a container that is made and started in one go, as when it comes from another host', async () => {
    const asked: string[] = [];
    const engine = engineWith(async (what, { world }) => {
      asked.push(what);
      if (!what.startsWith('POST')) return;
      // An event that names the engine's container only.
      const { id } = world.containers.get('web');
      if (what.endsWith('/start')) world.events.emit('network', 'connect', 'bridge', { container: id });
      await sleep(60);
    });
    const manager = await connected(engine);
    manager.put(RUNNING);
    await manager.result(RUNNING);
    await sleep(150);
    expect(asked.filter(isInspect)).toHaveLength(1);
  });

  it('see what happened while the one after a step was on its way', async () => {
    let started = false;
    const engine = engineWith(async (what, { world }) => {
      if (what.endsWith('/start')) started = true;
      if (!started || !isInspect(what)) return;
      started = false;
      world.containers.exit(world.containers.get('web'), 3);
      // Its events are here before the answer that does not have it.
      await sleep(60);
    });
    const manager = await connected(engine);
    manager.put(RUNNING);
    await manager.result(RUNNING);
    await manager.until(() => manager.observed('web')?.state.status === 'exited');
    expect(manager.observed('web')?.state.exitCode).toBe(3);
  });

  it('see a stop come, though the stop waits', async () => {
    let stopping = false;
    const engine = engineWith(async (what) => {
      if (!what.endsWith('/stop')) return;
      stopping = true;
      await sleep(1_000);
      stopping = false;
    });
    const manager = await connected(engine);
    manager.put(RUNNING);
    await manager.result(RUNNING);
    manager.put(assignmentRecord('web', { generation: 3, state: 'stopped', starts: 1 }));
    await manager.until(() => manager.observed('web')?.state.status === 'exited');
    expect(stopping).toBe(true);
  });

  it('that are answered with an older look at another container change neither, and are repeated', async () => {
    const engine = newSimulatedEngine();
    const { json } = engine;
    const { containers } = engine.world;
    const pathOf = (name: string) => `/containers/${containers.get(name).id}/json`;
    let answer: Promise<unknown> | undefined;
    engine.json = async (method, path, ...more) => {
      if (answer === undefined || path !== pathOf('web'))
        return json.call(engine, method, path, ...more) as never;
      const wrong = answer;
      answer = undefined;
      return (await wrong) as never;
    };
    const manager = await connected(engine);
    const both = [RUNNING, assignmentRecord('db', { generation: 2, state: 'running', starts: 1 })];
    for (const one of both) {
      manager.put(one);
      await manager.result(one);
    }
    const older = await json.call(engine, 'GET', pathOf('db'));
    let say: (older: unknown) => void = () => {};
    answer = new Promise((resolve) => {
      say = resolve;
    });
    containers.exit(containers.get('web'), 3);
    await expect.poll(() => answer === undefined, { timeout: 5_000 }).toBe(true);
    containers.exit(containers.get('db'), 4);
    await manager.until(() => manager.observed('db')?.state.status === 'exited');
    const told = manager.frames.length;
    say(older);
    await manager.until(() => manager.observed('web')?.state.status === 'exited');
    const since = manager.frames.slice(told).filter(({ t }) => t !== 'events');
    expect(JSON.stringify(since)).not.toContain(containers.get('db').id);
    expect(manager.observed('db')?.state.exitCode).toBe(4);
  });

  describe('at its health', () => {
    /** A container with a health check that runs, on an engine that says that of it. */
    async function checked() {
      const engine = newSimulatedEngine();
      const { json } = engine;
      const { containers, events } = engine.world;
      const of = { health: 'starting', inspects: 0, delay: Promise.resolve() };
      engine.json = async (method, path, ...more) => {
        const answer = await json.call(engine, method, path, ...more);
        if (!isInspect(`${method} ${path}`)) return answer as never;
        const { State, ...rest } = answer as { State: object };
        const said = { ...rest, State: { ...State, Health: { Status: of.health } } };
        of.inspects++;
        await of.delay;
        return said as never;
      };
      const manager = await connected(engine);
      manager.put(RUNNING);
      await manager.result(RUNNING);
      // What its start has led to is over.
      await sleep(100);
      const { id } = containers.get('web');
      const becomes = (health: string) => {
        of.health = health;
        events.emit('container', `health_status: ${health}`, id);
      };
      const update = () => events.emit('container', 'update', id);
      const health = () => manager.observed('web')?.state.health;
      return { of, manager, web: containers.get('web'), becomes, update, health };
    }

    it('are none, as its engine has told of it', async () => {
      const { of, manager, becomes, health } = await checked();
      const before = of.inspects;
      for (const next of ['healthy', 'unhealthy', 'healthy']) {
        becomes(next);
        await manager.until(() => health() === next);
      }
      await sleep(100);
      expect([of.inspects - before, health()]).toEqual([0, 'healthy']);
    });

    it('are followed by another, where one was on its way when it became another', async () => {
      const { of, manager, update, becomes, health } = await checked();
      const before = of.inspects;
      let answer = () => {};
      of.delay = new Promise((resolve) => {
        answer = resolve;
      });
      update();
      await expect.poll(() => of.inspects, { timeout: 5_000 }).toBe(before + 1);
      becomes('healthy');
      await sleep(50);
      answer();
      await manager.until(() => health() === 'healthy');
      expect(of.inspects).toBe(before + 2);
    });

    it('are made where it is told of a run that is over', async () => {
      const { of, manager, web, update, becomes } = await checked();
      web.startedAt = Date.now() + 60_000;
      update();
      await manager.until(() => (manager.observed('web')?.state.startedAt ?? 0) > Date.now());
      await sleep(100);
      const after = of.inspects;
      becomes('healthy');
      await expect.poll(() => of.inspects, { timeout: 5_000 }).toBe(after + 1);
    });
  });
});
