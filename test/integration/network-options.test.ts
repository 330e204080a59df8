import { afterAll, describe, expect, it } from 'vitest';
import type { Lab } from '../lab/lab.ts';
import { tryRun } from '../lab/run.ts';
import { sharedLab } from '../lab/shared.ts';

/** What `docker network create` may say, on real engines, in the lab that all share. */
const lab: Lab = await sharedLab();
const tryDocker = (...args: string[]) => tryRun(['docker', '-H', lab.endpoint, ...args]);
const docker = async (...args: string[]) => (await lab.docker(args)).trim();
const containers: string[] = [];
const networks: string[] = [];
const plain: [string, string][] = [];

afterAll(async () => {
  for (const [name, host] of plain) await tryRun(['docker', '-H', lab.host(host).engine, 'rm', '-f', name]);
  await tryDocker('rm', '-f', ...containers);
  await tryDocker('network', 'rm', ...networks);
});

async function create(name: string, ...options: string[]): Promise<void> {
  networks.push(name);
  await docker('network', 'create', '-d', 'xoverlay', ...options, name);
}

async function run(name: string, host: string, network: string, ...options: string[]): Promise<void> {
  containers.push(name);
  const where = host === '' ? [] : ['-e', `constraint:node==${host}`];
  await docker(
    'run',
    '-d',
    '--name',
    name,
    '--net',
    network,
    ...where,
    ...options,
    'busybox',
    'sleep',
    '1000',
  );
}

const exec = async (name: string, ...argv: string[]) =>
  (await tryDocker('exec', name, ...argv)).stdout.trim();
const reaches = async (name: string, ip: string, ...how: string[]) =>
  (await tryDocker('exec', name, 'ping', '-c', '1', '-W', '2', ...how, ip)).code === 0;
/** As far as it is known there, which may take a moment. */
const comesTo = (name: string, ip: string, ...how: string[]) =>
  expect.poll(() => reaches(name, ip, ...how), { timeout: 60_000, message: ip }).toBe(true);
const addressOf = (name: string, network: string, field = 'IPAddress') =>
  docker('inspect', '-f', `{{(index .NetworkSettings.Networks "${network}").${field}}}`, name);

describe('a network', () => {
  it('is as it was ordered: range, gateway, address that is left out, both families, MTU, labels', async () => {
    await create(
      'opt-all',
      ...['--subnet=10.81.0.0/24', '--ip-range=10.81.0.128/25', '--gateway=10.81.0.254', '--ipv6'],
      ...[
        '--aux-address=printer=10.81.0.129',
        '--subnet=fd00:81::/64',
        '--opt',
        'mtu=1400',
        '--label=team=net',
      ],
    );
    await run('opt-a', 'h1', 'opt-all');
    await run('opt-b', 'h2', 'opt-all');
    for (const name of ['opt-a', 'opt-b']) {
      const last = Number((await addressOf(name, 'opt-all')).split('.')[3]);
      expect(last).toBeGreaterThanOrEqual(128);
      expect([129, 254, 255]).not.toContain(last);
      expect(await exec(name, 'ip', 'link', 'show', 'eth0')).toContain('mtu 1400');
      expect(await exec(name, 'ip', '-6', 'address', 'show', 'dev', 'eth0')).toContain('fd00:81::');
    }
    await comesTo('opt-a', await addressOf('opt-b', 'opt-all'), '-s', '1372');
    await comesTo('opt-a', await addressOf('opt-b', 'opt-all', 'GlobalIPv6Address'));
    await comesTo('opt-a', '10.81.0.254');
    const label = ['network', 'inspect', '-f', '{{.Labels.team}}', 'opt-all'];
    expect(await docker(...label)).toBe('net');
    expect((await lab.docker(label, 'h2')).trim()).toBe('net');
    for (const [ip, holder] of [
      ['10.81.0.254', 'the gateway of the network'],
      ['10.81.0.129', 'auxiliary address "printer"'],
    ] as const) {
      const refused = await tryDocker('run', '--rm', '--net', 'opt-all', '--ip', ip, 'busybox', 'true');
      expect(refused.stderr).toContain(`${ip} of network opt-all is held by ${holder}`);
    }
  });

  it('without a word about it has the MTU of the wire less the headers', async () => {
    await create('opt-mtu', '--subnet=10.84.0.0/24');
    await run('opt-c', 'h1', 'opt-mtu');
    expect(await exec('opt-c', 'ip', 'link', 'show', 'eth0')).toContain('mtu 1450');
  });

  it('of several subnets is one link', async () => {
    await create('opt-two', '--subnet=10.82.0.0/29', '--subnet=10.83.0.0/24');
    await run('opt-d', 'h1', 'opt-two', '--ip', '10.82.0.4');
    await run('opt-e', 'h2', 'opt-two', '--ip', '10.83.0.4');
    await comesTo('opt-d', '10.83.0.4');
    await comesTo('opt-e', '10.82.0.4');
  });

  it('that is internal leads nowhere but to its own', async () => {
    await create('opt-in', '--subnet=10.85.0.0/24', '--internal');
    await run('opt-f', 'h1', 'opt-in');
    await run('opt-g', 'h2', 'opt-in', '-p', '18085:80');
    await comesTo('opt-f', await addressOf('opt-g', 'opt-in'));
    expect(await exec('opt-f', 'ip', 'route')).not.toContain('default');
    expect(await exec('opt-f', 'ls', '/sys/class/net')).not.toContain('eth1');
    for (const host of ['h1', 'h2']) expect(await reaches('opt-f', lab.host(host).address)).toBe(false);
    const shown = ['curl', '-s', '-m', '3', `http://${lab.host('h2').address}:18085/`];
    expect((await lab.exec('h3', shown)).code).not.toBe(0);
  });
});

describe('what cannot be', () => {
  const wire = () => lab.host('h1').address;
  it.each<[string, () => string[], RegExp]>([
    [
      'a subnet that hides the hosts',
      () => ['-d', 'xoverlay', `--subnet=${wire()}/16`.replace(/\.\d+\.\d+\/16/, '.0.0/16')],
      /overlaps the wire: [\d.]+ in it is the data address of host h\d/,
    ],
    [
      'two subnets that overlap',
      () => ['-d', 'xoverlay', '--subnet=10.86.0.0/16', '--subnet=10.86.1.0/24'],
      /overlap/,
    ],
    [
      'VLAN 0',
      () => ['-d', 'vlan', '--subnet=10.86.0.0/24', '--opt', 'VlanId=0'],
      /network option VlanId=0 of driver vlan is not possible: it is .*4094/,
    ],
    [
      'VLAN 5000',
      () => ['-d', 'vlan', '--subnet=10.86.0.0/24', '--opt', 'VlanId=5000'],
      /network option VlanId=5000 of driver vlan is not possible: it is .*4094/,
    ],
    [
      'an option that is misspelt',
      () => ['-d', 'xoverlay', '--opt', 'mtuu=1400'],
      /network driver xoverlay has no option "mtuu": it has .*mtu/,
    ],
    [
      'a gateway outside of the subnet',
      () => ['-d', 'xoverlay', '--subnet=10.86.0.0/24', '--gateway=10.87.0.1'],
      /10\.87\.0\.1/,
    ],
    [
      'a VLAN without a subnet',
      () => ['-d', 'vlan', '--opt', 'VlanId=217'],
      /needs an IPv4 subnet: none can be chosen on a VLAN/,
    ],
  ])('%s', async (_, options, message) => {
    const refused = await tryDocker('network', 'create', ...options(), 'opt-bad');
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toMatch(message);
    expect(await docker('network', 'ls', '-q', '--filter', 'name=opt-bad')).toBe('');
  });

  it('an address outside of the pools, or somebody else’s', async () => {
    await create('opt-ip', '--subnet=10.88.0.0/24');
    await run('opt-h', 'h1', 'opt-ip', '--ip', '10.88.0.7');
    const asked = (ip: string) => tryDocker('run', '--rm', '--net', 'opt-ip', '--ip', ip, 'busybox', 'true');
    expect((await asked('10.99.0.7')).stderr).toContain('it is not in the pools of network opt-ip');
    expect((await asked('10.88.0.7')).stderr).toContain(
      '10.88.0.7 of network opt-ip is held by container opt-h on host h1',
    );
    const full = await tryDocker('network', 'rm', 'opt-ip');
    expect(full.stderr).toContain('has active endpoints: container opt-h on host h1');
  });

  it('an address of a network that is full, which says how large it is and who has it', async () => {
    await create('opt-full', '--subnet=10.91.0.0/30');
    await run('opt-i', 'h1', 'opt-full');
    const refused = await tryDocker('run', '--rm', '--net', 'opt-full', 'busybox', 'true');
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain(
      "no available IPv4 addresses on this network's address pools: opt-full: 10.91.0.0/30 has 2, all in use: 1 container (opt-i), the gateway",
    );
  });

  it('a request to the plugin that is late, out of order, or nonsense', async () => {
    await run('opt-j', 'h1', 'opt-ip');
    const ask = async (request: string, body: object | string) => {
      const data = typeof body === 'string' ? body : JSON.stringify(body);
      const curl = ['curl', '-s', '--unix-socket', '/run/docker/plugins/xoverlay.sock', '--data', data];
      return (await lab.exec('h1', [...curl, `http://plugin/${request}`])).stdout.trim();
    };
    const network = (await lab.docker(['network', 'inspect', '-f', '{{.Id}}', 'opt-ip'], 'h1')).trim();
    const endpoint = { NetworkID: network, EndpointID: 'e'.repeat(64) };
    // Twice, and of what was never there: done.
    for (const request of ['Leave', 'DeleteEndpoint', 'DeleteEndpoint'])
      expect(await ask(`NetworkDriver.${request}`, endpoint)).toBe('{}');
    expect(await ask('NetworkDriver.DeleteNetwork', { NetworkID: 'f'.repeat(64) })).toBe('{}');
    // Before what it needs.
    const join = { ...endpoint, SandboxKey: '/var/run/docker/netns/none' };
    expect(await ask('NetworkDriver.Join', join)).toContain('endpoint eeeeeeeeeeee has not been created');
    expect(await ask('NetworkDriver.Join', { ...join, NetworkID: 'f'.repeat(64) })).toContain(
      "does not know the engine's network ffffffffffff",
    );
    expect(await ask('IpamDriver.RequestAddress', { PoolID: 'none/10.0.0.0/8' })).toContain(
      'there is no pool',
    );
    expect(await ask('NetworkDriver.Join', '{')).toContain('the body is not JSON');
    expect(await ask('NetworkDriver.Joim', {})).toContain('is not a request that Berth answers');
    // None of it has harmed anybody.
    await comesTo('opt-j', await addressOf('opt-h', 'opt-ip'));
  });
});

describe('many at once', () => {
  const HOSTS = ['h1', 'h2', 'h3'] as const;

  it('through the cluster and by plain docker on each host, have an address each', async () => {
    await create('opt-many', '--subnet=10.89.0.0/24');
    for (const host of HOSTS) await run(`opt-seed-${host}`, host, 'opt-many');
    const byCluster = Array.from({ length: 6 }, (_, n) => run(`opt-many-${n}`, '', 'opt-many'));
    const byHand = HOSTS.flatMap((host) =>
      [1, 2].map(async (n) => {
        const name = `opt-plain-${n}`;
        plain.push([name, host]);
        const argv = ['run', '-d', '--name', name, '--net', 'opt-many', 'busybox', 'sleep', '1000'];
        await lab.docker(argv, host);
        const format = '{{(index .NetworkSettings.Networks "opt-many").IPAddress}}';
        return (await lab.docker(['inspect', '-f', format, name], host)).trim();
      }),
    );
    await Promise.all(byCluster);
    const own = await Promise.all(byHand);
    const names = containers.filter((name) => /^opt-(seed|many)-/.test(name));
    const given = await Promise.all(names.map((name) => addressOf(name, 'opt-many')));
    const all = [...own, ...given];
    expect(all).toHaveLength(15);
    expect(new Set(all).size).toBe(15);
    for (const ip of all) {
      expect(ip).toMatch(/^10\.89\.0\.\d+$/);
      expect(ip).not.toBe('10.89.0.1');
    }
    // Who has an address is who answers at it, wherever.
    for (const ip of given) await comesTo('opt-seed-h1', ip);
    const listed = await lab.berth(['ip', 'ls', 'opt-many']);
    for (const ip of all) expect(listed).toContain(ip);
  });

  it('with one published port go to a host each, and one too many is told why not', async () => {
    await create('opt-port', '--subnet=10.90.0.0/24');
    for (const n of [1, 2, 3]) await run(`opt-port-${n}`, '', 'opt-port', '-p', '18090:80');
    const places = await Promise.all(
      [1, 2, 3].map((n) => docker('inspect', '-f', '{{.Node.Name}}', `opt-port-${n}`)),
    );
    expect([...places].sort()).toEqual([...HOSTS]);
    containers.push('opt-port-4');
    const refused = await tryDocker(
      ...['run', '-d', '--name', 'opt-port-4', '--net', 'opt-port', '-p', '18090:80', 'busybox', 'true'],
    );
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toMatch(/3 hosts?: .*port.*18090/);
  });
});
