import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Lab, startLab } from '../lab/lab.ts';
import { addTrunk } from '../lab/openvswitch.ts';
import { ensureRequirements } from '../lab/requirements.ts';
import { run, tryRun } from '../lab/run.ts';
import { pingFrom, VlanHost } from '../lab/vlan-host.ts';
import { endpointAt, vlanNetwork } from '../lab/vlan-network.ts';

/**
 * A host on an access port: no tags. h1 has a Linux bridge over its uplink, h2 macvlan over its own, and a machine that is no
 * host is on the same wire.
 */
let lab: Lab;
let h1: VlanHost;
let h2: VlanHost;
let machine = '';

const pools = [{ subnet: '10.217.0.0/24', gateway: '10.217.0.1' }];
const bridged = vlanNetwork('access', { pools, backend: 'bridge' });
const macvlan = vlanNetwork('access', { pools, backend: 'macvlan' });

beforeAll(async () => {
  await ensureRequirements([['busybox', 'busybox-static']]);
  lab = await startLab({ hosts: 2, join: false });
  await addTrunk(lab, ['h1', 'h2']);
  machine = `${lab.plan.mark}-machine`;
  await run(['ip', 'netns', 'add', machine]);
  const peer = ['type', 'veth', 'peer', 'name', 'eth0', 'netns', machine];
  await run(['ip', '-n', lab.plan.wire, 'link', 'add', 'machine', ...peer]);
  await run(['ip', '-n', lab.plan.wire, 'link', 'set', 'machine', 'master', 'trunk', 'up']);
  await run(['ip', '-n', machine, 'address', 'add', '10.217.0.1/24', 'dev', 'eth0']);
  await run(['ip', '-n', machine, 'link', 'set', 'eth0', 'up']);
  h1 = new VlanHost(lab, 'h1', 'eth1');
  h2 = new VlanHost(lab, 'h2', 'eth1');
});
afterAll(() => lab?.down());

/** Of a machine that does much beside. */
const PATIENCE = { timeout: 60_000 };

const pings = async (ip: string) => (await tryRun(pingFrom(machine, ip))).code === 0;

it('connects containers by a bridge on one host and macvlan on another with a machine on the wire', async () => {
  const before = [await h1.traces(), await h2.traces()];
  for (const again of [1, 2]) {
    await h1.driver.ensure(bridged);
    await h2.driver.ensure(macvlan);
    expect(again).toBeGreaterThan(0);
  }
  const a = await h1.start('a', bridged, endpointAt('10.217.0.11'));
  const b = await h1.start('b', bridged, endpointAt('10.217.0.12'));
  const c = await h2.start('c', macvlan, endpointAt('10.217.0.13'));
  const d = await h2.start('d', macvlan, endpointAt('10.217.0.14'));
  expect(c.routes).toBeUndefined();
  for (const ip of ['10.217.0.12', '10.217.0.13', '10.217.0.1', '169.254.53.53'])
    await expect.poll(() => h1.reaches('a', ip), { ...PATIENCE, message: ip }).toBe(true);
  for (const ip of ['10.217.0.12', '10.217.0.14', '10.217.0.1'])
    await expect.poll(() => h2.reaches('c', ip), { ...PATIENCE, message: ip }).toBe(true);
  await expect.poll(() => pings('10.217.0.11'), PATIENCE).toBe(true);
  await expect.poll(() => pings('10.217.0.14'), PATIENCE).toBe(true);
  // the address of names is not on the wire
  await run(['ip', '-n', machine, 'route', 'add', '169.254.53.53/32', 'dev', 'eth0']);
  expect(await pings('169.254.53.53')).toBe(false);

  await expect(h2.start('twin', macvlan, endpointAt('10.217.0.11'))).rejects.toThrow(
    'older copy of this container',
  );
  await expect(h1.start('twin', bridged, endpointAt('10.217.0.1'))).rejects.toThrow(
    '10.217.0.1 is in use by a machine',
  );

  // a new life of the agent: it knows nothing but what the kernel shows
  const later = [new VlanHost(lab, 'h1', 'eth1'), new VlanHost(lab, 'h2', 'eth1')] as const;
  await later[0].stop('a', bridged, a);
  await later[0].stop('b', bridged, b);
  await later[1].stop('c', macvlan, c);
  await later[1].stop('d', macvlan, d);
  await later[0].driver.remove(bridged);
  await later[1].driver.remove(macvlan);
  await later[1].driver.remove(macvlan);
  expect([await h1.traces(), await h2.traces()]).toEqual(before);
});

it('refuses what would cut the host off, what the kernel cannot do, and what is not there', async () => {
  const before = await h1.traces();
  const refused = (span: Parameters<typeof vlanNetwork>[1]) => h1.driver.ensure(vlanNetwork('other', span));
  await expect(refused({ pools, backend: 'bridge', uplink: 'eth0' })).rejects.toThrow(
    /bridge: eth0 has the address 10\.214\.\d+\.11, and as a port of a bridge this host would be cut off/,
  );
  await expect(refused({ pools, uplink: 'eth7' })).rejects.toThrow('this host has no interface eth7 (it has');
  await expect(refused({ pools, backend: 'openvswitch' })).rejects.toThrow('Open vSwitch');
  await expect(refused({ pools, backend: 'ipvlan' })).rejects.toThrow(
    'backend "ipvlan" of vlan is not known',
  );
  await expect(refused({ pools, backend: 'macvlan', mtu: 9000 })).rejects.toThrow('eth1 carries 1500 bytes');
  expect(await h1.traces()).toBe(before);
  const spare = vlanNetwork('spare', { pools, backend: 'macvlan', uplink: 'eth0' });
  await h1.driver.ensure(spare);
  expect((await lab.exec('h1', ['ip', '-4', 'address', 'show', 'dev', 'eth0'])).stdout).toContain('10.214.');
  await h1.driver.remove(spare);
});

it('stays on its uplink while containers are on it, and goes with the host to another one afterwards', async () => {
  const before = await h1.traces();
  await h1.exec(['ip', 'link', 'add', 'eth2', 'type', 'veth', 'peer', 'name', 'eth2-far']);
  await h1.driver.ensure(bridged);
  const stays = await h1.start('stays', bridged, endpointAt('10.217.0.70'));
  const moved = new VlanHost(lab, 'h1', 'eth2');
  await expect(moved.driver.ensure(bridged)).rejects.toThrow(
    `network ${bridged.id.slice(0, 12)} is on eth1 with containers of this host, whose uplink is eth2 now`,
  );
  await expect.poll(() => pings('10.217.0.70'), PATIENCE).toBe(true);
  await moved.stop('stays', bridged, stays);
  await moved.driver.ensure(bridged);
  const portsOf = (link: string) => h1.exec(['ip', '-details', 'link', 'show', link]);
  expect(await portsOf('eth2')).toContain('bridge_slave');
  expect(await portsOf('eth1')).not.toContain('bridge_slave');
  await moved.driver.remove(bridged);
  await h1.exec(['ip', 'link', 'delete', 'eth2']);
  expect(await h1.traces()).toEqual(before);
});

it('finds out by trying whether this kernel has 802.1q, and says so', async () => {
  const before = await h1.traces();
  await h1.exec(['ip', 'netns', 'add', 'own-trial']);
  await h1.exec(['ip', '-n', 'own-trial', 'link', 'add', 'p', 'type', 'veth', 'peer', 'name', 'q']);
  const tried = await lab.exec('h1', [
    'ip',
    '-n',
    'own-trial',
    'link',
    'add',
    'link',
    'p',
    'name',
    't',
    'type',
    'vlan',
    'id',
    '1',
  ]);
  await h1.exec(['ip', 'netns', 'delete', 'own-trial']);
  for (const backend of ['bridge', 'macvlan']) {
    const network = vlanNetwork('tagged', { pools, backend, vlanId: 217 });
    if (tried.code === 0) {
      await h1.driver.ensure(network);
      expect(await h1.exec(['ip', '-details', 'link', 'show', 'eth1.217'])).toContain('id 217');
      await h1.driver.remove(network);
    } else {
      await expect(h1.driver.ensure(network)).rejects.toThrow(
        `VLAN 217 on eth1 cannot be used on this host: ${backend}: this kernel has no 802.1q VLAN interfaces ("modprobe 8021q" may bring them)`,
      );
    }
  }
  expect(await h1.traces()).toBe(before);
});
