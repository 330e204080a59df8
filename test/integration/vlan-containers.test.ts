import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ensureImage } from '../images/bake.ts';
import { Company } from '../lab/company.ts';
import { type Lab, startLab } from '../lab/lab.ts';
import { addTrunk, must, startOpenVSwitch } from '../lab/openvswitch.ts';
import { tryRun, until } from '../lab/run.ts';
import { Capture } from '../lab/watch.ts';

/**
 * Real containers on VLANs: h1 and h2 run them, h3 is the company's switch with machines on it. A host lets a network go some
 * seconds after its last container, so each test has a VLAN of its own, and a machine there.
 */
let lab: Lab;
let company: Company;
const HOSTS = ['h1', 'h2'];
const UPLINK = ['--vlan-uplink', 'eth1'];
const docker = async (...args: string[]) => (await lab.docker(args)).trim();
const tryDocker = (...args: string[]) => tryRun(['docker', '-H', lab.endpoint, ...args]);
const plain = (host: string, ...args: string[]) => lab.docker(args, host);
const reaches = async (container: string, ip: string) =>
  (await tryDocker('exec', container, 'ping', '-c', '1', '-W', '2', ip)).code === 0;
const asked = async (container: string, name: string) =>
  (await tryDocker('exec', container, 'nslookup', name)).stdout;
const macOf = (container: string) => docker('exec', container, 'cat', '/sys/class/net/eth0/address');
const homeOf = (container: string) => docker('inspect', '--format', '{{.Node.Name}}', container);

/** Of a machine that does much beside. */
const PATIENCE = { timeout: 60_000 };

/** A VLAN with the company's gateway on it, and what tests ask of it. */
class Vlan {
  readonly name: string;
  readonly machine: string;

  private constructor(readonly id: number) {
    this.name = `v${id}`;
    this.machine = `gw${id}`;
  }

  static async add(id: number): Promise<Vlan> {
    const vlan = new Vlan(id);
    const { machine: name } = vlan;
    const mac = `02:00:00:00:01:${vlan.hex}`;
    await company.add({ name, vlan: id, addresses: [`${vlan.ip(1)}/24`], mac });
    return vlan;
  }

  ip(last: number): string {
    return `10.${this.id}.0.${last}`;
  }

  /** Of the container that has the address. */
  mac(last: number): string {
    return `02:be:0a:${this.hex}:00:${last.toString(16).padStart(2, '0')}`;
  }

  /** The network, as a user makes it. */
  async create(...options: string[]): Promise<void> {
    const subnet = [`--subnet=${this.ip(0)}/24`, `--gateway=${this.ip(1)}`, '--opt', `VlanId=${this.id}`];
    await docker('network', 'create', '-d', 'vlan', ...subnet, ...options, this.name);
  }

  async start(name: string, host: string, last: number, ...more: string[]): Promise<void> {
    const where = ['-e', `constraint:node==/${host}/`, '--net', this.name, '--ip', this.ip(last)];
    // Else an engine that starts, and a drain, wait ten seconds for its end.
    const ends = ['--stop-signal', 'KILL'];
    await docker('run', '-d', '--name', name, ...where, ...ends, ...more, 'busybox', 'sleep', '1000');
  }

  /** Waits for an answer to the gateway's machine. */
  async answers(last: number): Promise<void> {
    await expect.poll(() => company.pings(this.machine, this.ip(last)), PATIENCE).toBe(true);
  }

  /** The MACs from which answers come to who asks for the address anew: to no question more than one. */
  async answersFrom(last: number): Promise<string[]> {
    const ip = this.ip(last);
    await this.answers(last);
    const frames = await Capture.start(company.inside(this.machine), ['-i', 'eth0', 'arp']);
    const seen = (words: string) => frames.lines.filter((line) => line.includes(words));
    const replies = () => seen(`Reply ${ip} is-at`);
    const asked = async () => {
      await company.exec('ip', '-n', this.machine, 'neighbour', 'flush', 'dev', 'eth0');
      await company.pings(this.machine, ip);
      return replies().length;
    };
    await expect.poll(asked, PATIENCE).toBeGreaterThanOrEqual(3);
    await frames.end();
    expect(replies().length).toBeLessThanOrEqual(seen(`who-has ${ip} tell ${this.ip(1)}`).length);
    return [...new Set(replies().map((line) => / is-at ([0-9a-f:]+)/.exec(line)?.[1] ?? ''))];
  }

  async remove(...containers: string[]): Promise<void> {
    await docker('rm', '-f', ...containers);
    await docker('network', 'rm', this.name);
  }

  private get hex(): string {
    return this.id.toString(16).padStart(2, '0');
  }
}

/** What hosts have of VLANs: devices, namespaces, switches, files. */
async function traces(): Promise<string[]> {
  const of = async (host: string) => {
    const said = async (...argv: string[]) => (await must(lab, host, argv)).split('\n');
    const links = (await said('ip', '-o', 'link')).map((line) => line.split(': ')[1] ?? '');
    const namespaces = (await said('ip', 'netns', 'list')).map((line) => line.split(' ')[0] ?? '');
    const files = await said('find', `${lab.host(host).folder}/agent/networks/members`, '-type', 'f');
    return [
      ...links.filter((name) => /^v[hcsob]/.test(name) && !name.startsWith('veth')),
      ...namespaces.filter((name) => /^berth-(vlan|probe-[a-z2-7]{12})/.test(name)),
      ...(await said('ovs-vsctl', 'list-br')),
      ...(await said('iptables', '-S', 'FORWARD')).filter((rule) => rule.includes('berth-vlan')),
      ...files,
    ].flatMap((what) => (what === '' ? [] : `${host}: ${what}`));
  };
  return (await Promise.all(HOSTS.map(of))).flat();
}

/** The host's machine starts, and its switch with it, as both would of themselves. */
async function boot(host: string, then: () => Promise<void> = async () => {}): Promise<void> {
  await lab.boot(host, async () => {
    await startOpenVSwitch(lab, host);
    await then();
  });
}

beforeAll(async () => {
  lab = await startLab({ hosts: 3, join: false });
  const hosts = [...HOSTS, 'h3'];
  await addTrunk(lab, hosts);
  for (const host of hosts) {
    await startOpenVSwitch(lab, host);
    await ensureImage('busybox', lab.host(host).engine);
  }
  company = new Company(lab, 'h3');
  await company.start();
  lab = await startLab({ name: lab.name, hosts: 3, join: true, agent: { args: UPLINK } });
});
/** What a test that failed has left is not the next one's. */
afterEach(async ({ task }) => {
  if (task.result?.state !== 'fail') return;
  await lab.restartManager();
  for (const host of HOSTS) {
    if ((await lab.exec(host, ['true']).catch(() => undefined))?.code !== 0) await boot(host);
    await lab.killAgent(host);
    await lab.join(host, { args: UPLINK });
  }
  await lab.waitReady();
  await lab.berth(['node', 'uncordon', ...HOSTS]);
  const lines = (text: string) => text.split('\n').filter(Boolean);
  const engines = [
    docker,
    ...HOSTS.map(
      (host) =>
        (...args: string[]) =>
          plain(host, ...args),
    ),
  ];
  for (const at of engines) {
    for (const id of lines(await at('ps', '-aq'))) await at('rm', '-f', id);
    for (const id of lines(await at('network', 'ls', '-q', '--filter', 'driver=vlan')))
      await at('network', 'rm', id).catch(() => '');
  }
});
afterAll(() => lab?.down());

it('puts containers of two hosts onto the VLAN, as full members of it', async () => {
  const vlan = await Vlan.add(17);
  await vlan.create('--opt', 'uplink=eth1', '--opt', 'backend=openvswitch');
  await Promise.all([vlan.start('alpha', 'h1', 11), vlan.start('beta', 'h2', 12)]);
  await expect.poll(() => reaches('alpha', vlan.ip(12)), PATIENCE).toBe(true);
  await expect.poll(() => reaches('alpha', vlan.ip(1)), PATIENCE).toBe(true);
  await vlan.answers(11);
  await vlan.answers(12);
  expect(await docker('exec', 'alpha', 'ip', 'route')).toContain(`default via ${vlan.ip(1)} dev eth0`);
  expect(await macOf('alpha')).toBe(vlan.mac(11));
  // nothing of the engine's own networks: no second interface, no way out past the company's router
  expect(await docker('exec', 'alpha', 'ls', '/sys/class/net')).not.toContain('eth1');
  await expect.poll(() => reaches('alpha', '169.254.53.53'), PATIENCE).toBe(true);
  await expect.poll(() => asked('alpha', 'beta'), PATIENCE).toContain(vlan.ip(12));

  await docker('restart', '-t', '0', 'alpha');
  await expect.poll(() => reaches('alpha', vlan.ip(12)), PATIENCE).toBe(true);
  expect(await macOf('alpha')).toBe(vlan.mac(11));
  await vlan.remove('alpha', 'beta');
});

it('does not start a container whose address a machine has, and says which', async () => {
  const vlan = await Vlan.add(18);
  const mac = '02:00:00:00:00:99';
  await company.add({ name: 'taken', vlan: vlan.id, addresses: [`${vlan.ip(99)}/24`], mac });
  await vlan.create('--opt', 'parent=eth1');
  const options = ['--name', 'twin', '--net', vlan.name, '--ip', vlan.ip(99), '-e', 'constraint:node==h1'];
  const refused = await tryDocker('run', '-d', ...options, 'busybox', 'sleep', '1000');
  expect(refused.code).not.toBe(0);
  expect(refused.stderr).toContain(`address ${vlan.ip(99)} is in use by a machine with the MAC ${mac}`);
  await vlan.remove('twin');
});

it('keeps address and MAC on another host, and the company learns at once', async () => {
  const vlan = await Vlan.add(19);
  await vlan.create();
  await vlan.start('mover', 'h1', 30);
  await vlan.answers(30);
  const mac = await macOf('mover');
  await docker('rm', '-f', 'mover');
  await vlan.start('mover', 'h2', 30);
  expect(await macOf('mover')).toBe(mac);
  await vlan.answers(30);
  await vlan.remove('mover');
});

it('takes an address from a label, and what runs goes on without an agent, which finds what it has made', async () => {
  const vlan = await Vlan.add(20);
  await vlan.create();
  const label = `com.docker.network.endpoint.ipv4address=${vlan.ip(11)}`;
  const where = ['-e', 'constraint:node==h1', '--net', vlan.name];
  await docker('run', '-d', '--name', 'seed', ...where, '--label', label, 'busybox', 'sleep', '1000');
  await vlan.answers(11);
  await lab.killAgent('h1');
  await vlan.answers(11);
  await lab.join('h1');
  await lab.waitReady(['h1']);
  await vlan.answers(11);
  await vlan.remove('seed');
});

it('leaves nothing on hosts, be the network of the cluster or of plain docker', async () => {
  const [vlan, own] = [await Vlan.add(21), await Vlan.add(22)];
  await vlan.create();
  await vlan.start('leaves', 'h1', 11);
  const subnet = [`--subnet=${own.ip(0)}/24`, '--opt', `VlanId=${own.id}`];
  await plain('h2', 'network', 'create', '-d', 'vlan', ...subnet, 'own');
  const options = ['--name', 'plain', '--net', 'own', '--ip', own.ip(12)];
  await plain('h2', 'run', '-d', ...options, 'busybox', 'sleep', '1000');
  await vlan.answers(11);
  await own.answers(12);
  for (const trace of ['h1: vo-eth1', 'h2: vo-eth1']) expect(await traces()).toContain(trace);
  await vlan.remove('leaves');
  await plain('h2', 'rm', '-f', 'plain');
  await plain('h2', 'network', 'rm', 'own');
  // hosts take a network away some seconds after nothing needs it any more
  await expect.poll(traces, { ...PATIENCE, interval: 1_000 }).toEqual([]);
});

describe('a container on a VLAN keeps address and MAC', () => {
  it('when its host dies; the company hears where it is, and the host that returns says nothing', async () => {
    const vlan = await Vlan.add(23);
    await vlan.create();
    const policy = ['-l', 'berth.failover=true', '-l', 'berth.restart=always'];
    await vlan.start('survivor', 'h1|h2', 60, ...policy);
    await vlan.answers(60);
    const home = await homeOf('survivor');
    const sent = () =>
      Capture.start(lab.execArgv(home, []), ['-i', 'eth1', '-Q', 'out', 'ether', 'src', vlan.mac(60)]);
    // while it is there, its frames are seen
    const seen = await sent();
    await vlan.answers(60);
    await expect.poll(() => seen.lines.length, PATIENCE).toBeGreaterThan(0);
    await seen.end();
    const died = Date.now();
    await lab.kill(home);
    const answers = async () => (await company.pings(vlan.machine, vlan.ip(60))) || undefined;
    await until('an answer of the container', answers, { timeoutMs: 60_000, everyMs: 100 });
    const seconds = ((Date.now() - died) / 1000).toFixed(1);
    process.stderr.write(`vlan: ${seconds} s without answer at the death of a host\n`);
    expect(await macOf('survivor')).toBe(vlan.mac(60));

    // back with its old copy on the disk: it is taken away, and never on the VLAN
    let stale: Capture | undefined;
    await boot(home, async () => {
      stale = await sent();
    });
    await lab.waitReady([home]);
    const copies = async () => (await plain(home, 'ps', '-aq', '--filter', 'label=berth.cluster')).trim();
    await expect.poll(copies, PATIENCE).toBe('');
    await vlan.answers(60);
    expect(await stale?.end()).toEqual([]);

    // It may have been down before, in a test above: no rest for it now.
    await lab.berth(['node', 'uncordon', home]);
    const drained = await homeOf('survivor');
    await lab.berth(['node', 'drain', drained, '--yes']);
    expect(await homeOf('survivor')).toBe(home);
    await vlan.answers(60);
    expect(await macOf('survivor')).toBe(vlan.mac(60));
    await lab.berth(['node', 'uncordon', drained]);
    await vlan.remove('survivor');
  }, 300_000);

  it('when its engine is killed, and nobody else answers for it', async () => {
    const vlan = await Vlan.add(24);
    await vlan.create();
    await vlan.start('docker', 'h1', 41, '--restart', 'always');
    await vlan.start('label', 'h1', 42, '-l', 'berth.restart=always');
    await vlan.start('peer', 'h2', 43);
    const startedAt = async (name: string) =>
      (await lab.exec('h1', ['docker', 'inspect', '-f', '{{.State.StartedAt}} {{.State.Running}}', name]))
        .stdout;
    const before = [await startedAt('docker'), await startedAt('label')];
    const frames = await Capture.start(company.inside(vlan.machine), ['-i', 'eth0', 'arp']);
    const pid = (await must(lab, 'h1', ['cat', '/run/docker/dockerd.pid'])).trim();
    await must(lab, 'h1', ['kill', '-9', pid]);
    await expect
      .poll(async () => (await lab.exec('h1', ['test', '-e', `/proc/${pid}`])).code, PATIENCE)
      .toBe(1);
    await lab.start('h1');
    for (const [at, name, last] of [
      [0, 'docker', 41],
      [1, 'label', 42],
    ] as const) {
      await expect.poll(() => startedAt(name), PATIENCE).toMatch(/ true/);
      expect(await startedAt(name)).not.toBe(before[at]);
      expect(await macOf(name)).toBe(vlan.mac(last));
      expect(await vlan.answersFrom(last)).toEqual([vlan.mac(last)]);
      await expect.poll(() => reaches('peer', vlan.ip(last)), PATIENCE).toBe(true);
      const announced = `Request who-has ${vlan.ip(last)} tell ${vlan.ip(last)}`;
      expect(frames.lines.filter((line) => line.includes(announced)).join('\n')).toContain(vlan.mac(last));
    }
    await frames.end();
    await vlan.remove('docker', 'label', 'peer');
  });

  it('when its host starts again without a manager, and nobody else answers for it', async () => {
    const vlan = await Vlan.add(25);
    await vlan.create();
    await vlan.start('peer', 'h2', 52);
    await vlan.start('stays', 'h1', 51, '-l', 'berth.restart=always');
    await vlan.answers(51);
    // Who else is on a network is on the disk some seconds later.
    const kept = ['grep', '-r', vlan.ip(52), `${lab.host('h1').folder}/agent/networks/members`];
    await expect.poll(async () => (await lab.exec('h1', kept)).code, PATIENCE).toBe(0);
    const id = await docker('inspect', '-f', '{{.Id}}', 'stays');
    await lab.killManager();
    await lab.kill('h1');
    expect(await company.pings(vlan.machine, vlan.ip(51))).toBe(false);
    const frames = await Capture.start(company.inside(vlan.machine), ['-i', 'eth0', 'arp']);
    await boot('h1');
    expect(await vlan.answersFrom(51)).toEqual([vlan.mac(51)]);
    const announced = `Request who-has ${vlan.ip(51)} tell ${vlan.ip(51)}`;
    expect(frames.lines.filter((line) => line.includes(announced)).join('\n')).toContain(vlan.mac(51));
    await frames.end();
    // names too: neither host has heard of a manager since
    const asks = async () => (await lab.exec('h1', ['docker', 'exec', 'stays', 'nslookup', 'peer'])).stdout;
    await expect.poll(asks, PATIENCE).toContain(vlan.ip(52));
    await lab.restartManager();
    await lab.waitReady();
    expect(await docker('inspect', '-f', '{{.Id}} {{.State.Running}}', 'stays')).toBe(`${id} true`);
    expect(await vlan.answersFrom(51)).toEqual([vlan.mac(51)]);
    await vlan.remove('stays', 'peer');
  });
});

it('has names on a network that stays on its uplink, though the host was given another one', async () => {
  const vlan = await Vlan.add(26);
  await vlan.create();
  await vlan.start('stays', 'h1', 61);
  await must(lab, 'h1', ['ip', 'link', 'add', 'eth2', 'type', 'veth', 'peer', 'name', 'eth2-far']);
  await lab.killAgent('h1');
  await lab.join('h1', { args: ['--vlan-uplink', 'eth2'] });
  await lab.waitReady(['h1']);
  // An agent that takes its time to start is a host that was down, in a test above too: no rest for it now.
  await lab.berth(['node', 'uncordon', 'h1']);
  // of a container that the agent has not heard of in its life before
  await vlan.start('later', 'h2', 62);
  await expect.poll(() => asked('stays', 'later'), PATIENCE).toContain(vlan.ip(62));
  await expect.poll(() => reaches('stays', vlan.ip(62)), PATIENCE).toBe(true);
  const more = ['--net', vlan.name, '-e', 'constraint:node==h1', 'busybox', 'true'];
  expect((await tryDocker('run', '--rm', '--name', 'more', ...more)).stderr).toContain(
    'is on eth1 with containers of this host, whose uplink is eth2 now',
  );
  await lab.killAgent('h1');
  await lab.join('h1', { args: UPLINK });
  await lab.waitReady(['h1']);
  await lab.berth(['node', 'uncordon', 'h1']);
  await must(lab, 'h1', ['ip', 'link', 'delete', 'eth2']);
  await expect.poll(() => asked('stays', 'later'), PATIENCE).toContain(vlan.ip(62));
  await vlan.remove('stays', 'later');
});

it('walks through both kinds of network as the example does, and cleans up', async () => {
  const walk = ['env', `DOCKER_HOST=${lab.endpoint}`, 'VLAN_ID=27', 'sh', 'examples/networks/walk.sh'];
  const { code, stdout, stderr } = await tryRun(walk);
  expect(stderr).not.toContain('not apart');
  expect(stdout, stderr).toContain('inet 100.200.163.11/24');
  expect(code).toBe(0);
  expect(await docker('network', 'ls', '--format', '{{.Name}}')).not.toMatch(/^(x1|x2|vlan1)$/m);
});
