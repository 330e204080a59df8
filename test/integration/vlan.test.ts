import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { Company } from '../lab/company.ts';
import { type Lab, startLab } from '../lab/lab.ts';
import { addTrunk, must, startOpenVSwitch } from '../lab/openvswitch.ts';
import { fetchFrom, VlanHost } from '../lab/vlan-host.ts';
import { endpointAt, vlanNetwork } from '../lab/vlan-network.ts';
import { Capture } from '../lab/watch.ts';

/**
 * h1 and h2 are hosts of a cluster; h3 is the rest of the company: a switch with the gateway of VLAN 217 and a machine in
 * VLAN 218, on access ports. Each test finds the hosts without networks, and leaves them so.
 */
let lab: Lab;
let h1: VlanHost;
let h2: VlanHost;
let company: Company;

const v217 = vlanNetwork('v217', {
  vlanId: 217,
  pools: [
    { subnet: '10.217.0.0/24', gateway: '10.217.0.1' },
    { subnet: 'fd00:217::/64', gateway: 'fd00:217::1' },
  ],
});
const v218 = vlanNetwork('v218', {
  vlanId: 218,
  pools: [{ subnet: '10.217.0.0/24', gateway: '10.217.0.1' }],
});
const GATEWAY_MAC = '02:00:00:00:02:17';

const MACHINES = ['gw217', 'pc218'];

beforeAll(async () => {
  lab = await startLab({ hosts: 3, join: false });
  const hosts = ['h1', 'h2', 'h3'];
  await addTrunk(lab, hosts);
  for (const host of hosts) await startOpenVSwitch(lab, host);
  company = new Company(lab, 'h3');
  await company.start();
  const addresses = ['10.217.0.1/24', 'fd00:217::1/64'];
  await company.add({ name: 'gw217', vlan: 217, addresses, mac: GATEWAY_MAC });
  await company.add({ name: 'pc218', vlan: 218, addresses: ['10.217.0.1/24'], mac: '02:00:00:00:02:18' });
  h1 = new VlanHost(lab, 'h1', 'eth1');
  h2 = new VlanHost(lab, 'h2', 'eth1');
});
/** What a test that failed has left is not the next one's. */
afterEach(async ({ task }) => {
  if (task.result?.state !== 'fail') return;
  for (const host of [h1, h2]) await host.clear([v217, v218]);
  await new VlanHost(lab, 'h3', 'eth1').clear([v217], MACHINES);
  await lab.exec('h1', ['ip', 'link', 'delete', 'eth2']);
  await lab.exec('h3', ['ip', '-n', 'gw217', 'route', 'delete', '169.254.53.53/32']);
});
afterAll(() => lab?.down());

/** Of a machine that does much beside. */
const PATIENCE = { timeout: 60_000 };

const pings = (machine: string, ip: string) => company.pings(machine, ip);

it('says what this host has', async () => {
  expect(await h1.driver.preflight()).toEqual({ usable: true, reason: 'openvswitch on eth1' });
});

it('connects containers of one VLAN over hosts, and with the machines there, and keeps the other VLAN apart', async () => {
  const before = await h1.traces();
  for (const host of [h1, h2]) for (const network of [v217, v218]) await host.driver.ensure(network);
  const a = await h1.start('a', v217, endpointAt('10.217.0.11', 'fd00:217::11'));
  const b = await h2.start('b', v217, endpointAt('10.217.0.12', 'fd00:217::12'));
  const c = await h2.start('c', v218, endpointAt('10.217.0.13'));
  expect(a).toMatchObject({ gateway: '10.217.0.1', gatewayIPv6: 'fd00:217::1' });
  await expect.poll(() => h1.reaches('a', '10.217.0.12'), PATIENCE).toBe(true);
  await expect.poll(() => h1.reaches('a', 'fd00:217::12'), PATIENCE).toBe(true);
  await expect.poll(() => h1.reaches('a', '10.217.0.1'), PATIENCE).toBe(true);
  await expect.poll(() => pings('gw217', '10.217.0.11'), PATIENCE).toBe(true);
  await expect.poll(() => pings('gw217', 'fd00:217::12'), PATIENCE).toBe(true);
  // TCP, as well: nobody fills in the checksums of a switch that is a process
  await h2.exec([
    'ip',
    'netns',
    'exec',
    'b',
    'busybox',
    'httpd',
    '-p',
    '8080',
    '-h',
    '/usr/share/openvswitch',
  ]);
  const request = { input: 'GET /vswitch.ovsschema HTTP/1.0\r\n\r\n' };
  const fetched = async (host: string, namespace: string) =>
    (await lab.exec(host, fetchFrom(namespace, '10.217.0.12'), request)).stdout.length;
  await expect.poll(() => fetched('h1', 'a'), PATIENCE).toBeGreaterThan(20_000);
  await expect.poll(() => fetched('h3', 'gw217'), PATIENCE).toBeGreaterThan(20_000);
  expect(await h1.reaches('a', '10.217.0.13')).toBe(false);
  await expect.poll(() => pings('pc218', '10.217.0.13'), PATIENCE).toBe(true);
  expect(await pings('pc218', '10.217.0.11')).toBe(false);

  await h1.stop('a', v217, a);
  await h2.stop('b', v217, b);
  await h2.stop('c', v218, c);
  for (const host of [h1, h2]) for (const network of [v217, v218]) await host.driver.remove(network);
  expect(await h1.traces()).toBe(before);
});

it('uses the switch that an operator has made, and leaves it as it was', async () => {
  const h3 = new VlanHost(lab, 'h3', 'eth1');
  const state = ['ovs-vsctl', '--columns=name,protected,external_ids,tag', 'list', 'Port'];
  const before = [await h3.traces(), await company.exec(...state)];
  await h3.driver.ensure(v217);
  const local = await h3.start('local', v217, endpointAt('10.217.0.15'));
  await expect.poll(() => pings('gw217', '10.217.0.15'), PATIENCE).toBe(true);
  await expect.poll(() => h3.reaches('local', '169.254.53.53'), PATIENCE).toBe(true);
  await h3.stop('local', v217, local);
  await h3.driver.remove(v217);
  expect([await h3.traces(), await company.exec(...state)]).toEqual(before);
});

it('goes on after a SIGKILL half way, wherever, and leaves nothing', async () => {
  const before = await h1.traces();
  const endpoint = endpointAt('10.217.0.50');
  let steps = 0;
  for (let done = false; !done; steps += 2) {
    const dying = h1.reborn(steps);
    const joined = await dying.driver
      .ensure(v217)
      .then(() => dying.driver.join(v217, { endpointId: 'e'.repeat(64), endpoint }))
      .catch((thrown: unknown) => {
        expect(String(thrown), `after ${steps} steps`).toContain('killed');
        return undefined;
      });
    done = joined !== undefined;
    if (steps % 6 === 0) {
      // what a later life makes of it
      const later = h1.reborn();
      await later.driver.ensure(v217);
      const started = await later.start('survivor', v217, endpointAt('10.217.0.51'));
      await expect
        .poll(() => later.reaches('survivor', '10.217.0.1'), { ...PATIENCE, message: `after ${steps} steps` })
        .toBe(true);
      await later.stop('survivor', v217, started);
      await later.driver.leave(v217, 'e'.repeat(64));
    }
    // and what is left when the network goes, itself killed on its way
    await h1
      .reborn(steps % 7)
      .driver.remove(v217)
      .catch(() => {});
    await h1.reborn().driver.remove(v217);
    expect(await h1.traces(), `after ${steps} steps`).toBe(before);
  }
  expect(steps).toBeGreaterThan(20);
}, 300_000);

it('refuses an address that a machine on the VLAN has, and names its MAC', async () => {
  await h1.driver.ensure(v217);
  const before = await h1.traces();
  await expect(h1.start('twin', v217, endpointAt('10.217.0.1'))).rejects.toMatchObject({
    code: 'conflict',
    message: `address 10.217.0.1 is in use by a machine with the MAC ${GATEWAY_MAC}`,
  });
  await expect(h1.start('twin', v217, endpointAt('10.217.0.9', 'fd00:217::1'))).rejects.toThrow(
    `address fd00:217::1 is in use by a machine with the MAC ${GATEWAY_MAC}`,
  );
  expect(await h1.traces()).toBe(before);
  await h1.driver.remove(v217);
});

it('refuses an address while an older copy of the container answers for it, and takes nothing from that', async () => {
  await h1.driver.ensure(v217);
  await h2.driver.ensure(v217);
  const old = await h1.start('old', v217, endpointAt('10.217.0.20'));
  await expect.poll(() => pings('gw217', '10.217.0.20'), PATIENCE).toBe(true);
  await expect(h2.start('new', v217, endpointAt('10.217.0.20'))).rejects.toThrow(
    'address 10.217.0.20 is still answered for by an older copy of this container (MAC 02:be:0a:d9:00:14)',
  );
  await expect.poll(() => pings('gw217', '10.217.0.20'), PATIENCE).toBe(true);
  await h1.stop('old', v217, old);
  for (const host of [h1, h2]) await host.driver.remove(v217);
});

it('announces a container that has moved, so that frames for it go to its new host at once', async () => {
  await h1.driver.ensure(v217);
  await h2.driver.ensure(v217);
  const endpoint = endpointAt('10.217.0.30', 'fd00:217::30');
  const before = await h1.start('mover', v217, endpoint);
  await expect.poll(() => pings('gw217', '10.217.0.30'), PATIENCE).toBe(true);
  await h1.stop('mover', v217, before);
  const frames = await Capture.start(company.inside('gw217'), ['-i', 'eth0', 'ether', 'src', endpoint.mac]);
  const heard = (words: string) => frames.lines.filter((line) => line.includes(words)).length;
  const after = await h2.start('mover', v217, endpoint);
  await expect
    .poll(() => heard('Request who-has 10.217.0.30 tell 10.217.0.30'), PATIENCE)
    .toBeGreaterThanOrEqual(2);
  await expect.poll(() => heard('neighbor advertisement, tgt is fd00:217::30'), PATIENCE).toBeGreaterThan(0);
  await frames.end();
  await expect.poll(() => pings('gw217', '10.217.0.30'), PATIENCE).toBe(true);
  await h2.stop('mover', v217, after);
  for (const host of [h1, h2]) await host.driver.remove(v217);
});

it('answers for names on the host alone', async () => {
  for (const host of [h1, h2]) await host.driver.ensure(v217);
  const path = await h1.driver.namesNamespace(v217);
  expect(path).toMatch(/^\/run\/netns\/berth-vlan-/);
  const namespace = path?.split('/').at(-1) ?? '';
  const a = await h1.start('asker', v217, endpointAt('10.217.0.40'));
  await expect.poll(() => h1.reaches('asker', '169.254.53.53'), PATIENCE).toBe(true);
  // from the gateway's machine it is not there, although it would look on the link
  const route = (verb: string) =>
    company.exec('ip', '-n', 'gw217', 'route', verb, '169.254.53.53/32', 'dev', 'eth0');
  await route('add');
  expect(await pings('gw217', '169.254.53.53')).toBe(false);
  await route('delete');
  expect(await h1.reaches(namespace, '10.217.0.1')).toBe(false);

  // what has been taken away by force is made again
  await h1.exec(['ip', 'netns', 'delete', namespace]);
  await h1.driver.ensure(v217);
  await expect.poll(() => h1.reaches('asker', '169.254.53.53'), PATIENCE).toBe(true);
  await h1.stop('asker', v217, a);
  for (const host of [h1, h2]) await host.driver.remove(v217);
});

it('stays on its uplink while containers are on it, and goes with the host to another one afterwards', async () => {
  const before = await h1.traces();
  await must(lab, 'h1', ['ip', 'link', 'add', 'eth2', 'type', 'veth', 'peer', 'name', 'eth2-far']);
  const onNew = await h1.traces();
  await h1.driver.ensure(v217);
  const stays = await h1.start('stays', v217, endpointAt('10.217.0.70'));
  const moved = new VlanHost(lab, 'h1', 'eth2');
  await expect(moved.driver.ensure(v217)).rejects.toMatchObject({
    code: 'conflict',
    message: `network ${v217.id.slice(0, 12)} is on eth1 with containers of this host, whose uplink is eth2 now`,
    hint: expect.stringContaining('--vlan-uplink eth1'),
  });
  await expect.poll(() => pings('gw217', '10.217.0.70'), PATIENCE).toBe(true);
  await moved.stop('stays', v217, stays);
  await moved.driver.ensure(v217);
  const switches = await h1.exec(['ovs-vsctl', 'list-br']);
  expect(switches.trim().split('\n')).toEqual(['vo-eth2']);
  await moved.driver.remove(v217);
  expect(await h1.traces()).toBe(onNew);

  // removed by a host that was given another uplink meanwhile
  await h1.reborn().driver.ensure(v217);
  await new VlanHost(lab, 'h1', 'eth2').driver.remove(v217);
  expect(await h1.traces()).toBe(onNew);
  await must(lab, 'h1', ['ip', 'link', 'delete', 'eth2']);
  expect(await h1.traces()).toBe(before);
});

it('takes away what an agent has left that was killed while it tried what the kernel can', async () => {
  const before = await h1.traces();
  await h1.exec(['ip', 'netns', 'add', 'berth-try-01234567']);
  await h1.exec(['ip', '-n', 'berth-try-01234567', 'link', 'add', 'p', 'type', 'veth', 'peer', 'name', 'q']);
  await h1.reborn().driver.preflight();
  expect(await h1.traces()).toBe(before);
});
