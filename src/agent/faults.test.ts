import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import type { AgentFrame, EngineEvent } from '../contract/link.ts';
import {
  type Engine,
  newSimulatedEngine,
  type RawRequest,
  type RawResponse,
  type SimulatedEngine,
} from '../engine/index.ts';
import { assignmentRecord, cleanUp, FakeManager, openAgent, temporaryDir } from './agent.fixture.ts';

afterEach(cleanUp);

/** An engine whose answers a test may replace; undefined leaves them as they are. */
function between(
  engine: SimulatedEngine,
  replace: (request: RawRequest) => Promise<Partial<RawResponse> | undefined> | undefined,
): Engine {
  const request = async (asked: RawRequest) => {
    const other = await replace(asked);
    return other === undefined
      ? engine.request(asked)
      : { status: 200, headers: {}, body: Readable.from([]), ...other };
  };
  // `json` of the simulated engine goes through `request` of the object that it is called on.
  return Object.assign(Object.create(engine) as Engine, { request });
}

const text = (body: string) => Promise.resolve({ body: Readable.from([Buffer.from(body)]) });
const beats = (manager: FakeManager) =>
  manager.frames.filter((frame): frame is AgentFrame & { t: 'heartbeat' } => frame.t === 'heartbeat');

describe('an engine that does not answer', () => {
  it('is told with the reason, and recovers by itself', async () => {
    const engine = newSimulatedEngine();
    const agent = await openAgent(engine, await temporaryDir());
    const manager = new FakeManager();
    await manager.greet(agent);
    engine.setRunning(false);
    await manager.until(() => beats(manager).at(-1)?.engine === false);
    expect(beats(manager).at(-1)?.reason).toContain('does not answer');
    const web = assignmentRecord('web', { state: 'running' });
    manager.put(web);
    expect((await manager.result(web)).error).toMatchObject({ status: 503 });
    manager.results.length = 0;
    engine.setRunning(true);
    expect((await manager.result(web)).error).toBeUndefined();
    await manager.until(() => beats(manager).at(-1)?.engine === true);
    expect(manager.frames.filter(({ t }) => t === 'full')).toHaveLength(2);
    expect(engine.world.containers.get('web').status).toBe('running');
  });

  it('from the start: the agent waits with its hello for the machine it is on', async () => {
    const engine = newSimulatedEngine();
    engine.setRunning(false);
    const agent = await openAgent(engine, await temporaryDir());
    const manager = new FakeManager();
    const greeting = manager.greet(agent);
    await sleep(50);
    expect(manager.frames).toEqual([]);
    engine.setRunning(true);
    await greeting;
  });

  it('known from an earlier life: hello is said all the same, after a moment', async () => {
    const engine = newSimulatedEngine();
    const dir = await temporaryDir();
    const first = await openAgent(engine, dir);
    await new FakeManager().greet(first);
    await first.close();
    engine.setRunning(false);
    const manager = new FakeManager();
    const agent = await openAgent(engine, dir);
    agent.attach(manager.session);
    manager.send({ t: 'welcome', version: 1, clusterId: 'c1', hostId: 'h1', hostName: 'host' });
    await manager.frame('hello');
    await manager.until(() => beats(manager).at(-1)?.engine === false);
  });

  it('hangs without closing anything: pings tell', async () => {
    const engine = newSimulatedEngine();
    let hung = false;
    const slow = between(engine, ({ path, signal }) => {
      if (!hung || path !== '/_ping') return undefined;
      return new Promise((_, reject) => {
        signal?.addEventListener('abort', () => reject(signal.reason));
      });
    });
    const agent = await openAgent(slow, await temporaryDir());
    const manager = new FakeManager();
    await manager.greet(agent);
    hung = true;
    await manager.until(() => beats(manager).at(-1)?.engine === false, 9_000);
    expect(beats(manager).at(-1)?.reason).toContain('no answer to a ping');
    hung = false;
    await manager.until(() => beats(manager).at(-1)?.engine === true, 9_000);
  }, 20_000);
});

describe('a container that somebody removes just before the agent starts it', () => {
  it('is made anew: its client hears of no error', async () => {
    const engine = newSimulatedEngine();
    let removes = false;
    const meddled = between(engine, ({ path }) => {
      if (!removes || !path.includes('/start')) return undefined;
      removes = false;
      engine.world.containers.remove(engine.world.containers.get('web'), true);
      return undefined;
    });
    const agent = await openAgent(meddled, await temporaryDir());
    const manager = new FakeManager();
    await manager.greet(agent);
    const made = assignmentRecord('web', { state: 'created' });
    manager.put(made);
    expect((await manager.result(made)).error).toBeUndefined();
    const before = engine.world.containers.get('web').id;
    removes = true;
    const started = assignmentRecord('web', { state: 'running', generation: 2 });
    manager.put(started);
    expect((await manager.result(started)).error).toBeUndefined();
    expect(engine.world.containers.get('web').status).toBe('running');
    expect(engine.world.containers.get('web').id).not.toBe(before);
  });
});

describe('an engine that answers garbage', () => {
  it.each([
    ['/info', '<html>'],
    ['/info', '{"ID":7}'],
    ['/containers/json', '{"message":"?"}'],
    ['/containers/json', '[{"Id":1}]'],
    ['/images/json', '[{}]'],
    ['/networks', '7'],
    ['/volumes', '{"Volumes":[{"Name":null}]}'],
    ['/events', 'garbage\n'],
  ])('to %s: %s', async (path, answer) => {
    const engine = newSimulatedEngine({ id: 'E1' });
    let garbage = false;
    const strange = between(engine, (request) =>
      garbage && request.path.split('?')[0] === path ? text(answer) : undefined,
    );
    const dir = await temporaryDir();
    const agent = await openAgent(strange, dir);
    const manager = new FakeManager();
    await manager.greet(agent);
    garbage = true;
    engine.world.events.cut();
    await manager.until(() => beats(manager).at(-1)?.engine === false);
    garbage = false;
    await manager.until(() => beats(manager).at(-1)?.engine === true);
    expect(manager.closeReason).toBeUndefined();
  });

  it('to an inspection: the container is shown as the list has it, then as it is', async () => {
    const engine = newSimulatedEngine();
    await engine.json('POST', '/containers/create?name=odd', {
      Image: 'busybox',
      Cmd: ['x'],
      HostConfig: { Memory: 1000 },
    });
    let garbage = true;
    const strange = between(engine, ({ path }) =>
      garbage && /odd|[0-9a-f]{64}/.test(path) ? text('{}') : undefined,
    );
    const agent = await openAgent(strange, await temporaryDir());
    const manager = new FakeManager();
    await manager.greet(agent);
    expect(manager.observed('odd')).toMatchObject({
      state: { status: 'created' },
      reservation: { memory: 0 },
    });
    garbage = false;
    await manager.until(() => manager.observed('odd')?.reservation.memory === 1000, 8_000);
  }, 12_000);

  it('to a create: the client hears of it, and the container is made once', async () => {
    const engine = newSimulatedEngine();
    let times = 0;
    const strange = between(engine, async (request) => {
      if (!request.path.includes('/containers/create') || ++times > 1) return undefined;
      await engine.request(request);
      return text('not json at all');
    });
    const agent = await openAgent(strange, await temporaryDir());
    const manager = new FakeManager();
    await manager.greet(agent);
    const web = assignmentRecord('web');
    manager.put(web);
    expect((await manager.result(web)).error).toMatchObject({ status: 503 });
    manager.results.length = 0;
    expect((await manager.result(web)).error).toBeUndefined();
    expect(engine.world.containers.all()).toHaveLength(1);
  });
});

it.each([0, 300])(
  'a create that is taken back before its container is seen leaves nothing, %i ms later',
  async (ms) => {
    const engine = newSimulatedEngine();
    let withheld: (() => Promise<RawResponse>) | undefined;
    const strange = between(engine, async (request) => {
      if (!request.path.includes('/containers/create')) return undefined;
      // It is made long after the answer has been lost.
      withheld = () => engine.request(request);
      return text('not json at all');
    });
    const manager = new FakeManager();
    await manager.greet(await openAgent(strange, await temporaryDir()));
    const web = assignmentRecord('web');
    manager.put(web);
    expect((await manager.result(web)).error).toMatchObject({ status: 503 });
    manager.deltas({ op: 'drop', id: web.id, purge: true });
    await sleep(ms);
    expect((await withheld?.())?.status).toBe(201);
    await expect.poll(() => engine.world.containers.all().length).toBe(0);
  },
);

describe('events', () => {
  const told = (manager: FakeManager) =>
    manager.frames.flatMap((frame): EngineEvent[] => (frame.t === 'events' ? frame.events : []));

  it('are handed on once each, over lost streams too', async () => {
    const engine = newSimulatedEngine();
    const agent = await openAgent(engine, await temporaryDir());
    const manager = new FakeManager();
    await manager.greet(agent);
    for (let i = 0; i < 60; i++) {
      engine.world.containers.create({ Image: 'busybox' }, `c${i}`, '');
      if (i % 15 === 7) engine.world.events.cut();
      if (i % 4 === 0) await sleep(5);
    }
    await manager.until(() => told(manager).length >= 60);
    await sleep(100);
    expect(told(manager).map(({ Actor }) => Actor.Attributes?.name)).toEqual(
      Array.from({ length: 60 }, (_, i) => `c${i}`),
    );
    await manager.until(() => manager.containers.size === 60);
  });

  it('make a burst one report', async () => {
    const engine = newSimulatedEngine();
    const agent = await openAgent(engine, await temporaryDir());
    const manager = new FakeManager();
    await manager.greet(agent);
    for (let i = 0; i < 100; i++) engine.world.containers.create({ Image: 'busybox' }, `c${i}`, '');
    await manager.until(() => manager.containers.size === 100);
    expect(manager.frames.filter(({ t }) => t === 'report').length).toBeLessThan(8);
  });

  it('bring images, networks and volumes, and their going', async () => {
    const engine = newSimulatedEngine();
    const agent = await openAgent(engine, await temporaryDir());
    const manager = new FakeManager();
    await manager.greet(agent);
    const image = engine.world.images.add('redis', 0);
    await engine.json('POST', '/networks/create', { Name: 'n' });
    await engine.json('POST', '/volumes/create', { Name: 'v' });
    const reports = () => manager.frames.filter((frame) => frame.t === 'report');
    const some = (pick: (report: AgentFrame & { t: 'report' }) => unknown) => () => reports().some(pick);
    await manager.until(some(({ images }) => images?.some(({ repoTags }) => repoTags[0] === 'redis:latest')));
    await manager.until(some(({ networks }) => networks?.some(({ name }) => name === 'n')));
    await manager.until(some(({ volumes }) => volumes?.some(({ name }) => name === 'v')));
    await engine.json('DELETE', '/volumes/v');
    await engine.json('DELETE', '/networks/n');
    engine.world.images.remove(image);
    await manager.until(some(({ gone }) => gone?.volumes?.includes('v')));
    await manager.until(some(({ gone }) => gone?.images?.includes(image.id)));
    await manager.until(some(({ gone }) => gone?.networks?.length === 1));
  });
});
