import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  assignmentRecord,
  cleanUp,
  clusterIdOf,
  FakeManager,
  openAgent,
  temporaryDir,
} from '../../../src/agent/agent.fixture.ts';
import type { EngineEvent } from '../../../src/contract/link.ts';
import { engineContract } from '../../../src/engine/contract.suite.ts';
import { dialerFor, type Engine, newDockerEngine } from '../../../src/engine/index.ts';
import type { Desired, DockerSpec } from '../../../src/model/container.ts';
import { ensureImage } from '../../images/bake.ts';
import { type Lab, ownName, startLab } from '../../lab/lab.ts';

let lab: Lab;
let engine: Engine;

beforeAll(async () => {
  lab = await startLab({ name: ownName(), hosts: 1, join: false });
  await ensureImage('busybox', lab.host('h1').engine);
  engine = newDockerEngine(dialerFor(lab.host('h1').engine));
});
afterAll(async () => {
  engine?.close();
  await lab?.down();
});

engineContract('Docker Engine', async () => newDockerEngine(dialerFor(lab.host('h1').engine)));

const record = (name: string, desired: Partial<Desired> = {}, spec: Partial<DockerSpec> = {}) =>
  assignmentRecord(
    name,
    { stop: { timeout: 0 }, ...desired },
    { Cmd: ['sleep', '1000'], StopTimeout: 0, ...spec },
  );

const docker = async (...args: string[]) => (await lab.docker(args, 'h1')).trim();

describe('an agent on a real engine', () => {
  afterEach(async () => {
    await cleanUp();
    const ids = await docker('ps', '-aq');
    if (ids !== '') await docker('rm', '-f', ...ids.split('\n'));
  });

  async function connected(dir?: string) {
    const agent = await openAgent(engine, dir ?? (await temporaryDir()));
    const manager = new FakeManager();
    await manager.greet(agent);
    return { agent, manager };
  }

  it('takes a container through its life, each result with what became of it', async () => {
    const { manager } = await connected();
    let generation = 0;
    const wish = async (state: Desired['state'], starts: number, more: Partial<Desired> = {}) => {
      const web = record('web', { generation: ++generation, state, starts, ...more });
      manager.put(web);
      expect((await manager.result(web)).error).toBeUndefined();
      return manager.observed('web')?.state.status;
    };
    expect(await wish('created', 0)).toBe('created');
    expect(await docker('inspect', '-f', '{{.Config.Hostname}}', 'web')).toBe(
      clusterIdOf('web').slice(0, 12),
    );
    expect(await wish('running', 1)).toBe('running');
    expect(await wish('paused', 1)).toBe('paused');
    expect(await wish('running', 1)).toBe('running');
    const pid = await docker('inspect', '-f', '{{.State.Pid}}', 'web');
    expect(await wish('running', 2, { stop: { timeout: 0 } })).toBe('running');
    expect(await docker('inspect', '-f', '{{.State.Pid}}', 'web')).not.toBe(pid);
    expect(await wish('stopped', 2)).toBe('exited');
    expect(await wish('running', 3)).toBe('running');
    expect(await wish('removed', 3, { remove: { force: true, volumes: true } })).toBeUndefined();
    expect(await docker('ps', '-aq')).toBe('');
  });

  it("sees a container as the engine's own list has it", async () => {
    const { manager } = await connected();
    await docker(
      ...[
        'run',
        '-d',
        '--name',
        'hand',
        '-p',
        '127.0.0.1:8081:80',
        '-p',
        '9000/udp',
        '--cpus',
        '0.5',
        '-m',
        '64m',
      ],
      ...['-v', 'things:/things', '--label', 'a=b', 'busybox', 'sh', '-c', 'sleep 1000'],
    );
    await manager.until(() => manager.observed('hand')?.state.status === 'running');
    type Listed = Record<string, unknown> & {
      HostConfig: { NetworkMode: string };
      Ports: { IP?: string; PrivatePort: number; PublicPort?: number; Type: string }[];
    };
    const [listed] = await engine.json<[Listed]>('GET', '/containers/json?all=1');
    const seen = manager.observed('hand');
    expect(seen).toMatchObject({
      engineId: listed.Id,
      image: listed.Image,
      imageId: listed.ImageID,
      command: listed.Command,
      created: listed.Created,
      labels: listed.Labels,
      mounts: listed.Mounts,
      networkMode: listed.HostConfig.NetworkMode,
    });
    const ports = seen?.ports.map(({ ip, privatePort, publicPort, type }) =>
      [ip, privatePort, publicPort, type].join(),
    );
    const theirs = listed.Ports.map(({ IP, PrivatePort, PublicPort, Type }) =>
      [IP, PrivatePort, PublicPort, Type].join(),
    );
    expect(ports?.sort()).toEqual(theirs.sort());
    expect(seen?.reservation).toMatchObject({ cpuMilli: 500, memory: 64 * 1024 ** 2 });
    expect(seen?.reservation.ports).toContainEqual({ ip: '127.0.0.1', port: 8081, protocol: 'tcp' });
    await docker('rm', '-f', 'hand');
    await manager.until(() => manager.observed('hand') === undefined);
    await docker('volume', 'rm', 'things');
  });

  it("hands on the engine's own words where it refuses", async () => {
    const { manager } = await connected();
    await docker('create', '--name', 'mine', 'busybox');
    const all = [
      record('mine'),
      record('none', {}, { Image: 'no-such-image' }),
      record('bad', { state: 'running', starts: 1 }, { Cmd: ['/no/such/program'] }),
    ] as const;
    manager.put(...all);
    const [clash, noImage, bad] = await Promise.all(all.map((one) => manager.result(one)));
    expect(clash?.error).toMatchObject({ status: 409, message: expect.stringContaining('already in use') });
    expect(noImage?.error).toMatchObject({ status: 404, message: 'No such image: no-such-image:latest' });
    expect(bad?.error?.message).toContain('/no/such/program');
    expect(manager.observed('bad')?.state).toMatchObject({ status: 'created', exitCode: 127 });
  });

  it('makes networks and volumes, and joins the network and the volumes of a peer by its cluster ID', async () => {
    const { manager } = await connected();
    const network = clusterIdOf('network');
    const needs = {
      networks: [{ id: network, spec: { Name: 'shop' } }],
      volumes: [{ spec: { Name: 'data', Labels: { a: 'b' } } }],
    };
    const web = {
      ...record(
        'web',
        { state: 'running', starts: 1 },
        { HostConfig: { NetworkMode: network, Binds: ['data:/data'] } },
      ),
      needs,
    };
    manager.put(web);
    expect((await manager.result(web)).error).toBeUndefined();
    const mode = {
      NetworkMode: `container:${web.id}`,
      PidMode: 'container:web',
      VolumesFrom: [`${web.id.slice(0, 12)}:ro`],
    };
    const peer = record('peer', { state: 'running', starts: 1 }, { HostConfig: mode });
    manager.put(peer);
    expect((await manager.result(peer)).error).toBeUndefined();
    expect(await docker('exec', 'peer', 'busybox', 'ls', '-d', '/data')).toBe('/data');
    expect(await docker('network', 'inspect', '-f', '{{index .Labels "berth.cluster.id"}}', 'shop')).toBe(
      network,
    );
    await docker('rm', '-f', 'web', 'peer');
    await docker('network', 'rm', 'shop');
    await docker('volume', 'rm', 'data');
  });

  it('leaves exactly one container each when it is killed in the middle of many, again and again', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'berth-agent-it-'));
    const wishes = Array.from({ length: 12 }, (_, i) => record(`c${i}`, { state: 'running', starts: 1 }));
    // Each life ends after so many changes of the engine: answers are lost, requests go on in the engine.
    for (const changes of [1, 3, 4, 6, 9]) {
      const { wrapped, dead } = dyingAfter(engine, changes);
      const manager = new FakeManager();
      const agent = await openAgent(wrapped, dir);
      await manager.greet(agent, wishes);
      await Promise.race([dead, Promise.all(wishes.map((wish) => manager.result(wish)))]);
      // Its last requests are broken off, as a killed process's are.
      await agent.close();
    }
    const manager = new FakeManager();
    await manager.greet(await openAgent(engine, dir), wishes);
    for (const wish of wishes) expect((await manager.result(wish)).error).toBeUndefined();
    const names = (await docker('ps', '--format', '{{.Names}}')).split('\n').sort();
    expect(names).toEqual(wishes.map(({ name }) => name).sort());
    await cleanUp();
    await rm(dir, { recursive: true });
  });

  it('goes on by itself when the engine was killed, and hands on each event once', async () => {
    const { manager } = await connected();
    const keep = record(
      'keep',
      { state: 'running', starts: 1 },
      { HostConfig: { RestartPolicy: { Name: 'always' } } },
    );
    manager.put(keep);
    await manager.result(keep);
    await lab.kill('h1');
    const isUp = () => manager.frames.filter((frame) => frame.t === 'heartbeat').at(-1)?.engine;
    await manager.until(() => isUp() === false, 60_000);
    await lab.start('h1');
    await manager.until(() => isUp() === true, 60_000);
    await manager.until(() => manager.observed('keep')?.state.status === 'running', 60_000);
    const more = record('more', { state: 'running', starts: 1 });
    manager.put(more);
    expect((await manager.result(more)).error).toBeUndefined();
    const events = () =>
      manager.frames.flatMap((frame): EngineEvent[] => (frame.t === 'events' ? frame.events : []));
    const isStart = ({ Action, Actor }: EngineEvent) =>
      Action === 'start' && Actor.Attributes?.name === 'more';
    await manager.until(() => events().some(isStart), 60_000);
    await sleep(200);
    const told = events();
    const keys = told.map(({ Type, Action, Actor, timeNano }) => [Type, Action, Actor.ID, timeNano].join());
    expect(new Set(keys).size).toBe(keys.length);
    const ofMore = told.filter(({ Actor }) => Actor.Attributes?.name === 'more');
    expect(ofMore.map(({ Action }) => Action)).toEqual(['create', 'start']);
  });

  it('does not purge what was made by hand from an image that was committed from one of its own', async () => {
    const { manager } = await connected();
    const web = record('web', { state: 'running', starts: 1 });
    manager.put(web);
    await manager.result(web);
    await docker('commit', 'web', 'committed');
    await docker('run', '-d', '--name', 'copy', 'committed', 'sleep', '1000');
    await manager.until(() => manager.observed('copy')?.state.status === 'running');
    expect(manager.observed('copy')?.clusterId).toBeUndefined();
    manager.snapshot([]);
    await manager.until(() => manager.observed('web') === undefined);
    expect(await docker('ps', '--format', '{{.Names}}')).toBe('copy');
    await docker('rm', '-f', 'copy');
    await docker('rmi', 'committed');
  });
});

function dyingAfter(real: Engine, changes: number) {
  let left = changes;
  let die: () => void = () => {};
  const dead = new Promise<void>((resolve) => {
    die = resolve;
  });
  const wrapped: Engine = {
    request: (request) => real.request(request),
    upgrade: (request) => real.upgrade(request),
    json: (method, path, body, signal) => {
      if (method === 'GET') return real.json(method, path, body, signal);
      if (left <= 0)
        return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
      if (--left === 0) setImmediate(die);
      return real.json(method, path, body, signal);
    },
    close: () => {},
  };
  return { wrapped, dead };
}
