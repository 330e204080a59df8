import { request } from 'node:http';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Assignment } from '../../contract/link.ts';
import { newSimulatedEngine, type SimulatedEngine } from '../../engine/index.ts';
import { systemClock } from '../../kit/clock.ts';
import { BerthError } from '../../kit/errors.ts';
import { newKeyedQueue } from '../../kit/keyed-queue.ts';
import { silentLogger } from '../../kit/logger.ts';
import type { Member } from '../../model/span.ts';
import { notingDriver, SPAN } from '../../network/libnetwork/host-book.fixture.ts';
import {
  assignmentRecord,
  cleanUp,
  FakeManager,
  IDENTITY,
  openAgent,
  temporaryDir,
} from '../agent.fixture.ts';
import type { Agent } from '../agent.ts';
import { HostNetworks, type NetworkOptions } from './host-networks.ts';
import type { NamesService } from './names-service.ts';
import { NetworkFiles } from './network-files.ts';

const toClose: HostNetworks[] = [];
afterEach(async () => {
  for (const networks of toClose.splice(0)) await networks.close();
  await cleanUp();
});

let dir: string;
let engine: SimulatedEngine;
let driver: ReturnType<typeof notingDriver>;
beforeEach(async () => {
  dir = await temporaryDir();
  engine = newSimulatedEngine({ images: ['busybox'] });
  driver = notingDriver();
});

const endpoint = { ipv4: '10.5.0.20', mac: '02:be:0a:05:00:14' };
function onNetwork(name: string, state: 'running' | 'removed' = 'running'): Assignment {
  const spec = { HostConfig: { NetworkMode: 'n1' }, NetworkingConfig: { EndpointsConfig: { n1: {} } } };
  const assignment = assignmentRecord(
    name,
    { state, starts: 1, generation: state === 'running' ? 1 : 2 },
    spec,
  );
  return {
    ...assignment,
    needs: { networks: [{ id: 'n1', spec: { Name: 'shop' }, span: SPAN, endpoint }], volumes: [] },
  };
}
const member = (id: string, hostId: string): Member => ({
  ...{ id, hostId, via: '192.0.2.2', names: [id], up: true, mac: '02:00:00:00:00:01' },
});

function start(more: Partial<NetworkOptions> = {}): Promise<Agent> {
  const networks = {
    dir: join(dir, 'networks'),
    pluginFolder: join(dir, 'plugins'),
    drivers: [driver],
    idleMs: 100,
    ...more,
  };
  return openAgent(engine, join(dir, 'assignments'), silentLogger, { networks });
}

/** As the engine asks its plugin. */
function ask(name: string, body: object): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const socketPath = join(dir, 'plugins', 'xoverlay.sock');
    const sent = request({ socketPath, path: `/${name}`, method: 'POST', agent: false }, (response) => {
      let text = '';
      response.on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () => resolve(JSON.parse(text)));
    });
    sent.on('error', reject);
    sent.end(JSON.stringify(body));
  });
}

const create = {
  NetworkID: 'e1',
  Options: { 'com.docker.network.generic': { 'berth.network': 'n1' } },
  IPv4Data: [{ Pool: '10.5.0.0/24', Gateway: '10.5.0.1/24' }],
};

/** Without an agent around it, and one network of an earlier life. */
async function opened(more: Partial<Parameters<typeof HostNetworks.open>[0]> = {}) {
  const options = { dir: join(dir, 'networks'), pluginFolder: join(dir, 'plugins'), drivers: [driver] };
  const files = await NetworkFiles.open(options.dir, IDENTITY, silentLogger);
  files.state.networks.n1 = { id: 'n1', span: SPAN, engineId: 'e1' };
  await files.save();
  await files.close();
  const served: string[] = [];
  const waited: string[] = [];
  const names: NamesService = {
    members: () => {},
    forget: () => {},
    serve: (id) => served.push(id),
    untilServing: async (id) => void waited.push(id),
    unserve: async () => {},
    close: async () => {},
  };
  const networks = await HostNetworks.open({
    ...{ ...options, names: () => names, hostServers: () => [], holdings: () => [] },
    ...{ identity: IDENTITY, dataAddress: '192.0.2.1', logger: silentLogger, clock: systemClock },
    ...{ engine, exclusive: newKeyedQueue(), ...more },
  });
  toClose.push(networks);
  return { networks, served, waited };
}

it('has drivers renew keys again and again, also after one could not', async () => {
  let times = 0;
  const renewKeys = async () => {
    times += 1;
    if (times === 1) throw new BerthError('internal', 'ip: No buffer space');
  };
  await opened({ renewMs: 5, drivers: [{ ...driver, renewKeys }] });
  await expect.poll(() => times).toBeGreaterThan(3);
});

it('tells a manager of its kernel, which says the same at each connection', async () => {
  const { networks } = await opened();
  const { kernelLife } = await networks.hello();
  expect(kernelLife).toMatch(/^[0-9a-f]{32}$/);
  expect((await networks.hello()).kernelLife).toBe(kernelLife);
});

describe('a network of an earlier life', () => {
  it('answers names once there is somewhere to', async () => {
    const { namesNamespace } = driver;
    driver.namesNamespace = async () => undefined;
    const { networks, served } = await opened();
    expect(networks.dns()?.answersIn('n1')).toBe(false);
    driver.namesNamespace = namesNamespace;
    expect(await ask('NetworkDriver.CreateNetwork', create)).toEqual({});
    expect(networks.dns()?.answersIn('n1')).toBe(true);
    expect(served).toEqual(['n1']);
  });

  it('has no container join it before names are answered in it', async () => {
    const { networks, waited } = await opened();
    networks.book.setEndpoint('p1', { engineNetwork: 'e1', endpoint });
    await ask('NetworkDriver.Join', { NetworkID: 'e1', EndpointID: 'p1', SandboxKey: '/run/docker/netns/s' });
    expect(waited).toEqual(['n1']);
    expect(driver.done.at(-1)).toMatch(/^join/);
  });

  it('is put into place as soon as it can be, and answers names before where it has somewhere to', async () => {
    driver.fails = true;
    const { served } = await opened({ retryMs: 50 });
    expect(driver.done).toEqual(['ensure n1']);
    expect(served).toEqual(['n1']);
    driver.fails = false;
    await expect.poll(() => driver.done.at(-1)).toBe('members n1');
    const { length } = driver.done;
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(driver.done).toHaveLength(length);
  });
});

describe('a network that is being put into place', () => {
  it('is removed behind it, and does not come back', async () => {
    let ended = () => {};
    const slow = new Promise<void>((resolve) => {
      ended = resolve;
    });
    driver.fails = true;
    const { networks } = await opened({ retryMs: 20 });
    driver.fails = false;
    driver.ensure = async () => {
      driver.done.push('ensure');
      await slow;
      driver.done.push('ensured');
    };
    await expect.poll(() => driver.done.at(-1)).toBe('ensure');
    const removed = ask('NetworkDriver.DeleteNetwork', { NetworkID: 'e1' });
    await new Promise((resolve) => setTimeout(resolve, 50));
    ended();
    await removed;
    // It may have been tried more than once before it could be.
    expect(driver.done.slice(driver.done.indexOf('ensure'))).toEqual([
      ...['ensure', 'ensured', 'members n1', 'remove n1'],
    ]);
    expect(networks.book.bound()).toEqual([]);
  });

  it('is not where it went meanwhile', async () => {
    driver.fails = true;
    const { networks } = await opened({ retryMs: 50 });
    driver.fails = false;
    await networks.book.unbind('e1');
    const tried = driver.done.length;
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(driver.done).toEqual(Array.from({ length: tried }, () => 'ensure n1'));
  });
});

describe('what a host holds of plain docker', () => {
  const held = { network: 'n1', ip: '10.5.0.77', mac: '02:be:0a:05:00:4d' };
  /** A lease of an earlier life, on a network that the engine still has. */
  async function earlier(): Promise<void> {
    const files = await NetworkFiles.open(join(dir, 'networks'), IDENTITY, silentLogger);
    const { id: engineId } = engine.world.networks.create({ Name: 'own', Driver: 'xoverlay' });
    files.state.networks.n1 = { id: 'n1', span: SPAN, engineId, plain: true };
    files.state.leases.push({ ...held, holder: 'e' });
    await files.save();
    await files.close();
  }
  const hold = {
    t: 'hold',
    networks: [{ network: 'n1', span: SPAN }],
    addresses: [{ ...held, endpoint: 'e' }],
  };

  it('is told in each connection once, behind what was asked before', async () => {
    await earlier();
    const agent = await start();
    const manager = new FakeManager();
    await manager.greet(agent);
    expect(await manager.frame('hold')).toEqual(hold);
    const taken = ask('IpamDriver.RequestAddress', { PoolID: 'n1/10.5.0.0/24', Address: '', Options: null });
    const { id } = await manager.frame('ask');
    manager.cut();
    const next = new FakeManager();
    await next.greet(agent);
    await next.frame('hold');
    expect(next.frames.flatMap(({ t }) => (t === 'ask' || t === 'hold' ? [t] : []))).toEqual(['ask', 'hold']);
    next.send({ t: 'answer', id, endpoint: { ipv4: '10.5.0.78', mac: held.mac } });
    expect(await taken).toMatchObject({ Address: '10.5.0.78/24' });
  });

  it('is not told before the engine has been looked at', async () => {
    await earlier();
    const json = engine.json.bind(engine);
    let answers = false;
    engine.json = async (method, path, ...rest) => {
      if (!answers && /^\/networks\/./.test(path)) throw new BerthError('host_down', 'no answer');
      return json(method, path, ...rest);
    };
    const manager = new FakeManager();
    const agent = await start({ lookMs: 200 });
    agent.attach(manager.session);
    manager.send({ t: 'welcome', version: 4, hostName: 'host', ...IDENTITY });
    await manager.frame('full');
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(manager.frames.map(({ t }) => t)).not.toContain('hold');
    answers = true;
    expect(await manager.frame('hold')).toEqual(hold);
  });

  it('is not told to a manager that does not know it', async () => {
    await earlier();
    const manager = new FakeManager();
    const agent = await start();
    agent.attach(manager.session);
    manager.send({ t: 'welcome', version: 3, hostName: 'host', ...IDENTITY });
    await manager.frame('full');
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(manager.frames.map(({ t }) => t)).not.toContain('hold');
  });
});

describe('a host on a network', () => {
  it('has its engine make it with its driver, and gives the container its address there', async () => {
    const manager = new FakeManager();
    const hello = await manager.greet(await start(), [onNetwork('web')]);
    expect(hello.network?.drivers).toEqual({ xoverlay: { usable: true, reason: '' } });
    await manager.result(onNetwork('web'));
    const [made] = engine.world.networks.all().filter(({ name }) => name === 'shop');
    expect(made?.options).toMatchObject({
      Driver: 'xoverlay',
      Internal: false,
      IPAM: {
        Driver: 'xoverlay',
        Options: { 'berth.network': 'n1' },
        Config: [{ Subnet: '10.5.0.0/24', Gateway: '10.5.0.1', AuxiliaryAddresses: { printer: '10.5.0.9' } }],
      },
      Options: { 'berth.network': 'n1' },
    });
  });

  it('tells the driver who is elsewhere, as it is told, and again after a restart without a manager', async () => {
    const manager = new FakeManager();
    const agent = await start();
    await manager.greet(agent, [onNetwork('web')]);
    await manager.result(onNetwork('web'));
    expect(await ask('NetworkDriver.CreateNetwork', create)).toEqual({});
    const told: unknown[] = [];
    driver.members = async (_, change) => {
      told.push(change);
    };
    const network = { id: 'n1', name: 'shop', span: SPAN };
    const put = [member('web', 'h1'), member('db', 'h2')];
    manager.send({
      t: 'members',
      networks: [{ ...network, whole: true, put, drop: [] }],
      gone: [],
      all: true,
    });
    const more = { whole: false, put: [member('db2', 'h3')], drop: ['db'] };
    manager.send({ t: 'members', networks: [{ ...network, ...more }], gone: [] });
    await expect.poll(() => told).toEqual([{ whole: true, put: [put[1]], drop: ['web'] }, more]);
    await agent.close();
    told.length = 0;
    await start();
    expect(told).toEqual([{ whole: true, put: [member('db2', 'h3')], drop: ['web'] }]);
  });

  it('answers the engine from its disk: addresses of containers that it holds', async () => {
    const manager = new FakeManager();
    const agent = await start();
    await manager.greet(agent, [onNetwork('web')]);
    await manager.result(onNetwork('web'));
    manager.cut();
    const pool = { Pool: '10.5.0.0/24', Options: { 'berth.network': 'n1' } };
    expect(await ask('IpamDriver.RequestPool', pool)).toMatchObject({ PoolID: 'n1/10.5.0.0/24' });
    const address = { PoolID: 'n1/10.5.0.0/24', Address: '10.5.0.20', Options: null };
    expect(await ask('IpamDriver.RequestAddress', address)).toMatchObject({ Address: '10.5.0.20/24' });
  });

  it('asks the manager for what is not its own, and gives back what that is told later', async () => {
    const manager = new FakeManager();
    const agent = await start();
    await manager.greet(agent, [onNetwork('web')]);
    await manager.result(onNetwork('web'));
    const taken = ask('IpamDriver.RequestAddress', { PoolID: 'n1/10.5.0.0/24', Address: '', Options: null });
    const { id, ask: asked } = await manager.frame('ask');
    expect(asked).toMatchObject({ op: 'take-address', network: 'n1', subnet: '10.5.0.0/24' });
    manager.send({ t: 'answer', id, endpoint: { ipv4: '10.5.0.77', mac: '02:be:0a:05:00:4d' } });
    expect(await taken).toMatchObject({ Address: '10.5.0.77/24' });
    manager.cut();
    await ask('IpamDriver.ReleaseAddress', { PoolID: 'n1/10.5.0.0/24', Address: '10.5.0.77' });
    await agent.close();
    const next = new FakeManager();
    await next.greet(await start(), [onNetwork('web')]);
    expect((await next.frame('ask')).ask).toMatchObject({ op: 'give-back', network: 'n1', ip: '10.5.0.77' });
  });

  it('takes away the network that no container needs any more', async () => {
    const manager = new FakeManager();
    await manager.greet(await start(), [onNetwork('web')]);
    await manager.result(onNetwork('web'));
    const here = () => engine.world.networks.all().some(({ name }) => name === 'shop');
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(here()).toBe(true);
    manager.deltas({ op: 'drop', id: onNetwork('web').id, purge: true });
    await expect.poll(here, { timeout: 5_000 }).toBe(false);
  });
});
