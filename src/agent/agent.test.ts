import { readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { newSimulatedEngine, type SimulatedEngine } from '../engine/index.ts';
import { LABEL_CLUSTER, LABEL_GENERATION, LABEL_ID } from '../model/labels.ts';
import {
  assignmentRecord,
  cleanUp,
  clusterIdOf,
  FakeManager,
  IDENTITY,
  openAgent,
  temporaryDir,
} from './agent.fixture.ts';
import { machineIdOf } from './machine-id.ts';

afterEach(cleanUp);

async function connected(engine: SimulatedEngine = newSimulatedEngine(), dir?: string) {
  const place = dir ?? (await temporaryDir());
  const agent = await openAgent(engine, place);
  const manager = new FakeManager();
  await manager.greet(agent);
  return { engine, agent, manager, dir: place };
}

const statuses = ({ world }: SimulatedEngine) =>
  Object.fromEntries(world.containers.all().map(({ name, status }) => [name, status]));

describe('greeting', () => {
  it('says who it is, then all that is on the host', async () => {
    const engine = newSimulatedEngine({ id: 'E1', labels: ['zone=a', 'ssd'] });
    await engine.json('POST', '/containers/create?name=old', { Image: 'busybox' });
    const agent = await openAgent(engine, await temporaryDir());
    const manager = new FakeManager();
    const hello = await manager.greet(agent);
    expect(hello).toMatchObject({ machineId: machineIdOf('m1', 'E1'), dataAddress: '10.0.0.1' });
    expect(hello.resume).toBeUndefined();
    expect((await manager.frame('engine')).info).toMatchObject({
      engineId: 'E1',
      labels: { zone: 'a', ssd: '' },
    });
    const full = await manager.frame('full');
    expect(full.containers).toMatchObject([{ name: 'old', hostId: 'h1', generation: 0 }]);
    expect(full.containers[0]).not.toHaveProperty('clusterId');
    expect(full.images).toMatchObject([{ repoTags: ['busybox:latest'] }]);
    expect(full.networks.map(({ name }) => name)).toEqual(['bridge', 'host', 'none']);
    expect(await manager.frame('heartbeat')).toMatchObject({ engine: true, reason: '' });
  });

  it('refuses a manager that takes it for another host', async () => {
    const agent = await openAgent(newSimulatedEngine(), await temporaryDir());
    const manager = new FakeManager();
    agent.attach(manager.session);
    manager.send({ t: 'welcome', version: 1, clusterId: 'other', hostId: 'h1', hostName: 'x' });
    await manager.until(() => true);
    expect(manager.closeReason).toContain('join it again');
  });

  it('beats every second', async () => {
    const { manager } = await connected();
    await manager.until(() => manager.frames.filter(({ t }) => t === 'heartbeat').length >= 3);
  });
});

describe('assignments', () => {
  it('creates with Berth labels and host name, and reports the result beside the observation', async () => {
    const { manager, engine } = await connected();
    const web = assignmentRecord('web', {}, { Labels: { tier: 'front' } });
    manager.put(web);
    expect(await manager.result(web)).toEqual({ id: web.id, generation: 1 });
    const report = manager.frames.find((frame) => frame.t === 'report' && frame.results !== undefined);
    expect(report).toMatchObject({ containers: [{ name: 'web', clusterId: web.id, generation: 1 }] });
    expect(engine.world.containers.get('web').body).toMatchObject({
      Hostname: web.id.slice(0, 12),
      Labels: { tier: 'front', [LABEL_ID]: web.id, [LABEL_CLUSTER]: 'c1', [LABEL_GENERATION]: '1' },
    });
  });

  it('takes a container through its life', async () => {
    const { manager, engine } = await connected();
    let generation = 0;
    const wish = async (state: 'created' | 'running' | 'paused' | 'stopped' | 'removed', starts = 0) => {
      const web = assignmentRecord('web', { generation: ++generation, state, starts });
      manager.put(web);
      const { error } = await manager.result(web);
      expect(error).toBeUndefined();
      expect(manager.observed('web')?.generation ?? generation).toBe(generation);
      return statuses(engine).web;
    };
    expect(await wish('created')).toBe('created');
    expect(await wish('running', 1)).toBe('running');
    expect(await wish('paused', 1)).toBe('paused');
    expect(await wish('running', 1)).toBe('running');
    const before = engine.world.containers.get('web').pid;
    expect(await wish('running', 2)).toBe('running');
    expect(engine.world.containers.get('web').pid).not.toBe(before);
    expect(await wish('stopped', 2)).toBe('exited');
    expect(await wish('running', 3)).toBe('running');
    expect(await wish('stopped', 3)).toBe('exited');
    expect(await wish('removed', 3)).toBeUndefined();
    expect(manager.observed('web')).toBeUndefined();
  });

  it("hands on the engine's refusal, and does not try it again by itself", async () => {
    const { manager, engine } = await connected();
    await engine.json('POST', '/containers/create?name=mine', { Image: 'busybox' });
    const clash = assignmentRecord('mine');
    const noImage = assignmentRecord('web', {}, { Image: 'nowhere' });
    manager.put(clash, noImage);
    expect((await manager.result(clash)).error).toMatchObject({ status: 409 });
    expect((await manager.result(noImage)).error).toEqual({
      status: 404,
      message: 'No such image: nowhere:latest',
    });
    engine.world.images.add('nowhere', 0);
    await sleep(100);
    expect(Object.keys(statuses(engine))).toEqual(['mine']);
    expect(manager.results).toHaveLength(2);
  });

  it('refuses to remove a running container without force, and does with it', async () => {
    const { manager, engine } = await connected();
    const running = assignmentRecord('web', { state: 'running', starts: 1 });
    manager.put(running);
    await manager.result(running);
    const gentle = assignmentRecord('web', { generation: 2, state: 'removed', starts: 1 });
    manager.put(gentle);
    expect((await manager.result(gentle)).error?.status).toBe(409);
    const forced = assignmentRecord('web', {
      generation: 3,
      state: 'removed',
      starts: 1,
      remove: { force: true, volumes: false },
    });
    manager.put(forced);
    expect((await manager.result(forced)).error).toBeUndefined();
    expect(statuses(engine)).toEqual({});
  });

  it('makes the networks and volumes that it needs, once, and leaves those that are there', async () => {
    const { manager, engine } = await connected();
    await engine.json('POST', '/volumes/create', { Name: 'there', Labels: { by: 'hand' } });
    const needs = {
      networks: [{ id: 'n'.repeat(64), spec: { Name: 'shop', Driver: 'bridge' } }],
      volumes: [{ spec: { Name: 'data' } }, { spec: { Name: 'there' } }],
    };
    const all = ['a', 'b', 'c', 'd'].map((name) => ({
      ...assignmentRecord(name, {}, { HostConfig: { NetworkMode: 'n'.repeat(64) } }),
      needs,
    }));
    manager.put(...all);
    for (const one of all) expect((await manager.result(one)).error).toBeUndefined();
    const shops = engine.world.networks.all().filter(({ name }) => name === 'shop');
    expect(shops).toMatchObject([{ labels: { [LABEL_ID]: 'n'.repeat(64), [LABEL_CLUSTER]: 'c1' } }]);
    expect(engine.world.containers.get('a').body.HostConfig?.NetworkMode).toBe('shop');
    expect(engine.world.volumes.get('data').labels).toMatchObject({ [LABEL_CLUSTER]: 'c1' });
    expect(engine.world.volumes.get('there').labels).toEqual({ by: 'hand' });
  });

  it('brings names in line, and is not stopped by one that is in use', async () => {
    const { manager, engine } = await connected();
    const web = assignmentRecord('web', { state: 'running', starts: 1 });
    manager.put(web);
    await manager.result(web);
    manager.put({ ...web, name: 'shop' });
    await manager.until(() => manager.observed('shop') !== undefined);
    await engine.json('POST', '/containers/create?name=mine', { Image: 'busybox' });
    const next = assignmentRecord('web', { state: 'stopped', generation: 2, starts: 1 });
    manager.put({ ...next, name: 'mine' });
    expect((await manager.result(next)).error).toBeUndefined();
    expect(statuses(engine)).toEqual({ shop: 'exited', mine: 'created' });
  });

  it('passes the platform on', async () => {
    const asked: string[] = [];
    const engine = newSimulatedEngine();
    const { json } = engine;
    engine.json = (method, path, ...more) => {
      asked.push(path);
      return json.call(engine, method, path, ...more) as Promise<never>;
    };
    const { manager } = await connected(engine);
    const web = assignmentRecord('web', { platform: 'linux/amd64' });
    manager.put(web);
    await manager.result(web);
    expect(asked).toContain('/v1.41/containers/create?name=web&platform=linux%2Famd64');
  });

  it('tells the result again when a generation that it acted on is sent again', async () => {
    const { manager } = await connected();
    const broken = assignmentRecord('web', {}, { Image: 'nowhere' });
    manager.put(broken);
    await manager.result(broken);
    manager.put(broken);
    await manager.until(() => manager.results.length === 2);
    expect(manager.results[1]).toEqual(manager.results[0]);
  });

  it('does not start again what has ended by itself, whatever else changes', async () => {
    const { manager, engine } = await connected();
    const once = assignmentRecord('job', { state: 'running', starts: 1 }, { Cmd: ['true'] });
    manager.put(once);
    await manager.result(once);
    await manager.until(() => manager.observed('job')?.state.status === 'exited');
    const updated = assignmentRecord(
      'job',
      { generation: 2, state: 'running', starts: 1 },
      { Cmd: ['true'] },
    );
    manager.put(updated);
    await manager.result(updated);
    expect(statuses(engine)).toEqual({ job: 'exited' });
  });

  it('keeps the pace with many at once', async () => {
    const { manager, engine } = await connected();
    const all = Array.from({ length: 300 }, (_, i) =>
      assignmentRecord(`c${i}`, { state: 'running', starts: 1 }),
    );
    for (const one of all) manager.put(one);
    for (const one of all) await manager.result(one);
    expect(Object.values(statuses(engine)).every((status) => status === 'running')).toBe(true);
    expect(manager.frames.filter(({ t }) => t === 'report').length).toBeLessThan(300);
  });
});

describe('what Berth did not make', () => {
  it('is never touched, whatever a snapshot says', async () => {
    const engine = newSimulatedEngine();
    await engine.json('POST', '/containers/create?name=hand', { Image: 'busybox' });
    const foreign = { [LABEL_ID]: clusterIdOf('x'), [LABEL_CLUSTER]: 'another cluster' };
    await engine.json('POST', '/containers/create?name=foreign', { Image: 'busybox', Labels: foreign });
    const stale = { [LABEL_ID]: clusterIdOf('stale'), [LABEL_CLUSTER]: 'c1' };
    await engine.json('POST', '/containers/create?name=stale', { Image: 'busybox', Labels: stale });
    const { manager } = await connected(engine);
    await manager.until(() => manager.observed('stale') === undefined);
    expect(Object.keys(statuses(engine))).toEqual(['hand', 'foreign']);
    expect(manager.observed('foreign')?.clusterId).toBeUndefined();
  });

  it('includes what was made by hand from an image that carries Berth labels', async () => {
    const engine = newSimulatedEngine();
    const inherited = { [LABEL_ID]: clusterIdOf('web'), [LABEL_CLUSTER]: 'c1' };
    engine.world.images.add('committed', 0, inherited);
    await engine.json('POST', '/containers/create?name=copy', { Image: 'committed', Labels: inherited });
    const { manager } = await connected(engine);
    expect(manager.observed('copy')?.clusterId).toBeUndefined();
    await sleep(50);
    expect(Object.keys(statuses(engine))).toEqual(['copy']);
  });
});

describe('moving away', () => {
  it('stops and removes on a drop with purge, and forgets on one without', async () => {
    const { manager, engine, dir } = await connected();
    const [a, b] = [assignmentRecord('a', { state: 'running' }), assignmentRecord('b', { state: 'running' })];
    manager.put(a, b);
    await manager.result(a);
    await manager.result(b);
    manager.deltas({ op: 'drop', id: a.id, purge: true }, { op: 'drop', id: b.id, purge: false });
    await manager.until(() => manager.observed('a') === undefined);
    await expect.poll(() => readdir(join(dir, 'assignments'))).toEqual([]);
    expect(statuses(engine)).toEqual({ b: 'running' });
  });

  it('purges what a snapshot leaves out', async () => {
    const { manager, engine } = await connected();
    const [a, b] = [assignmentRecord('a', { state: 'running' }), assignmentRecord('b', { state: 'running' })];
    manager.put(a, b);
    await manager.result(a);
    await manager.result(b);
    manager.snapshot([b]);
    await manager.until(() => manager.observed('a') === undefined);
    expect(statuses(engine)).toEqual({ b: 'running' });
  });

  it('purges nothing before the last part of a snapshot is in', async () => {
    const { manager, engine } = await connected();
    const [a, b] = [assignmentRecord('a', { state: 'running' }), assignmentRecord('b', { state: 'running' })];
    manager.put(a, b);
    await manager.result(a);
    await manager.result(b);
    const at = { epoch: 'e1', seq: 2 };
    manager.send({ t: 'snapshot', at, assignments: [a], more: true });
    await sleep(50);
    manager.send({ t: 'snapshot', at, assignments: [b] });
    await sleep(50);
    expect(statuses(engine)).toEqual({ a: 'running', b: 'running' });
    manager.send({ t: 'snapshot', at, assignments: [], more: true });
    manager.send({ t: 'snapshot', at, assignments: [b] });
    await manager.until(() => manager.observed('a') === undefined);
    expect(statuses(engine)).toEqual({ b: 'running' });
  });

  it('makes it anew when it comes back before it was gone', async () => {
    const { manager, engine } = await connected();
    const a = assignmentRecord('a', { state: 'running' });
    manager.put(a);
    await manager.result(a);
    manager.deltas({ op: 'drop', id: a.id, purge: true });
    const back = assignmentRecord('a', { generation: 2, state: 'running' });
    manager.put(back);
    await manager.result(back);
    await expect.poll(() => statuses(engine)).toEqual({ a: 'running' });
  });
});

describe('a copied data directory', () => {
  /** The data directory of a host on engine E1, with a container that has not been made yet. */
  async function copied(): Promise<{ dir: string; other: SimulatedEngine }> {
    const dir = await temporaryDir();
    const { manager, agent, engine } = await connected(newSimulatedEngine({ id: 'E1' }), dir);
    engine.setRunning(false);
    await manager.until(() => manager.frames.some((f) => f.t === 'heartbeat' && !f.engine));
    manager.snapshot([assignmentRecord('a', { state: 'running' })]);
    await expect.poll(() => readdir(join(dir, 'assignments'))).toHaveLength(1);
    await agent.close();
    const other = newSimulatedEngine({ id: 'E2' });
    const Labels = { [LABEL_CLUSTER]: 'c1', [LABEL_ID]: clusterIdOf('theirs') };
    await other.json('POST', '/containers/create?name=theirs', { Image: 'busybox', Labels });
    return { dir, other };
  }

  it('is refused on another engine: nothing is made or removed there, and no manager is told', async () => {
    const { dir, other } = await copied();
    const agent = await openAgent(other, dir);
    expect(await agent.refused).toMatch(/belongs to another machine: .*E2.*E1.*berth token create/);
    const manager = new FakeManager();
    agent.attach(manager.session);
    expect(manager.closeReason).toContain('another machine');
    await sleep(200);
    expect(manager.frames).toEqual([]);
    expect(statuses(other)).toEqual({ theirs: 'created' });
  });

  it('is refused as soon as the engine turns out to be another', async () => {
    const { dir, other } = await copied();
    other.setRunning(false);
    const agent = await openAgent(other, dir);
    expect(await agent.machineId).toBe(machineIdOf('m1', 'E1'));
    const manager = new FakeManager();
    agent.attach(manager.session);
    manager.send({ t: 'welcome', version: 1, hostName: 'host', ...IDENTITY });
    await manager.frame('hello');
    other.setRunning(true);
    expect(await agent.refused).toContain('another machine');
    expect(manager.closeReason).toContain('another machine');
    await sleep(200);
    expect(manager.frames.filter(({ t }) => t === 'full')).toEqual([]);
    expect(statuses(other)).toEqual({ theirs: 'created' });
  });

  it('is as good as any where the manager vouches for its own machine', async () => {
    const { dir, other } = await copied();
    const agent = await openAgent(other, dir, undefined, { anyEngine: true });
    expect(await agent.machineId).toBe(machineIdOf('m1', 'E2'));
    await expect.poll(() => statuses(other)).toMatchObject({ a: 'running' });
  });
});

describe('without a manager, or a new one', () => {
  it('resumes where its disk is, and holds what it held', async () => {
    const { manager, engine, agent, dir } = await connected();
    const web = assignmentRecord('web', { state: 'running' });
    manager.put(web);
    await manager.result(web);
    await agent.close();
    expect(statuses(engine)).toEqual({ web: 'running' });
    const next = await openAgent(engine, dir);
    const again = new FakeManager();
    expect((await again.greet(next, 'resume')).resume).toEqual({ epoch: 'e1', seq: 1 });
    expect(again.observed('web')).toMatchObject({ clusterId: web.id, generation: 1 });
    expect(again.results).toEqual([]);
  });

  it('tells results and events of the time between two connections', async () => {
    const { manager, engine, agent } = await connected();
    const web = assignmentRecord('web');
    manager.put(web);
    manager.cut();
    await expect.poll(() => statuses(engine)).toEqual({ web: 'created' });
    await sleep(50);
    const again = new FakeManager();
    await again.greet(agent, 'resume');
    await again.result(web);
    const { events } = await again.frame('events');
    expect(events.map(({ Action }) => Action)).toEqual(['create']);
  });

  it('tells each manager anew that what it had started with --rm has ended', async () => {
    const { engine, agent, manager: first } = await connected();
    const once = assignmentRecord('once', { state: 'running' }, { HostConfig: { AutoRemove: true } });
    first.put(once);
    await first.result(once);
    await engine.json('DELETE', '/containers/once?force=1');
    await first.until(() => first.observed('once') === undefined);
    first.cut();
    const second = new FakeManager();
    await second.greet(agent, 'resume');
    expect(await second.result(once)).toEqual({ id: once.id, generation: 1 });
  });

  it('sets a torn file aside and asks for everything again', async () => {
    const { manager, engine, agent, dir } = await connected();
    const web = assignmentRecord('web', { state: 'running', starts: 1 });
    manager.put(web);
    await manager.result(web);
    const { pid } = engine.world.containers.get('web');
    await agent.close();
    await writeFile(join(dir, 'assignments', `${web.id}.json`), '{"kind":"hold","assign');
    const next = await openAgent(engine, dir);
    const again = new FakeManager();
    expect((await again.greet(next, [web])).resume).toBeUndefined();
    await again.result(web);
    expect(await readdir(join(dir, 'assignments'))).toContain(`${web.id}.json.unreadable`);
    expect(engine.world.containers.get('web')).toMatchObject({ status: 'running', pid });
  });

  it('where it cannot write: says so, acts on nothing, and goes on once it can', async () => {
    const dir = await temporaryDir();
    const engine = newSimulatedEngine();
    engine.setRunning(false);
    const agent = await openAgent(engine, dir);
    // Every write fails, from the first to the fifth.
    for (const number of [1, 2, 3, 4, 5]) await symlink('/dev/full', join(dir, `journal.${number}`));
    engine.setRunning(true);
    const manager = new FakeManager();
    await manager.greet(agent);
    const web = assignmentRecord('web');
    const later = assignmentRecord('later');
    manager.put(web);
    const refused = { status: 503, message: expect.stringContaining('cannot write its assignments') };
    expect((await manager.result(web)).error).toMatchObject(refused);
    manager.put(later);
    expect((await manager.result(later)).error).toMatchObject(refused);
    const beat = () => manager.frames.findLast((frame) => frame.t === 'heartbeat');
    await expect.poll(beat).toMatchObject({
      engine: false,
      reason: expect.stringContaining('cannot write its assignments'),
    });
    expect(statuses(engine)).toEqual({});
    expect(manager.closeReason).toBeUndefined();
    await expect
      .poll(() => statuses(engine), { timeout: 9_000 })
      .toEqual({ web: 'created', later: 'created' });
    await expect.poll(beat, { timeout: 5_000 }).toMatchObject({ engine: true, reason: '' });
  }, 20_000);

  it('keeps another host’s assignments apart', async () => {
    const { manager, engine, agent, dir } = await connected();
    manager.put(assignmentRecord('web'));
    await manager.result(assignmentRecord('web'));
    await agent.close();
    await writeFile(
      join(dir, 'state.json'),
      JSON.stringify({ ...IDENTITY, hostId: 'h0', resume: { epoch: 'e1', seq: 1 } }),
    );
    const next = await openAgent(engine, dir);
    const again = new FakeManager();
    expect((await again.greet(next, 'resume')).resume).toBeUndefined();
    expect(await readdir(dir)).toContain('assignments.h0');
  });
});
