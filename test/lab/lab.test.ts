import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureImage } from '../images/bake.ts';
import { downLab, type Lab, openLab, ownName, startLab } from './lab.ts';
import { LABS_FOLDER } from './plan.ts';
import { ensureRequirements } from './requirements.ts';
import { run, tryRun, until } from './run.ts';

const hasPing = ['busybox', 'ping', '-c', '1', '-W', '1'];

describe('a lab of two hosts', () => {
  const name = ownName();
  let before: Machine;
  let lab: Lab;

  beforeAll(async () => {
    // What it installs is not what the lab leaves behind.
    await ensureRequirements([['busybox', 'busybox-static']]);
    before = await lookAtMachine();
    lab = await startLab({ name, hosts: 2, join: false });
    for (const host of lab.hosts) await ensureImage('busybox', host.engine);
  });
  afterAll(async () => {
    await lab?.down();
  });

  it('runs a container on each host, under the host’s own cgroup and name', async () => {
    for (const host of lab.hosts) {
      const cgroups = await lab.docker(
        ['run', '--rm', '--net=host', 'busybox', 'cat', '/proc/self/cgroup'],
        host.name,
      );
      expect(cgroups).toContain(`/berth-${name}/${host.name}/`);
      expect(await lab.docker(['info', '--format', '{{.Name}}'], host.name)).toBe(host.name);
    }
  });

  it('gives each host a machine ID, and an engine with an identity and a containerd of its own', async () => {
    const ids = await Promise.all(lab.hosts.map((h) => lab.docker(['info', '--format', '{{.ID}}'], h.name)));
    expect(new Set(ids).size).toBe(2);
    const machines = await Promise.all(lab.hosts.map((h) => lab.exec(h.name, ['cat', '/etc/machine-id'])));
    expect(new Set([readFileSync('/etc/machine-id', 'utf8'), ...machines.map((m) => m.stdout)]).size).toBe(3);
    for (const host of lab.hosts) {
      const processes = await lab.exec(host.name, ['busybox', 'ps', '-o', 'args']);
      expect(processes.stdout).toMatch(/^containerd /m);
      expect(processes.stdout.match(/^dockerd /gm)).toHaveLength(1);
    }
  });

  it('shows a host its own network devices below /sys, and the cgroups', async () => {
    expect((await lab.exec('h1', ['ls', '/sys/class/net'])).stdout.split('\n')).toContain('eth0');
    expect(readdirSync('/sys/class/net')).toContain(lab.plan.uplink);
    expect((await lab.exec('h1', ['ls', '/sys/class/net'])).stdout).not.toContain(lab.plan.uplink);
    expect((await lab.exec('h1', ['ls', '/sys/fs/cgroup'])).stdout).not.toBe('');
  });

  it('publishes a port that the other host and the machine reach', async () => {
    const page = ['run', '-d', '--name', 'web', '-p', '8080:80', 'busybox', 'httpd', '-f', '-h', '/etc'];
    await lab.docker(page, 'h1');
    const url = `http://${lab.host('h1').address}:8080/passwd`;
    expect((await lab.exec('h2', ['busybox', 'wget', '-qO-', url])).stdout).toContain('nobody');
    expect(await (await fetch(url)).text()).toContain('nobody');
  });

  it('lets hosts find each other by name', async () => {
    expect((await lab.exec('h2', [...hasPing, 'h1'])).code).toBe(0);
    expect((await lab.exec('h2', [...hasPing, 'manager'])).code).toBe(0);
  });

  it('cut takes only the link away, heal puts it back', async () => {
    await lab.cut('h1');
    await lab.cut('h1');
    expect((await lab.exec('h2', [...hasPing, lab.host('h1').address])).code).not.toBe(0);
    expect(await lab.docker(['ps', '--format', '{{.Names}} {{.State}}'], 'h1')).toBe('web running');
    expect((await lab.status())[0]).toMatchObject({ name: 'h1', state: 'cut' });
    await lab.heal('h1');
    expect((await lab.exec('h2', [...hasPing, lab.host('h1').address])).code).toBe(0);
    expect((await lab.status())[0]).toMatchObject({ name: 'h1', state: 'up' });
  });

  it('kill ends everything on the host at once, and its cgroups; its disk stays for start', async () => {
    await lab.docker(
      ['run', '-d', '--name', 'always', '--restart', 'always', 'busybox', 'sleep', '1000'],
      'h1',
    );
    const pid = Number(await lab.docker(['inspect', '--format', '{{.State.Pid}}', 'always'], 'h1'));
    expect(pid).toBeGreaterThan(1);
    await lab.kill('h1');
    await lab.kill('h1');
    expect((await lab.status())[0]).toMatchObject({ name: 'h1', state: 'down' });
    expect((await tryRun(['docker', '-H', lab.host('h1').engine, 'ps'])).code).not.toBe(0);
    expect((await lookAtMachine()).cgroups.filter((path) => path.includes(`berth-${name}/h1`))).toEqual([]);
    await expect(lab.exec('h1', ['true'])).rejects.toThrow('host h1 is not running');
    expect(await lab.docker(['ps', '-q'], 'h2')).toBe('');

    await lab.start('h1');
    await lab.start('h1');
    expect(await lab.docker(['ps', '--format', '{{.Names}}'], 'h1')).toBe('always');
    expect(await lab.docker(['inspect', '--format', '{{.State.Status}}', 'web'], 'h1')).toBe('exited');
    expect((await lab.exec('h2', [...hasPing, lab.host('h1').address])).code).toBe(0);
  });

  it('names what is wrong', async () => {
    await expect(lab.kill('h9')).rejects.toThrow(`lab ${name} has no host "h9": its hosts are h1, h2`);
    await expect(startLab({ name: 'No-Good' })).rejects.toThrow('lab name "No-Good" will not do');
    await expect(startLab({ name, dir: `/tmp/${name}-other` })).rejects.toThrow(`a lab named "${name}"`);
    expect(() => openLab({ name: 'nosuch' })).toThrow('there is no lab "nosuch"');
  });

  it('lives beside another lab, and up is idempotent and adds hosts', async () => {
    const other = await startLab({ hosts: 1, join: false });
    try {
      expect(other.plan.subnet).not.toBe(lab.plan.subnet);
      expect((await other.exec('h1', [...hasPing, other.plan.gateway])).code).toBe(0);
      const grown = await startLab({ name: other.name, hosts: 2, join: false });
      expect((await grown.status()).map((host) => host.state)).toEqual(['up', 'up']);
      expect((await grown.exec('h2', [...hasPing, 'h1'])).code).toBe(0);
    } finally {
      await other.down();
    }
    expect((await lab.status()).map((host) => host.state)).toEqual(['up', 'up']);
    expect((await lab.exec('h1', [...hasPing, 'h2'])).code).toBe(0);
  });

  it('down leaves nothing, not even with containers running, and again is no error', async () => {
    await lab.docker(['run', '-d', '--restart', 'always', 'busybox', 'sleep', '1000'], 'h2');
    await lab.down();
    await lab.down();
    expect(leftOf(await lookAtMachine(), name)).toEqual([]);
    expect((await lookAtMachine()).forwarding).toBe(before.forwarding);
  });
});

describe('a lab whose start or end was cut off', () => {
  const name = ownName();
  const folder = join(LABS_FOLDER, name);
  const cli = (...args: string[]) => [
    process.execPath,
    '--import',
    'tsx',
    'test/lab/cli.ts',
    ...args,
    '--name',
    name,
  ];
  const up = cli('up', '--no-join', '--hosts', '2');

  afterAll(() => downLab({ name }));

  /** Run until `moment` has come, then SIGKILL. */
  async function cutOff(argv: readonly string[], moment: () => boolean): Promise<void> {
    const [file = '', ...args] = argv;
    const child = spawn(file, args, { stdio: 'ignore' });
    const ended = new Promise<NodeJS.Signals | null>((done) => child.on('exit', (_, signal) => done(signal)));
    await until('the moment', async () => moment() || undefined, { timeoutMs: 20_000, everyMs: 1 });
    child.kill('SIGKILL');
    expect(await ended).toBe('SIGKILL');
  }

  it('is completed by the next up', async () => {
    await cutOff(up, () => existsSync(join(folder, 'lab.json')));
    await cutOff(up, () => existsSync(`/run/netns/berth-${name}-wire`));
    await cutOff(up, () => existsSync(join(folder, 'h1', 'hosts')));
    await cutOff(up, () => existsSync(join(folder, 'h1', 'dockerd.log')));
    expect(await run(up)).toContain('h2');
    expect((await openLab({ name }).status()).map((host) => host.state)).toEqual(['up', 'up']);
  });

  it('is removed by the next down', async () => {
    await cutOff(cli('down'), () => !existsSync(`/run/netns/berth-${name}-h1`));
    expect(leftOf(await lookAtMachine(), name)).not.toEqual([]);
    await run(cli('down'));
    expect(leftOf(await lookAtMachine(), name)).toEqual([]);
  });

  it('is removed by down when nothing but its first traces are there', async () => {
    await cutOff(up, () => existsSync(join(folder, 'lab.json')));
    await run(cli('down'));
    expect(leftOf(await lookAtMachine(), name)).toEqual([]);
  });

  it('never takes a folder that holds something else', async () => {
    const other = mkdtempSync(join(tmpdir(), 'berth-other-'));
    try {
      writeFileSync(join(other, 'precious'), '');
      await expect(startLab({ name, dir: other })).rejects.toThrow('is not empty and no lab');
      await downLab({ name, dir: other });
      expect(readdirSync(other)).toEqual(['precious']);
    } finally {
      rmSync(other, { recursive: true });
    }
  });
});

interface Machine {
  readonly lines: readonly string[];
  readonly cgroups: readonly string[];
  readonly forwarding: string;
}

/** Everything on the machine that a lab's name could be found in. */
async function lookAtMachine(): Promise<Machine> {
  const cgroups = (await tryRun(['find', '/sys/fs/cgroup', '-type', 'd', '-path', '*berth-*'])).stdout.split(
    '\n',
  );
  const texts = await Promise.all([
    run(['ip', 'netns', 'list']),
    run(['ip', '-o', 'address']),
    run(['iptables-save']),
    run(['ps', '-eo', 'pid,args', '-ww']),
    tryRun(['ls', '-l', '/run/berth-lab', LABS_FOLDER]).then((out) => out.stdout),
  ]);
  const lines = [
    ...texts.flatMap((text) => text.split('\n')),
    readFileSync('/proc/self/mountinfo', 'utf8'),
    ...cgroups,
  ];
  return { lines, cgroups, forwarding: readFileSync('/proc/sys/net/ipv4/ip_forward', 'utf8') };
}

function leftOf(machine: Machine, name: string): string[] {
  return machine.lines.filter((line) => line.includes(name));
}
