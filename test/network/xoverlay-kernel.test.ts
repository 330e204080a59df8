import { rm, writeFile } from 'node:fs/promises';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../../src/kit/logger.ts';
import type { Member, Span } from '../../src/model/span.ts';
import { type Run, run } from '../../src/network/commands.ts';
import { containerEnd, namespaceOf, portName } from '../../src/network/xoverlay/device-names.ts';
import { newXoverlayDriver } from '../../src/network/xoverlay/driver.ts';
import { ownNumber } from '../lab/own.ts';
import { tryRun } from '../lab/run.ts';

const own = await ownNumber();
/** At the end of the range: nobody's. */
const VNI = 16_770_000 + 2 * own;
/** The driver and this machine's kernel, without an engine. */
const span: Span = {
  driver: 'xoverlay',
  pools: [
    { subnet: '10.213.0.0/24', gateway: '10.213.0.1' },
    { subnet: 'fd00:213::/64', gateway: 'fd00:213::1' },
  ],
  mtu: 1450,
  internal: false,
  vni: VNI,
};
const network = { id: `of the test of the kernel ${own}`, engineId: 'e1', span };
const NAMESPACE = namespaceOf(network);
const endpoint = {
  endpointId: `${own.toString(16).padStart(4, '0')}feedfeedfeed`,
  endpoint: { ipv4: '10.213.0.5', mac: '02:be:0a:d5:00:05' },
};
const CONTAINER_END = containerEnd(endpoint.endpointId);
const PORT = portName(endpoint.endpointId);
const member: Member = {
  ...{ id: 'c2', hostId: 'h2', via: '127.0.0.9', names: ['db'], up: true },
  ...{ ipv4: '10.213.0.9', ipv6: 'fd00:213::9', mac: '02:be:0a:d5:00:09' },
};

/** As after a start of the agent: nothing is remembered. */
const newDriver = (dataAddress = '127.0.0.1', runs: Run = run) =>
  newXoverlayDriver({ run: runs, logger: silentLogger, dataAddress, vlanUplink: undefined });
let driver = newDriver();
beforeEach(() => {
  driver = newDriver();
});
const removeNetwork = () => newDriver().remove(network);
beforeAll(removeNetwork); // left by a run that was killed
afterEach(removeNetwork);

const inside = async (...argv: string[]) => (await tryRun(['ip', '-n', NAMESPACE, ...argv])).stdout;
const devices = async () =>
  (await inside('-o', 'link')).split('\n').flatMap((line) => /^\d+: ([^:@]+)/.exec(line)?.[1] ?? []);
const forwarding = async () =>
  (await tryRun(['bridge', '-n', NAMESPACE, 'fdb', 'show', 'dev', 'vx0'])).stdout
    .split('\n')
    .filter((line) => line.startsWith('02:be:'))
    .map((line) => line.replace(/ link-netnsid \d+/, '').trim())
    .sort();
const hostHas = async (name: string) => (await tryRun(['ip', 'link', 'show', name])).code === 0;

describe('a network in the kernel', () => {
  it('is made once, however often it is asked for, and leaves nothing', async () => {
    await driver.ensure(network);
    await driver.ensure(network);
    await newDriver().ensure(network);
    expect(await devices()).toEqual(['lo', 'vx0', 'br0']);
    expect(await inside('-o', '-4', 'address', 'show', 'br0')).toMatch(
      /10\.213\.0\.1\/24[\s\S]*169\.254\.53\.53\/32/,
    );
    await driver.remove(network);
    await driver.remove(network);
    expect((await tryRun(['ip', 'netns', 'list'])).stdout).not.toContain(NAMESPACE);
    // The VNI may be another network's at once.
    await driver.ensure(network);
  });

  it.each([
    ['only its namespace', ['ip', 'netns', 'add', NAMESPACE]],
    ['no bridge', ['ip', '-n', NAMESPACE, 'link', 'delete', 'br0']],
    ['no vxlan device', ['ip', '-n', NAMESPACE, 'link', 'delete', 'vx0']],
    ['a bridge without its addresses', ['ip', '-n', NAMESPACE, 'address', 'flush', 'dev', 'br0']],
  ])('is made whole where an earlier life has left %s', async (_, argv) => {
    if (argv[2] !== 'add') await driver.ensure(network);
    await run(argv);
    await newDriver().ensure(network);
    expect((await devices()).sort()).toEqual(['br0', 'lo', 'vx0']);
    expect(await inside('-o', '-4', 'address', 'show', 'br0')).toContain('10.213.0.1/24');
    expect(await inside('-o', 'link', 'show', 'vx0')).toContain('master br0');
  });

  it('has no packet filter between its containers, whatever the machine has', async () => {
    const values = async (...before: string[]) =>
      (await tryRun([...before, 'grep', '-rh', '', '/proc/sys/net/bridge', '--include=*tables'])).stdout;
    await driver.ensure(network);
    expect(await values('ip', 'netns', 'exec', NAMESPACE)).toBe((await values()).replaceAll(/./g, '0'));
  });

  it('is made where a namespace was left half made', async () => {
    await writeFile(`/run/netns/${NAMESPACE}`, '');
    await driver.ensure(network);
    expect(await devices()).toContain('br0');
    await driver.remove(network);
    await rm(`/run/netns/${NAMESPACE}`, { force: true });
  });
});

it('a network that got the VNI of one that is being removed waits for it, and stays', async () => {
  const next = { ...network, id: `another one of it ${own}`, engineId: 'e2' };
  await driver.ensure(network);
  await driver.join(network, endpoint);
  let refused = 0;
  const counting: Run = (argv, options) =>
    run(argv, options).catch((thrown) => {
      if (/VNI already exists/.test(String(thrown))) refused++;
      throw thrown;
    });
  const waiting = newDriver('127.0.0.1', counting).ensure(next);
  await expect.poll(() => refused, { timeout: 10_000 }).toBeGreaterThan(1);
  await driver.leave(network, endpoint.endpointId);
  await driver.remove(network);
  await waiting;
  await driver.join(next, endpoint);
  await driver.remove(network);
  const there = (await tryRun(['ip', '-n', namespaceOf(next), '-o', 'link'])).stdout;
  await driver.remove(next);
  expect(there).toMatch(new RegExp(`vx0[\\s\\S]*${PORT}`));
});

it.each<[string, { dataAddress?: string; vni?: number; wanted: RegExp }]>([
  ['data address', { dataAddress: '::1', wanted: new RegExp(`id ${VNI} local ::1 .*dstport 4789`) }],
  ['VNI', { vni: VNI + 1, wanted: new RegExp(`id ${VNI + 1} local 127.0.0.1 .*dstport 4789`) }],
])(
  'a host with another %s gets another device, with those who are on other hosts',
  async (_, { dataAddress = '127.0.0.1', vni = span.vni, wanted }) => {
    await driver.ensure(network);
    const next = newDriver(dataAddress);
    const changed = { ...network, span: { ...span, vni } };
    await next.ensure(changed);
    await next.members(changed, { whole: true, put: [{ ...member, via: dataAddress }], drop: [] });
    expect(await inside('-d', '-o', 'link', 'show', 'vx0')).toMatch(wanted);
    expect(await inside('-o', 'link', 'show', 'vx0')).toContain('master br0');
    expect(await forwarding()).toContain(`02:be:0a:d5:00:09 dst ${dataAddress} self static`);
    const index = await inside('-o', 'link', 'show', 'vx0');
    await next.ensure(changed);
    expect(await inside('-o', 'link', 'show', 'vx0')).toBe(index);
  },
);

describe("a container's link", () => {
  it('is swept away unless its endpoint is still there, also one that joins meanwhile', async () => {
    await driver.ensure(network);
    await driver.join(network, endpoint);
    const stays = `${own.toString(16).padStart(4, '0')}cafecafecafe`;
    await driver.join(network, { ...endpoint, endpointId: stays });
    const keep = new Set([stays]);
    await newDriver().sweep(network, () => keep);
    expect((await devices()).sort()).toEqual([portName(stays), 'br0', 'lo', 'vx0']);
    expect(await hostHas(containerEnd(endpoint.endpointId))).toBe(false);
    await driver.remove(network);
    await driver.sweep(network, () => keep);
  });

  it('is made, made again, and gone', async () => {
    await driver.ensure(network);
    expect(await driver.join(network, endpoint)).toEqual({
      srcName: CONTAINER_END,
      dstPrefix: 'eth',
      routes: [{ destination: '169.254.53.53/32' }, { destination: 'fd00:213::/64' }],
    });
    await newDriver().join(network, endpoint);
    expect(await devices()).toContain(PORT);
    expect(await hostHas(CONTAINER_END)).toBe(true);
    await driver.leave(network, endpoint.endpointId);
    await driver.leave(network, endpoint.endpointId);
    expect(await hostHas(CONTAINER_END)).toBe(false);
  });

  it('brings its network along where that is gone, with those who are on other hosts', async () => {
    await driver.ensure(network);
    await driver.members(network, { whole: true, put: [member], drop: [] });
    await run(['ip', 'netns', 'delete', NAMESPACE]);
    await driver.join(network, endpoint);
    expect(await devices()).toContain(PORT);
    expect(await forwarding()).toHaveLength(2);
  });
});

describe('members on other hosts', () => {
  it('are in the kernel, move, and go; a new life begins with what it finds', async () => {
    await driver.ensure(network);
    await driver.members(network, { whole: true, put: [member], drop: [] });
    expect(await forwarding()).toEqual([
      '02:be:0a:d5:00:09 dst 127.0.0.9 self static',
      '02:be:0a:d5:00:09 master br0 static',
    ]);
    expect(await inside('neighbour', 'show', 'dev', 'vx0')).toContain('fd00:213::9 lladdr 02:be:0a:d5:00:09');
    const next = newDriver();
    await next.ensure(network);
    await next.members(network, { whole: true, put: [{ ...member, via: '127.0.0.8' }], drop: [] });
    expect(await forwarding()).toContain('02:be:0a:d5:00:09 dst 127.0.0.8 self static');
    await next.members(network, { whole: false, put: [], drop: ['c2'] });
    expect(await forwarding()).toEqual([]);
    expect(await inside('neighbour', 'show', 'dev', 'vx0')).toBe('');
  });

  it('do not bring back a network that has been removed, nor one that nobody has asked for', async () => {
    await driver.ensure(network);
    await Promise.all([
      driver.remove(network),
      driver.members(network, { whole: false, put: [member], drop: [] }),
    ]);
    await newDriver().members(network, { whole: true, put: [member], drop: [] });
    expect((await tryRun(['ip', 'netns', 'list'])).stdout).not.toContain(NAMESPACE);
  });

  it('that come here are here', async () => {
    await driver.ensure(network);
    const moved = { ...member, mac: endpoint.endpoint.mac, ipv4: '10.213.0.5' };
    await driver.members(network, { whole: true, put: [moved], drop: [] });
    await driver.join(network, endpoint);
    const all = (await tryRun(['bridge', '-n', NAMESPACE, 'fdb', 'show'])).stdout;
    expect(all).toContain(`02:be:0a:d5:00:05 dev ${PORT} master br0 static`);
    await driver.members(network, { whole: false, put: [], drop: ['c2'] });
    expect(await forwarding()).toEqual([]);
    expect((await tryRun(['bridge', '-n', NAMESPACE, 'fdb', 'show'])).stdout).toContain(`dev ${PORT} master`);
  });
});
