import { afterAll, beforeAll, expect, it } from 'vitest';
import { ensureImage } from '../images/bake.ts';
import { type Lab, startLab } from '../lab/lab.ts';
import { addTrunk, must, startOpenVSwitch } from '../lab/openvswitch.ts';
import { tryRun, until } from '../lab/run.ts';
import { pingFrom, VlanHost } from '../lab/vlan-host.ts';
import { Capture } from '../lab/watch.ts';

/**
 * Real containers on VLAN 217: h1 and h2 run them, h3 is the company's switch with a machine of the network's gateway's
 * address, and one more.
 */
let lab: Lab;
const TAKEN_MAC = '02:00:00:00:00:99';
const docker = (...args: string[]) => lab.docker(args);
const tryDocker = (...args: string[]) => tryRun(['docker', '-H', lab.endpoint, ...args]);
const atCompany = (...argv: string[]) => must(lab, 'h3', argv);
const pings = async (ip: string) => (await lab.exec('h3', pingFrom('gw217', ip))).code === 0;
const reaches = async (container: string, ip: string) =>
  (await tryDocker('exec', container, 'ping', '-c', '2', '-W', '1', ip)).code === 0;
const traces = async () => {
  const hosts = ['h1', 'h2'].map(async (host) => {
    const folder = `${lab.host(host).folder}/agent/networks`;
    // Below it, not in it: what the host remembers of all networks is one file that stays.
    const files = (await must(lab, host, ['find', folder, '-mindepth', '2'])).split('\n').sort();
    return [await new VlanHost(lab, host, undefined).traces(), ...files].join('\n');
  });
  return Promise.all(hosts);
};
const start = (name: string, host: string, ...more: string[]) =>
  docker(
    'run',
    '-d',
    '--name',
    name,
    '-e',
    `constraint:node==/${host}/`,
    '--net',
    'v217',
    ...more,
    'busybox',
    'sleep',
    '1000',
  );

/** Hosts take a network away some seconds after nothing needs it any more. */
async function untilAsBefore(before: readonly string[]): Promise<void> {
  const same = async () => (JSON.stringify(await traces()) === JSON.stringify(before) ? true : undefined);
  await until('the hosts as they were before', same, { timeoutMs: 60_000, everyMs: 1_000 }).catch(async () =>
    expect(await traces()).toEqual(before),
  );
}

beforeAll(async () => {
  lab = await startLab({ hosts: 3 });
  const hosts = ['h1', 'h2', 'h3'];
  await addTrunk(lab, hosts);
  for (const host of hosts) {
    await startOpenVSwitch(lab, host);
    await ensureImage('busybox', lab.host(host).engine);
  }
  await atCompany('ovs-vsctl', 'add-br', 'company', '--', 'set', 'Bridge', 'company', 'datapath_type=netdev');
  await atCompany('ovs-vsctl', 'add-port', 'company', 'eth1');
  await addMachine('gw217', '10.217.0.1', '02:00:00:00:00:01');
  await addMachine('taken', '10.217.0.99', TAKEN_MAC);
});
afterAll(() => lab?.down());

/** Of a machine that does much beside. */
const PATIENCE = { timeout: 60_000 };

async function addMachine(name: string, ip: string, mac: string): Promise<void> {
  const peer = ['peer', 'name', 'eth0', 'address', mac, 'netns', name];
  await atCompany('ip', 'netns', 'add', name);
  await atCompany('ip', 'link', 'add', name, 'type', 'veth', ...peer);
  await atCompany('ip', 'link', 'set', name, 'up');
  await atCompany('ip', '-n', name, 'link', 'set', 'eth0', 'up');
  await atCompany('ip', '-n', name, 'address', 'add', `${ip}/24`, 'dev', 'eth0');
  await atCompany('ovs-vsctl', 'add-port', 'company', name, 'tag=217');
}

it('puts containers of two hosts onto the VLAN, as full members of it', async () => {
  const before = await traces();
  await docker(
    ...['network', 'create', '-d', 'vlan', '--subnet', '10.217.0.0/24', '--gateway', '10.217.0.1'],
    ...['--opt', 'VlanId=217', '--opt', 'uplink=eth1', '--opt', 'backend=openvswitch', 'v217'],
  );
  await start('alpha', 'h1', '--ip', '10.217.0.11');
  await start('beta', 'h2', '--ip', '10.217.0.12');
  await expect.poll(() => reaches('alpha', '10.217.0.12'), PATIENCE).toBe(true);
  await expect.poll(() => reaches('alpha', '10.217.0.1'), PATIENCE).toBe(true);
  await expect.poll(() => pings('10.217.0.11'), PATIENCE).toBe(true);
  await expect.poll(() => pings('10.217.0.12'), PATIENCE).toBe(true);
  expect(await docker('exec', 'alpha', 'ip', 'route')).toContain('default via 10.217.0.1 dev eth0');
  expect(await docker('exec', 'alpha', 'cat', '/sys/class/net/eth0/address')).toBe('02:be:0a:d9:00:0b');
  // nothing of the engine's own networks: no second interface, no way out past the company's router
  expect(await docker('exec', 'alpha', 'ls', '/sys/class/net')).not.toContain('eth1');
  await expect.poll(() => reaches('alpha', '169.254.53.53'), PATIENCE).toBe(true);
  const asked = async () => (await tryDocker('exec', 'alpha', 'nslookup', 'beta')).stdout;
  await expect.poll(asked, PATIENCE).toContain('10.217.0.12');

  await docker('restart', '-t', '0', 'alpha');
  await expect.poll(() => reaches('alpha', '10.217.0.12'), PATIENCE).toBe(true);
  expect(await docker('exec', 'alpha', 'cat', '/sys/class/net/eth0/address')).toBe('02:be:0a:d9:00:0b');
  await docker('rm', '-f', 'alpha', 'beta');
  await docker('network', 'rm', 'v217');
  await untilAsBefore(before);
}, 300_000);

it('does not start a container whose address a machine has, and says which', async () => {
  await docker(
    ...['network', 'create', '-d', 'vlan', '--subnet', '10.217.0.0/24', '--gateway', '10.217.0.1'],
    ...['--opt', 'VlanId=217', '--opt', 'parent=eth1', 'v217'],
  );
  const refused = await tryDocker(
    ...['run', '-d', '--name', 'twin', '--net', 'v217', '--ip', '10.217.0.99', '-e', 'constraint:node==h1'],
    ...['busybox', 'sleep', '1000'],
  );
  expect(refused.code).not.toBe(0);
  expect(refused.stderr).toContain(`address 10.217.0.99 is in use by a machine with the MAC ${TAKEN_MAC}`);
  await docker('rm', '-f', 'twin');
});

it('keeps address and MAC on another host, and the company learns at once', async () => {
  await start('mover', 'h1', '--ip', '10.217.0.30');
  await expect.poll(() => pings('10.217.0.30'), PATIENCE).toBe(true);
  const mac = await docker('exec', 'mover', 'cat', '/sys/class/net/eth0/address');
  await docker('rm', '-f', 'mover');
  await start('mover', 'h2', '--ip', '10.217.0.30');
  expect(await docker('exec', 'mover', 'cat', '/sys/class/net/eth0/address')).toBe(mac);
  await expect.poll(() => pings('10.217.0.30'), PATIENCE).toBe(true);
  await docker('rm', '-f', 'mover');
  await docker('network', 'rm', 'v217');
});

it('knows the uplink of its hosts: the commands that users know work as they are, also on a host of its own', async () => {
  for (const host of ['h1', 'h2']) {
    await lab.killAgent(host);
    await lab.join(host, { args: ['--vlan-uplink', 'eth1'] });
  }
  await lab.waitReady();
  const before = await traces();
  await docker(
    'network',
    'create',
    '-d',
    'vlan',
    '--subnet=100.200.163.0/24',
    '--opt',
    'VlanId=217',
    'vlan1',
  );
  await atCompany('ip', '-n', 'gw217', 'address', 'add', '100.200.163.1/24', 'dev', 'eth0');
  await docker(
    ...['run', '-d', '--name', 'seed', '--net=vlan1', '-e', 'constraint:node==h1'],
    ...['--label', 'com.docker.network.endpoint.ipv4address=100.200.163.11', 'busybox', 'sleep', '1000'],
  );
  await expect.poll(() => pings('100.200.163.11'), PATIENCE).toBe(true);
  // the agent is away: what runs, runs on; and it finds what it has made
  await lab.killAgent('h1');
  await expect.poll(() => pings('100.200.163.11'), PATIENCE).toBe(true);
  await lab.join('h1');
  await lab.waitReady(['h1']);
  await docker('rm', '-f', 'seed');
  await docker('network', 'rm', 'vlan1');
  await untilAsBefore(before);

  const plain = (...args: string[]) => lab.docker(args, 'h2');
  await plain('network', 'create', '-d', 'vlan', '--subnet=100.200.163.0/24', '--opt', 'VlanId=217', 'own');
  await plain(
    'run',
    '-d',
    '--name',
    'plain',
    '--net',
    'own',
    '--ip',
    '100.200.163.12',
    'busybox',
    'sleep',
    '1000',
  );
  await expect.poll(() => pings('100.200.163.12'), PATIENCE).toBe(true);
  await plain('rm', '-f', 'plain');
  await plain('network', 'rm', 'own');
  await untilAsBefore(before);
});

it('keeps address and MAC when its host dies; the company hears where it is, and the host that returns says nothing', async () => {
  await docker(
    'network',
    'create',
    '-d',
    'vlan',
    '--subnet',
    '10.217.0.0/24',
    '--opt',
    'VlanId=217',
    '--opt',
    'uplink=eth1',
    'v217',
  );
  await start(
    'survivor',
    'h1|h2',
    '--ip',
    '10.217.0.60',
    '-l',
    'berth.failover=true',
    '-l',
    'berth.restart=always',
  );
  await expect.poll(() => pings('10.217.0.60'), PATIENCE).toBe(true);
  const home = (await docker('inspect', '--format', '{{.Node.Name}}', 'survivor')).trim();
  const sent = () =>
    Capture.start(lab.execArgv(home, []), ['-i', 'eth1', '-Q', 'out', 'ether', 'src', '02:be:0a:d9:00:3c']);
  // while it is there, its frames are seen
  const seen = await sent();
  await expect.poll(() => pings('10.217.0.60'), PATIENCE).toBe(true);
  await expect.poll(() => seen.lines.length, PATIENCE).toBeGreaterThan(0);
  await seen.end();
  const died = Date.now();
  await lab.kill(home);
  await until('an answer of the container', async () => ((await pings('10.217.0.60')) ? true : undefined), {
    timeoutMs: 60_000,
    everyMs: 100,
  });
  process.stderr.write(
    `vlan: ${((Date.now() - died) / 1000).toFixed(1)} s without answer at the death of a host\n`,
  );
  expect(await docker('exec', 'survivor', 'cat', '/sys/class/net/eth0/address')).toBe('02:be:0a:d9:00:3c');

  // back with its old copy on the disk: it is taken away, and never on the VLAN
  await lab.startMachine(home);
  await startOpenVSwitch(lab, home);
  const stale = await sent();
  await lab.start(home);
  await until(
    'the old copy gone',
    async () =>
      (await lab.docker(['ps', '-aq', '--filter', 'label=berth.cluster'], home)) === '' ? true : undefined,
    { timeoutMs: 60_000 },
  );
  await expect.poll(() => pings('10.217.0.60'), PATIENCE).toBe(true);
  expect(await stale.end()).toEqual([]);

  const drained = (await docker('inspect', '--format', '{{.Node.Name}}', 'survivor')).trim();
  await lab.berth(['node', 'drain', drained, '--yes']);
  expect((await docker('inspect', '--format', '{{.Node.Name}}', 'survivor')).trim()).toBe(home);
  await until('an answer from there', async () => ((await pings('10.217.0.60')) ? true : undefined), {
    timeoutMs: 60_000,
    everyMs: 500,
  });
  expect(await docker('exec', 'survivor', 'cat', '/sys/class/net/eth0/address')).toBe('02:be:0a:d9:00:3c');
  await lab.berth(['node', 'uncordon', drained]);
  await docker('rm', '-f', 'survivor');
  await docker('network', 'rm', 'v217');
}, 300_000);

it('walks through both kinds of network as the example does, and cleans up', async () => {
  const walk = ['env', `DOCKER_HOST=${lab.endpoint}`, 'VLAN_ID=217', 'sh', 'examples/networks/walk.sh'];
  const { code, stdout, stderr } = await tryRun(walk);
  expect(stderr).not.toContain('not apart');
  expect(stdout, stderr).toContain('inet 100.200.163.11/24');
  expect(code).toBe(0);
  expect(await docker('network', 'ls', '--format', '{{.Name}}')).not.toMatch(/^(x1|x2|vlan1)$/m);
});
