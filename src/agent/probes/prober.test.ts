import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newSimulatedEngine, type SimulatedEngine } from '../../engine/index.ts';
import type { Probe, Probes } from '../../model/probe.ts';
import { assignmentRecord, cleanUp, FakeManager, openAgent, temporaryDir } from '../agent.fixture.ts';

/** What the container's server answers, by path. */
let status: { ready: number; live: number };
let asked: { ready: number; live: number };
let server: Server;
let port: number;
beforeEach(async () => {
  status = { ready: 503, live: 200 };
  asked = { ready: 0, live: 0 };
  server = createServer(({ url }, res) => {
    const name = url === '/live' ? 'live' : 'ready';
    asked[name]++;
    res.writeHead(status[name]).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
});
afterEach(async () => {
  await cleanUp();
  server.close();
});

const http = (path: string, change: Partial<Probe> = {}): Probe => ({
  kind: 'probe',
  check: { kind: 'http', scheme: 'http', port, path },
  ...{ intervalMs: 100, timeoutMs: 1_000, successes: 1, failures: 2, startPeriodMs: 0, ...change },
});

/** On its host's own network, so that a server of this process stands for what runs in it. */
async function holding(probes: Probes) {
  const engine = newSimulatedEngine();
  const dir = await temporaryDir();
  const agent = await openAgent(engine, dir);
  const manager = new FakeManager();
  await manager.greet(agent);
  const spec = { HostConfig: { NetworkMode: 'host' } };
  const web = { ...assignmentRecord('web', { state: 'running', starts: 1 }, spec), probes };
  manager.put(web);
  await manager.result(web);
  return { engine, dir, agent, manager, web };
}

const seen = (manager: FakeManager) => manager.observed('web');
const health = (manager: FakeManager) => {
  const { ready, live, starting } = seen(manager)?.probes ?? {};
  return { ready, live, starting };
};
const READY = { ready: true, live: true, starting: false };
const startedAt = ({ world }: SimulatedEngine) => world.containers.get('web').startedAt;
const events = (manager: FakeManager) =>
  manager.frames.flatMap((frame) => (frame.t === 'events' ? frame.events : [])).map(({ Action }) => Action);

describe('readiness', () => {
  it('is told when it changes, with why, and as an event of an engine; it restarts nothing', async () => {
    const { engine, manager } = await holding({ readiness: http('/ready') });
    const started = startedAt(engine);
    await manager.until(() => seen(manager)?.probes?.said === 'HTTP 503 Service Unavailable');
    expect(health(manager)).toEqual({ ready: false, live: true, starting: false });
    status.ready = 200;
    await manager.until(() => seen(manager)?.probes?.ready === true);
    expect(seen(manager)?.probes).toMatchObject({ ...READY, said: 'HTTP 200 OK' });
    expect(
      seen(manager)
        ?.probes?.results.map(({ ok }) => ok)
        .slice(-2),
    ).toEqual([false, true]);
    // Nothing is told of looks that change nothing.
    const before = { frames: manager.frames.filter(({ t }) => t === 'report').length, asked: asked.ready };
    await expect.poll(() => asked.ready - before.asked).toBeGreaterThan(4);
    expect(manager.frames.filter(({ t }) => t === 'report')).toHaveLength(before.frames);
    status.ready = 500;
    await manager.until(() => seen(manager)?.probes?.ready === false);
    await manager.until(() => events(manager).filter((one) => one.startsWith('health_status')).length === 3);
    expect(events(manager).filter((one) => one.startsWith('health_status'))).toEqual([
      ...['health_status: unhealthy', 'health_status: healthy', 'health_status: unhealthy'],
    ]);
    expect(startedAt(engine)).toBe(started);
    expect(seen(manager)?.restarts).toBeUndefined();
  });

  it('is known again after a restart of the agent, and is not lost before the first look', async () => {
    const { engine, dir, agent, manager } = await holding({
      readiness: http('/ready', { intervalMs: 3_000 }),
    });
    // What came with the assignment is in its file by then: the verdict must get there by itself.
    await sleep(800);
    status.ready = 200;
    await manager.until(() => seen(manager)?.probes?.ready === true);
    const { since } = seen(manager)?.probes ?? {};
    await agent.close();
    const again = new FakeManager();
    await again.greet(await openAgent(engine, dir), 'resume');
    expect(seen(again)?.probes).toMatchObject({ ...READY, since });
    const before = asked.ready;
    await expect.poll(() => asked.ready, { timeout: 4_000 }).toBeGreaterThan(before);
    expect(again.frames.filter(({ t }) => t === 'report')).toEqual([]);
    // Another run is another matter.
    status.ready = 503;
    await engine.json('POST', '/containers/web/restart');
    await again.until(() => seen(again)?.probes?.ready === false);
    expect(health(again)).toEqual({ ready: false, live: true, starting: true });
  });

  it('is decided by nothing that says nothing of the container: an engine that refuses the command', async () => {
    const exec: Probe = { ...http('/'), check: { kind: 'exec', argv: ['true'] }, failures: 1 };
    const { engine, manager } = await holding({ readiness: exec });
    let refused = 0;
    const { request } = engine;
    engine.request = (wanted) => {
      if (wanted.path.endsWith('/exec')) refused++;
      return request.call(engine, wanted);
    };
    // The simulated engine knows no exec.
    await expect.poll(() => refused, { timeout: 4_000 }).toBeGreaterThan(3);
    expect(health(manager)).toEqual({ ready: false, live: true, starting: true });
  });

  it('is not asked of what does not run, nor of what has no probes any more', async () => {
    status.ready = 200;
    const { engine, manager, web } = await holding({ readiness: http('/ready') });
    await manager.until(() => seen(manager)?.probes?.ready === true);
    await engine.json('POST', '/containers/web/pause');
    await manager.until(() => seen(manager)?.state.status === 'paused');
    const paused = asked.ready;
    await sleep(300);
    expect(asked.ready).toBe(paused);
    await engine.json('POST', '/containers/web/unpause');
    await expect.poll(() => asked.ready).toBeGreaterThan(paused);
    expect(seen(manager)?.probes?.ready).toBe(true);
    const { probes: _, ...without } = web;
    manager.put(without);
    await manager.until(() => seen(manager)?.probes === undefined);
    const left = asked.ready;
    await sleep(300);
    expect(asked.ready).toBe(left);
  });
});

it('looks as it is told to by now, and no more as it was told before', async () => {
  const { manager, web } = await holding({ readiness: http('/ready') });
  await expect.poll(() => asked.ready).toBeGreaterThan(0);
  manager.put({ ...web, probes: { readiness: http('/live') } });
  await manager.until(() => seen(manager)?.probes?.ready === true);
  const before = asked.ready;
  const live = asked.live;
  await expect.poll(() => asked.live - live).toBeGreaterThan(4);
  expect(asked.ready).toBe(before);
});

describe('liveness', () => {
  it.each([false, true])('restarts what fails, once and counted; manager gone: %s', async (alone) => {
    const { engine, dir, agent, manager } = await holding({ liveness: http('/live', { failures: 3 }) });
    await manager.until(() => seen(manager)?.probes?.starting === false);
    if (alone) manager.cut();
    const first = startedAt(engine);
    status.live = 500;
    await expect.poll(() => startedAt(engine), { timeout: 4_000 }).toBeGreaterThan(first);
    const second = startedAt(engine);
    status.live = 200;
    await expect.poll(() => asked.live).toBeGreaterThan(6);
    await sleep(400);
    expect(startedAt(engine)).toBe(second);
    await agent.close();
    const again = new FakeManager();
    await again.greet(await openAgent(engine, dir), 'resume');
    expect(seen(again)).toMatchObject({ restarts: 1, probes: READY, state: { status: 'running' } });
    expect(startedAt(engine)).toBe(second);
  });

  it('waits before the second restart in a row, also over a restart of the agent', async () => {
    status.live = 500;
    const { engine, dir, agent, manager } = await holding({ liveness: http('/live') });
    const first = startedAt(engine);
    await manager.until(() => seen(manager)?.restarts === 1, 4_000);
    const second = startedAt(engine);
    expect(second).toBeGreaterThan(first);
    await manager.until(() => seen(manager)?.probes?.live === false);
    await agent.close();
    const again = new FakeManager();
    await again.greet(await openAgent(engine, dir), 'resume');
    expect(startedAt(engine)).toBe(second);
    await again.until(() => seen(again)?.restarts === 2, 4_000);
    expect(startedAt(engine) - second).toBeGreaterThan(500);
  });

  it('goes by the engine’s own health check where that is asked for', async () => {
    const image: Probe = { ...http('/'), check: { kind: 'image' } };
    const { engine, manager } = await holding({ liveness: image });
    const first = startedAt(engine);
    const { request } = engine;
    let sick = 'unhealthy';
    engine.request = async (wanted) => {
      const answer = await request.call(engine, wanted);
      if (!wanted.path.endsWith('/json') || !wanted.path.includes(engine.world.containers.get('web').id))
        return answer;
      const parts: Buffer[] = [];
      for await (const part of answer.body) parts.push(part as Buffer);
      const inspect = JSON.parse(Buffer.concat(parts).toString());
      inspect.State.Health = { Status: sick };
      const { Readable } = await import('node:stream');
      return { ...answer, body: Readable.from([Buffer.from(JSON.stringify(inspect))]) };
    };
    engine.world.events.emit(
      'container',
      'health_status: unhealthy',
      engine.world.containers.get('web').id,
      {},
    );
    await manager.until(() => seen(manager)?.state.health === 'unhealthy');
    sick = 'starting';
    await expect.poll(() => startedAt(engine), { timeout: 4_000 }).toBeGreaterThan(first);
    await manager.until(() => seen(manager)?.restarts === 1);
    expect(seen(manager)?.probes).toBeUndefined();
  });
});
