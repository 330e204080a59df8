import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureImage } from '../images/bake.ts';
import { type Lab, startLab } from '../lab/lab.ts';
import { ensureRequirements } from '../lab/requirements.ts';
import { tryRun } from '../lab/run.ts';
import { tracesOn } from '../lab/traces.ts';
import { Capture } from '../lab/watch.ts';

const BERTH = fileURLToPath(new URL('../../berth', import.meta.url));

/** A lab of its own: its hosts, engines and agents die. */
let lab: Lab;

beforeAll(async () => {
  await ensureRequirements([
    ['tcpdump', 'tcpdump'],
    ['ping', 'iputils-ping'],
  ]);
  lab = await startLab({ hosts: 3 });
  await ensureImage('busybox', lab.endpoint);
});
afterAll(() => lab?.down());

const until = (what: () => Promise<unknown>, timeout = 60_000) =>
  expect.poll(what, { timeout, interval: 200 });

/** Starts a container on that host that serves its name by HTTP. */
async function start(name: string, on: string, ...flags: string[]): Promise<void> {
  const serve = `mkdir -p /www && echo ${name} > /www/index.html && exec httpd -f -vv -p 80 -h /www`;
  const where = on === '' ? [] : ['-e', `constraint:node==${on}`];
  const stop = ['--stop-timeout', '1'];
  await lab.docker(['run', '-d', '--name', name, ...stop, ...where, ...flags, 'busybox', 'sh', '-c', serve]);
}

/** Debian's static busybox dies of its own `wget -T`. */
function get(address: string): string[] {
  return ['timeout', '10', 'wget', '-q', '-O', '-', `http://${address}/`];
}

/** What the container at that address says; empty where nothing comes. */
async function asked(from: string, address: string): Promise<string> {
  return (await tryRun(['docker', '-H', lab.endpoint, 'exec', from, ...get(address)])).stdout.trim();
}

/** `host address mac` of a container, as the cluster has it. */
async function placeOf(name: string, network: string): Promise<string> {
  const one = `(index .NetworkSettings.Networks "${network}")`;
  const format = `{{.Node.Name}} {{${one}.IPAddress}} {{${one}.MacAddress}}`;
  return (await lab.docker(['inspect', '--format', format, name])).trim();
}

describe('containers on several hosts', () => {
  beforeAll(async () => {
    await lab.docker(['network', 'create', '-d', 'xoverlay', '--subnet=192.168.1.0/24', 'shop']);
    await start('web', 'h1', '--net', 'shop', '--ip', '192.168.1.10', '--restart', 'always');
    await start('client', 'h2', '--net', 'shop', '--ip', '192.168.1.11', '--restart', 'always');
  });

  it('reach each other at their addresses', async () => {
    await until(() => asked('client', '192.168.1.10')).toBe('web');
    await until(() => asked('web', '192.168.1.11')).toBe('client');
    expect(await placeOf('web', 'shop')).toBe('h1 192.168.1.10 02:be:c0:a8:01:0a');
  });

  it('have a network only where there is one of them', async () => {
    const names = async (host: string) => lab.docker(['network', 'ls', '--format', '{{.Name}}'], host);
    expect(await names('h1')).toMatch(/^shop$/m);
    expect(await names('h3')).not.toMatch(/^shop$/m);
  });

  it('do not reach those of another network with the same subnet, nor by the way out of the host', async () => {
    await lab.docker(['network', 'create', '-d', 'xoverlay', '--subnet=192.168.1.0/24', 'other']);
    await start('twin', 'h1', '--net', 'other', '--ip', '192.168.1.10');
    await start('guest', 'h2', '--net', 'other', '--ip', '192.168.1.12');
    await until(() => asked('guest', '192.168.1.10')).toBe('twin');
    await until(() => asked('client', '192.168.1.10')).toBe('web');
    expect(await asked('client', '192.168.1.12')).toBe('');
    const ways = await lab.docker(['network', 'inspect', 'docker_gwbridge'], 'h1');
    const addresses = [...ways.matchAll(/"IPv4Address": "([\d.]+)\/\d+"/g)].map((match) => match[1] ?? '');
    expect(addresses.length).toBeGreaterThan(1);
    for (const address of addresses) {
      const from = `for name in web twin; do docker exec $name ${get(address).join(' ')}; done`;
      const heard = await lab.exec('h1', ['sh', '-c', from]);
      // Each hears itself at most.
      expect(heard.stdout.trim().split('\n').length).toBeLessThan(2);
    }
  });

  it('send to other hosts what is for somebody there, and nothing else: no question who has an address, no broadcast', async () => {
    const onWire = ['nsenter', `--net=/run/netns/${lab.plan.wire}`, '--'];
    const wire = await Capture.start(onWire, ['-i', 'any', 'udp', 'port', '4789']);
    const pid = (await lab.docker(['inspect', '-f', '{{.State.Pid}}', 'client'], 'h2')).trim();
    const asClient = (...argv: string[]) =>
      lab.exec('h2', ['nsenter', '--target', pid, '--net', '--', ...argv]);
    const ping = (...argv: string[]) => asClient('ping', '-n', '-c', '2', '-i', '0.2', '-W', '1', ...argv);
    await asClient('ip', 'neighbour', 'flush', 'dev', 'eth0');
    await until(async () => (await ping('192.168.1.10')).code).toBe(0);
    // Nobody has it; who is said to have it is nobody; all.
    const nobody = '192.168.1.200';
    const stranger = '192.168.1.201';
    const everybody = '192.168.1.255';
    await asClient('ip', 'neighbour', 'add', stranger, 'lladdr', '02:be:c0:a8:01:c9', 'dev', 'eth0');
    for (const target of [[nobody], [stranger], ['-b', everybody]])
      expect((await ping(...target)).code, target.join(' ')).not.toBe(0);
    const answers = () =>
      wire.lines.filter((line) => line.includes('192.168.1.10 > 192.168.1.11: ICMP echo'));
    const before = answers().length;
    await until(async () => (await ping('192.168.1.10')).code).toBe(0);
    await until(async () => answers().length).toBeGreaterThan(before);
    const inside = (await wire.end()).filter((line) => line.includes('192.168.1.'));
    const others = inside.filter((line) => !/192\.168\.1\.1[01] > 192\.168\.1\.1[01]: ICMP echo/.test(line));
    expect(others).toEqual([]);
  });

  it('are reached from outside at their published ports, and reach out', async () => {
    await start('shown', 'h1', '--net', 'shop', '-p', '8088:80');
    const curl = ['curl', '-s', '-m', '10', `http://${lab.host('h1').address}:8088/`];
    await until(async () => (await lab.exec('h3', curl)).stdout.trim()).toBe('shown');
    // The server's log has who asked: the other machine itself.
    const log = async () => {
      const { stdout, stderr } = await tryRun(['docker', '-H', lab.endpoint, 'logs', 'shown']);
      return stdout + stderr;
    };
    await until(log).toContain(lab.host('h3').address);
    const api = `${lab.addresses.manager}`.split(':')[0] ?? '';
    const out = await tryRun([
      'docker',
      '-H',
      lab.endpoint,
      'exec',
      'client',
      'ping',
      '-c',
      '3',
      '-W',
      '5',
      api,
    ]);
    expect(out.code).toBe(0);
  });

  it('keep their addresses through stop, start and removal by hand', async () => {
    const before = await placeOf('web', 'shop');
    await lab.docker(['stop', 'web']);
    expect(await asked('client', '192.168.1.10')).toBe('');
    await lab.docker(['start', 'web']);
    await until(() => asked('client', '192.168.1.10')).toBe('web');
    await lab.docker(['rm', '-f', 'web'], 'h1');
    await until(() => asked('client', '192.168.1.10')).toBe('web');
    expect(await placeOf('web', 'shop')).toBe(before);
  });

  it('are connected to a further network, and disconnected, while they run', async () => {
    await lab.docker(['network', 'create', '-d', 'xoverlay', '--subnet=10.77.0.0/16', 'back']);
    await start('store', 'h2', '--net', 'back', '--ip', '10.77.0.5');
    // Neither network leads to the other one, by no gateway.
    const ping = ['docker', '-H', lab.endpoint, 'exec', 'web', 'ping', '-c', '1', '-W', '2', '10.77.0.5'];
    expect((await tryRun(ping)).code).not.toBe(0);
    await lab.docker(['network', 'connect', '--ip', '10.77.3.3', 'back', 'web']);
    await until(() => asked('web', '10.77.0.5')).toBe('store');
    await until(() => asked('store', '10.77.3.3')).toBe('web');
    // Made again, it is on both.
    await lab.docker(['rm', '-f', 'web'], 'h1');
    await until(() => asked('store', '10.77.3.3')).toBe('web');
    await until(() => asked('client', '192.168.1.10')).toBe('web');
    await lab.docker(['network', 'disconnect', 'back', 'web']);
    await until(() => asked('store', '10.77.3.3')).toBe('');
    await until(() => asked('client', '192.168.1.10')).toBe('web');
  });
});

describe('what ends and comes back', () => {
  it('an agent: traffic goes on without it, and changes after it', async () => {
    await lab.killAgent('h1');
    await until(() => asked('client', '192.168.1.10')).toBe('web');
    await lab.join('h1');
    await lab.waitReady(['h1']);
    await start('late', 'h2', '--net', 'shop', '--ip', '192.168.1.40');
    await until(() => asked('web', '192.168.1.40')).toBe('late');
  });

  it('an engine', async () => {
    const startedAt = () => lab.docker(['inspect', '--format', '{{.State.StartedAt}}', 'web'], 'h1');
    const before = await startedAt();
    await lab.killEngine('h1');
    await lab.startMachine('h1');
    await until(startedAt).not.toBe(before);
    await until(() => asked('client', '192.168.1.10'), 60_000).toBe('web');
  });

  it('a host, with the manager away', async () => {
    await lab.killManager();
    await lab.kill('h1');
    await lab.boot('h1');
    const ask = ['docker', 'exec', 'client', ...get('192.168.1.10')];
    await until(async () => (await lab.exec('h2', ask)).stdout.trim(), 60_000).toBe('web');
    const restarted = await lab.exec('h2', ['docker', 'restart', '-t', '1', 'client']);
    expect(restarted.code, restarted.stderr).toBe(0);
    await until(async () => (await lab.exec('h2', ask)).stdout.trim()).toBe('web');
    const refused = await lab.exec('h2', ['docker', 'run', '--rm', '--net', 'shop', 'busybox', 'true']);
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toMatch(/no manager has answered within 10 s/);
    await lab.restartManager();
    await lab.waitReady();
  }, 600_000);

  it('a host that does not: its containers have their addresses elsewhere', async () => {
    await start('moves', '~h3', '--net', 'shop', '--ip', '192.168.1.50', '-e', 'reschedule:on-node-failure');
    await until(() => asked('client', '192.168.1.50')).toBe('moves');
    const [first, ...address] = (await placeOf('moves', 'shop')).split(' ');
    expect(first).toBe('h3');
    await lab.kill('h3');
    const began = Date.now();
    await until(() => asked('client', '192.168.1.50'), 60_000).toBe('moves');
    console.log(`without answer after a host's death: ${(Date.now() - began) / 1000} s`);
    const [host, ...after] = (await placeOf('moves', 'shop')).split(' ');
    expect(host).not.toBe('h3');
    expect(after).toEqual(address);
    await lab.start('h3');
    await until(() => asked('client', '192.168.1.50')).toBe('moves');
  }, 600_000);
});

describe('plain docker on a host', () => {
  it('has networks of its own, with addresses that are nobody else’s', async () => {
    const plain = (...args: string[]) => lab.docker(args, 'h1');
    await plain('network', 'create', '-d', 'xoverlay', '--subnet=192.168.7.0/24', 'own');
    await plain(
      'run',
      '-d',
      '--name',
      'byhand',
      '--net',
      'own',
      '--ip',
      '192.168.7.9',
      'busybox',
      'sleep',
      '600',
    );
    await plain('run', '--rm', '--net', 'own', 'busybox', 'ping', '-c', '3', '-W', '5', '192.168.7.9');
    await plain('rm', '-f', 'byhand');
    await plain('network', 'rm', 'own');
    const ipam = ['--ipam-driver', 'xoverlay', '--subnet=192.168.7.0/24'];
    await plain('network', 'create', '-d', 'xoverlay', ...ipam, 'own2');
    await plain('run', '--rm', '--net', 'own2', 'busybox', 'ip', 'address');
    await plain('network', 'rm', 'own2');
  });
});

it('nothing is left of a network that is removed', async () => {
  await start('seed', 'h1', '-p', '8090:80', '--net', 'shop');
  await lab.docker(['rm', '-f', 'seed']);
  let before: string[] = [];
  // What the seed has had may go a moment later.
  const rests = async () => {
    const last = before;
    before = await tracesOn(lab, 'h1');
    return before.length > 0 && String(before) === String(last);
  };
  await expect.poll(rests, { timeout: 60_000, interval: 2_000 }).toBe(true);
  await lab.docker([
    'network',
    'create',
    '-d',
    'xoverlay',
    '--subnet=10.99.0.0/24',
    '--subnet=fd00:99::/64',
    '--ipv6',
    'gone',
  ]);
  await start('leaves', 'h1', '--net', 'gone', '-p', '8091:80');
  await start('stays', 'h2', '--net', 'gone');
  expect(await tracesOn(lab, 'h1')).not.toEqual(before);
  const address = '{{.NetworkSettings.Networks.gone.GlobalIPv6Address}}';
  const ipv6 = (await lab.docker(['inspect', '--format', address, 'stays'])).trim();
  const ping = ['exec', 'leaves', 'ping', '-c', '1', '-W', '2', ipv6];
  await until(async () => (await tryRun(['docker', '-H', lab.endpoint, ...ping])).code).toBe(0);
  await lab.docker(['rm', '-f', 'leaves', 'stays']);
  await lab.docker(['network', 'rm', 'gone']);
  await until(() => tracesOn(lab, 'h1')).toEqual(before);
});

it('nothing is left on a host that is purged', async () => {
  expect((await lab.exec('h2', ['ls', '/run/netns'])).stdout).toMatch(/berth-/);
  const down = [BERTH, 'down', '--purge', '--yes', '--data-dir', `${lab.host('h2').folder}/agent`];
  const purged = await lab.exec('h2', down);
  expect(purged.code, purged.stderr).toBe(0);
  expect(purged.stderr + purged.stdout).not.toContain('is left with');
  const left = await lab.exec('h2', ['find', '/run/netns', '/run/docker/plugins', '-mindepth', '1']);
  expect(left.stdout).toBe('');
  expect((await lab.exec('h2', ['docker', 'ps', '-aq'])).stdout).toBe('');
});
