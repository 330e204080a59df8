import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { newSimulatedEngine, type RawResponse, type SimulatedEngine } from '../engine/index.ts';
import type { Desired, DockerSpec } from '../model/container.ts';
import { assignmentRecord, cleanUp, FakeManager, openAgent, temporaryDir } from './agent.fixture.ts';

afterEach(cleanUp);

const label = (policy: string): Partial<DockerSpec> => ({ Labels: { 'berth.restart': policy } });
const docker = (Name: string): Partial<DockerSpec> => ({ HostConfig: { RestartPolicy: { Name } } });

/** An agent which holds `web`, with its manager gone unless it is asked for. */
async function holding(spec: Partial<DockerSpec>, desired: Partial<Desired> = {}) {
  const engine = newSimulatedEngine();
  const dir = await temporaryDir();
  const agent = await openAgent(engine, dir);
  const manager = new FakeManager();
  await manager.greet(agent);
  const web = assignmentRecord('web', { state: 'running', starts: 1, ...desired }, spec);
  manager.put(web);
  await manager.result(web);
  const starts = countStarts(engine);
  return { engine, dir, agent, manager, web, starts };
}

function countStarts(engine: SimulatedEngine) {
  const counted = { starts: 0, creates: 0 };
  engine.world.events.open({}).on('data', (line) => {
    if (String(line).includes('"Action":"start"')) counted.starts++;
    if (String(line).includes('"Action":"create"')) counted.creates++;
  });
  return counted;
}

/** An engine's refusal. */
const refusal = (status: number, message: string): RawResponse => ({
  ...{ status, headers: {} },
  body: Readable.from([Buffer.from(JSON.stringify({ message }))]),
});
const all = ({ world }: SimulatedEngine) =>
  world.containers.all().map(({ name, status }) => `${name} ${status}`);
const web = ({ world }: SimulatedEngine) => world.containers.get('web');
const isBack = (engine: SimulatedEngine, within = 3_000) =>
  expect.poll(() => all(engine), { timeout: within, interval: 10 }).toEqual(['web running']);

describe.each([false, true])('manager gone: %s', (alone) => {
  it('by label: comes back when its process ends, counted, in the same container', async () => {
    const { engine, manager, starts } = await holding(label('always'));
    if (alone) manager.cut();
    const { id } = web(engine);
    engine.world.containers.exit(web(engine), 137);
    await isBack(engine);
    expect(web(engine).id).toBe(id);
    await sleep(150);
    expect(starts).toEqual({ starts: 1, creates: 0 });
    if (!alone) expect(manager.observed('web')).toMatchObject({ restarts: 1, state: { status: 'running' } });
  });

  it.each([
    ['by label', label('on-failure')],
    ["by Docker's policy", docker('unless-stopped')],
  ])('%s: is made again when it is removed, with all that it had', async (_, spec) => {
    const { engine, manager, web: wanted, starts } = await holding(spec);
    const { id, body } = web(engine);
    if (alone) manager.cut();
    await engine.json('DELETE', '/containers/web?force=1');
    await isBack(engine);
    expect(web(engine).id).not.toBe(id);
    expect(web(engine).body).toEqual(body);
    await sleep(100);
    expect(starts).toEqual({ starts: 1, creates: 1 });
    if (!alone) expect(manager.observed('web')).toMatchObject({ clusterId: wanted.id, generation: 1 });
  });
});

describe('what stays', () => {
  it('without a policy: ended is ended, and gone is gone', async () => {
    const { engine, manager, starts } = await holding({});
    engine.world.containers.exit(web(engine), 1);
    await sleep(200);
    expect(all(engine)).toEqual(['web exited']);
    await engine.json('DELETE', '/containers/web');
    await manager.until(() => manager.observed('web') === undefined);
    await sleep(200);
    expect(starts).toEqual({ starts: 0, creates: 0 });
  });

  it("the end of a container with Docker's policy is the engine's business", async () => {
    const { engine, starts } = await holding({ ...docker('always'), ...label('always') });
    engine.world.containers.exit(web(engine), 1);
    await sleep(300);
    expect(starts).toEqual({ starts: 0, creates: 0 });
  });

  it('what the user stops stays so, also between an end and its answer, and gone it is made again without a start', async () => {
    const { engine, manager, starts } = await holding(label('always'));
    engine.world.containers.kill(web(engine), '9');
    await manager.until(() => manager.observed('web')?.nextStartAt !== undefined);
    const stopped = assignmentRecord('web', { generation: 2, state: 'stopped', starts: 1 }, label('always'));
    manager.put(stopped);
    await manager.result(stopped);
    expect(manager.observed('web')?.nextStartAt).toBeUndefined();
    await sleep(2_200);
    expect(all(engine)).toEqual(['web exited']);
    await engine.json('DELETE', '/containers/web');
    await expect.poll(() => all(engine)).toEqual(['web created']);
    expect(starts.starts).toBe(0);
  });

  it('what the user stops stays so, also where its start is under way and is refused, or its engine is away', async () => {
    const { engine, manager, starts } = await holding(label('always'));
    const first = web(engine).id;
    const stopped = (generation: number) =>
      assignmentRecord('web', { generation, state: 'stopped', starts: 1 }, label('always'));
    let answer: (() => void) | undefined;
    const { request } = engine;
    engine.request = async (asked) => {
      if (!asked.path.includes(`/containers/${first}/start`)) return request.call(engine, asked);
      await new Promise<void>((resolve) => {
        answer = resolve;
      });
      return refusal(409, `task ${first}: already exists`);
    };
    engine.world.containers.exit(web(engine), 137);
    await expect.poll(() => answer !== undefined, { timeout: 20_000 }).toBe(true);
    await manager.until(() => manager.observed('web')?.nextStartAt !== undefined);
    manager.put(stopped(2));
    await sleep(50);
    answer?.();
    await manager.result(stopped(2));
    expect(manager.observed('web')?.nextStartAt).toBeUndefined();

    engine.request = request;
    const again = assignmentRecord('web', { generation: 3, state: 'running', starts: 2 }, label('always'));
    manager.put(again);
    await manager.result(again);
    engine.world.containers.exit(web(engine), 137);
    await manager.until(() => manager.observed('web')?.nextStartAt !== undefined);
    engine.setRunning(false);
    await manager.until(() => manager.frames.some((f) => f.t === 'heartbeat' && !f.engine));
    manager.put(stopped(4));
    expect((await manager.result(stopped(4))).error).toMatchObject({ status: 503 });
    manager.results.length = 0;
    engine.setRunning(true);
    await manager.result(stopped(4));
    await sleep(500);
    expect(manager.observed('web')).not.toHaveProperty('nextStartAt');
    expect(all(engine)).toEqual(['web exited']);
    expect(starts.starts).toBe(1);
  });

  it('what the user removes is gone for good', async () => {
    const { engine, manager, web: wanted, starts } = await holding(label('always'));
    const removed = { force: true, volumes: false };
    const gone = assignmentRecord(
      'web',
      { generation: 2, state: 'removed', starts: 1, remove: removed },
      label('always'),
    );
    manager.put(gone);
    await manager.result(gone);
    manager.deltas({ op: 'drop', id: wanted.id, purge: false });
    await sleep(300);
    expect(all(engine)).toEqual([]);
    expect(starts).toEqual({ starts: 0, creates: 0 });
  });

  it('unless-stopped: a stop by hand on the host, also while no agent ran; `always` comes back from it', async () => {
    const { engine, dir, agent, starts } = await holding(label('unless-stopped'));
    await agent.close();
    await engine.json('POST', '/containers/web/stop');
    await openAgent(engine, dir);
    await sleep(2_500);
    expect(all(engine)).toEqual(['web exited']);
    expect(starts.starts).toBe(0);
    // Started by hand: it is what it was, and an end by itself is answered.
    await engine.json('POST', '/containers/web/start');
    await sleep(100);
    engine.world.containers.exit(web(engine), 0);
    await isBack(engine);

    const always = await holding(label('always'));
    await always.engine.json('POST', '/containers/web/stop');
    await isBack(always.engine);
  });

  it('on-failure: an end without failure, and a failure too many', async () => {
    const done = await holding(label('on-failure'));
    done.engine.world.containers.exit(web(done.engine), 0);
    const spent = await holding({ ...label('on-failure:2'), Cmd: ['false'] });
    await expect.poll(() => spent.starts.starts).toBe(2);
    await spent.manager.until(() => spent.manager.observed('web')?.restarts === 2);
    await sleep(1_000);
    expect(spent.starts.starts).toBe(2);
    expect(done.starts.starts).toBe(0);
    expect(spent.manager.observed('web')).not.toHaveProperty('nextStartAt');
  });

  it('paused by the user: comes back paused', async () => {
    const { engine } = await holding(label('always'), { state: 'paused' });
    engine.world.containers.exit(web(engine), 137);
    await expect.poll(() => all(engine)).toEqual(['web paused']);
  });
});

describe('the way back', () => {
  it('takes its time, and keeps its count, over a restart of the agent', async () => {
    const { engine, dir, agent, web: wanted, starts } = await holding(label('always'));
    engine.world.containers.exit(web(engine), 1);
    await isBack(engine);
    await agent.close();
    const file = join(dir, 'assignments', `${wanted.id}.json`);
    const kept = JSON.parse(await readFile(file, 'utf8'));
    expect(kept.comeback).toMatchObject({ count: 1, short: 1 });
    engine.world.containers.exit(web(engine), 1);
    const { id, finishedAt } = web(engine);
    const at = Date.now() + 1_500;
    const comeback = { count: 6, short: 5, end: `${id} ended ${finishedAt}`, at };
    await writeFile(file, JSON.stringify({ ...kept, comeback }));
    const manager = new FakeManager();
    await manager.greet(await openAgent(engine, dir), 'resume');
    expect(manager.observed('web')).toMatchObject({ restarts: 5, nextStartAt: at });
    await isBack(engine);
    expect(web(engine).startedAt).toBeGreaterThanOrEqual(at);
    expect(starts.starts).toBe(2);
    await manager.until(() => manager.observed('web')?.restarts === 6);
  });

  it('waits for the engine, and is gone no sooner', async () => {
    const { engine, manager, starts } = await holding(label('always'));
    engine.setRunning(false);
    await manager.until(() => manager.frames.some((f) => f.t === 'heartbeat' && !f.engine));
    engine.world.containers.exit(web(engine), 137);
    await sleep(400);
    expect(starts.starts).toBe(0);
    engine.setRunning(true);
    await isBack(engine);
  });

  it('is tried again and again where the engine refuses: its port is in use', async () => {
    const ports = { PortBindings: { '80/tcp': [{ HostPort: '8080' }] } };
    const { engine, manager } = await holding({ ...label('always'), HostConfig: ports });
    const other = { Image: 'busybox', Cmd: ['sleep', 'infinity'], HostConfig: ports };
    engine.world.containers.exit(web(engine), 1);
    await engine.json('POST', '/containers/create?name=other', other);
    await engine.json('POST', '/containers/other/start');
    await sleep(300);
    expect(web(engine).status).toBe('exited');
    await engine.json('DELETE', '/containers/other?force=1');
    await isBack(engine);
    expect(manager.results).toHaveLength(1);
  });

  it('is made anew where its engine can never start it again: a task was left behind', async () => {
    const { engine } = await holding(label('always'));
    const first = web(engine).id;
    let refused = 0;
    const { request } = engine;
    engine.request = async (asked) => {
      if (!asked.path.includes(`/containers/${first}/start`)) return request.call(engine, asked);
      refused++;
      return refusal(409, `task ${first}: already exists`);
    };
    engine.world.containers.exit(web(engine), 137);
    await expect
      .poll(() => engine.world.containers.all().map(({ id }) => id === first), { timeout: 9_000 })
      .toEqual([false]);
    await isBack(engine);
    // Any other refusal, and a few of these, may be over in a moment.
    expect(refused).toBeGreaterThan(2);
  });

  it('is taken away with growing pauses where the engine refuses even that', async () => {
    const { engine } = await holding(label('always'));
    const first = web(engine).id;
    const removals: number[] = [];
    const { request } = engine;
    engine.request = async (asked) => {
      const start = asked.path.includes(`/containers/${first}/start`);
      const removal = asked.method === 'DELETE' && asked.path.includes(`/containers/${first}`);
      if (removal) removals.push(Date.now());
      if (!start && !removal) return request.call(engine, asked);
      return refusal(start ? 409 : 500, start ? `task ${first}: already exists` : 'device or resource busy');
    };
    engine.world.containers.exit(web(engine), 137);
    await expect.poll(() => removals.length, { timeout: 15_000 }).toBe(2);
    expect((removals[1] ?? 0) - (removals[0] ?? 0)).toBeGreaterThan(500);
  }, 20_000);

  it('is tried again where the engine refuses to take away what it has left dead', async () => {
    const { engine } = await holding(label('always'));
    const first = web(engine).id;
    const removals: number[] = [];
    const { request } = engine;
    engine.request = async (asked) => {
      const removal = asked.method === 'DELETE' && asked.path.includes(`/containers/${first}`);
      if (removal) removals.push(Date.now());
      if (removal && removals.length < 3) return refusal(500, 'device or resource busy');
      return request.call(engine, asked);
    };
    web(engine).status = 'dead';
    engine.world.events.cut();
    await isBack(engine, 15_000);
    expect(web(engine).id).not.toBe(first);
    expect(removals).toHaveLength(3);
    expect((removals[2] ?? 0) - (removals[0] ?? 0)).toBeGreaterThan(500);
  }, 20_000);

  it('has the networks, the volumes and the image again that are gone as well', async () => {
    const needs = { networks: [{ id: 'n1', spec: { Name: 'shop' } }], volumes: [{ spec: { Name: 'data' } }] };
    const { engine, manager } = await holding(docker('always'));
    const more = {
      ...assignmentRecord('web', { generation: 2, state: 'running', starts: 1 }, docker('always')),
      needs,
    };
    manager.put(more);
    await manager.result(more);
    engine.world.images.remove(engine.world.images.get('busybox'));
    await engine.json('DELETE', '/containers/web?force=1');
    await isBack(engine);
    expect(engine.world.images.all().flatMap(({ tags }) => tags)).toEqual(['busybox:latest']);
    expect(engine.world.networks.all().map(({ name }) => name)).toContain('shop');
    expect(engine.world.volumes.get('data').name).toBe('data');
  });

  it('waits longer each time for an image that cannot be had', async () => {
    const { engine } = await holding(docker('always'));
    const pulls: number[] = [];
    const { request } = engine;
    engine.request = async (asked) => {
      if (!asked.path.includes('/images/create')) return request.call(engine, asked);
      pulls.push(Date.now());
      return {
        status: 200,
        headers: {},
        body: Readable.from([Buffer.from('{"status":"…"}\n{"error":"no such registry"}\n')]),
      };
    };
    engine.world.images.remove(engine.world.images.get('busybox'));
    await engine.json('DELETE', '/containers/web?force=1');
    await expect.poll(() => pulls.length, { timeout: 3_000 }).toBe(4);
    expect((pulls[3] ?? 0) - (pulls[2] ?? 0)).toBeGreaterThan(350);
    expect(all(engine)).toEqual([]);
    engine.world.images.add('busybox', 0);
    await isBack(engine);
  });

  it('takes a start by the user for a new beginning', async () => {
    const { manager, starts } = await holding({ ...label('on-failure:1'), Cmd: ['false'] });
    await expect.poll(() => starts.starts).toBe(1);
    await manager.until(() => manager.observed('web')?.restarts === 1);
    const again = assignmentRecord(
      'web',
      { generation: 2, state: 'running', starts: 2 },
      { ...label('on-failure:1'), Cmd: ['false'] },
    );
    manager.put(again);
    await manager.result(again);
    await expect.poll(() => starts.starts).toBe(3);
    await sleep(500);
    expect(starts.starts).toBe(3);
  });

  it('leaves somebody else with the name alone', async () => {
    const { engine } = await holding(docker('always'));
    await engine.json('DELETE', '/containers/web?force=1');
    await engine.json('POST', '/containers/create?name=web', { Image: 'busybox', Labels: { mine: '1' } });
    await sleep(400);
    expect(engine.world.containers.all()).toHaveLength(1);
    expect(web(engine)).toMatchObject({ status: 'created', body: { Labels: { mine: '1' } } });
  });
});
