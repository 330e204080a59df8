import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureImage } from '../images/bake.ts';
import { downLab, type Lab, openLab, ownName, startLab } from './lab.ts';
import { LABS_FOLDER } from './plan.ts';
import { lookAtShared, type Shared } from './registry.ts';
import { ensureRequirements } from './requirements.ts';
import { type Output, run, tryRun, until } from './run.ts';
import { CHECKOUT, usualName, writeState } from './state.ts';

const PATIENCE = { timeoutMs: 60_000, everyMs: 200 };

/** Whether the host has an answer from there, now. */
async function reaches(lab: Lab, host: string, to: string): Promise<boolean> {
  return (await lab.exec(host, ['busybox', 'ping', '-c', '1', '-W', '1', to])).code === 0;
}

/** Waits until it has one. */
async function willReach(lab: Lab, host: string, to: string): Promise<void> {
  await until(
    `an answer of ${to} to ${host}`,
    async () => (await reaches(lab, host, to)) || undefined,
    PATIENCE,
  );
}

/** The command again and again until it prints something. */
async function said(what: string, ask: () => Promise<Output>): Promise<string> {
  return await until(what, async () => (await ask()).stdout || undefined, PATIENCE);
}

describe('a lab of two hosts', () => {
  const name = ownName();
  let before: Shared;
  let lab: Lab;

  beforeAll(async () => {
    // What it installs is not what the lab leaves behind.
    await ensureRequirements([['busybox', 'busybox-static']]);
    before = await lookAtShared();
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
    const fromHost = () => lab.exec('h2', ['busybox', 'wget', '-qO-', url]);
    expect(await said(url, fromHost)).toContain('nobody');
    expect(await (await fetch(url)).text()).toContain('nobody');
  });

  it('lets hosts find each other by name', async () => {
    await willReach(lab, 'h2', 'h1');
    await willReach(lab, 'h2', 'manager');
  });

  it('cut takes only the link away, heal puts it back', async () => {
    await lab.cut('h1');
    await lab.cut('h1');
    expect(await reaches(lab, 'h2', lab.host('h1').address)).toBe(false);
    expect(await lab.docker(['ps', '--format', '{{.Names}} {{.State}}'], 'h1')).toBe('web running');
    expect((await lab.status())[0]).toMatchObject({ name: 'h1', state: 'cut' });
    await lab.heal('h1');
    await willReach(lab, 'h2', lab.host('h1').address);
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
    expect((await cgroups()).filter((path) => path.includes(`berth-${name}/h1`))).toEqual([]);
    await expect(lab.exec('h1', ['true'])).rejects.toThrow('host h1 is not running');
    expect(await lab.docker(['ps', '-q'], 'h2')).toBe('');

    await lab.start('h1');
    await lab.start('h1');
    await expect.poll(() => lab.docker(['ps', '--format', '{{.Names}}'], 'h1')).toBe('always');
    expect(await lab.docker(['inspect', '--format', '{{.State.Status}}', 'web'], 'h1')).toBe('exited');
    await willReach(lab, 'h2', lab.host('h1').address);
  });

  it('names what is wrong', async () => {
    await expect(lab.kill('h9')).rejects.toThrow(`lab ${name} has no host "h9": its hosts are h1, h2`);
    await expect(startLab({ name: 'No-Good' })).rejects.toThrow('lab name "No-Good" will not do');
    await expect(startLab({ name, dir: `/tmp/${name}-other` })).rejects.toThrow(`a lab named "${name}"`);
    await expect(startLab({ names: ['wire'] })).rejects.toThrow('host name "wire" will not do');
    expect(() => openLab({ name: 'nosuch' })).toThrow('there is no lab "nosuch"');
  });

  it('is not taken for one of another checkout that has the usual name', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'berth-usual-'));
    try {
      expect(usualName(dir)).toBe('lab');
      const state = { name: 'lab', index: 0, hosts: 1, joined: false, labels: {} };
      writeState(dir, { ...state, checkout: CHECKOUT });
      expect(usualName(dir)).toBe('lab');
      writeState(dir, { ...state, checkout: '/home/other/berth/' });
      expect(() => usualName(dir)).toThrow('is of another checkout, /home/other/berth/: give yours a name');
      const down = [process.execPath, '--import', 'tsx', 'test/lab/cli.ts', 'down', '--dir', dir];
      expect((await tryRun(down)).stderr).toContain('--name NAME');
      expect(readdirSync(dir)).toEqual(['lab.json']);
    } finally {
      rmSync(dir, { recursive: true });
    }
  });

  it('lives beside another lab that two make at once, and up is idempotent and adds hosts', async () => {
    const one = { name: ownName(), hosts: 1, join: false };
    const [other, same] = await Promise.all([startLab(one), startLab(one)]);
    try {
      expect(same.plan).toEqual(other.plan);
      expect(other.plan.subnet).not.toBe(lab.plan.subnet);
      await willReach(other, 'h1', other.plan.gateway);
      const grown = await startLab({ name: other.name, hosts: 2, join: false });
      expect((await grown.status()).map((host) => host.state)).toEqual(['up', 'up']);
      await willReach(grown, 'h2', 'h1');
    } finally {
      await other.down();
    }
    expect((await lab.status()).map((host) => host.state)).toEqual(['up', 'up']);
    await willReach(lab, 'h1', 'h2');
  });

  it('down leaves nothing, not even with containers running, and again is no error', async () => {
    await lab.docker(['run', '-d', '--restart', 'always', 'busybox', 'sleep', '1000'], 'h2');
    await lab.down();
    await lab.down();
    expect(await leftOf(name)).toEqual([]);
    // Labs of others may have come or gone meanwhile: forwarding is on as long as there is one.
    const { labs, forwarding } = await lookAtShared();
    expect(forwarding).toBe(labs > 0 || existsSync('/sys/class/net/docker0') ? '1' : before.before);
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

  /** SIGKILL it when it runs a program with arguments in which those words stand, instead of the program. */
  async function cutOff(argv: readonly string[], program: string, words: string): Promise<void> {
    const [file = '', ...args] = argv;
    const programs = mkdtempSync(join(tmpdir(), 'berth-cut-'));
    const real = (await run(['/bin/sh', '-c', 'command -v "$1"', 'sh', program])).trim();
    const script = `#!/bin/sh\ncase "$*" in *'${words}'*) kill -KILL "$PPID"; exit 1 ;; esac\nexec ${real} "$@"\n`;
    writeFileSync(join(programs, program), script, { mode: 0o755 });
    try {
      const env = { ...process.env, PATH: `${programs}${delimiter}${process.env.PATH}` };
      const child = spawn(file, args, { stdio: 'ignore', env });
      const ended = new Promise((done) => child.on('exit', (_, signal) => done(signal)));
      expect(await ended).toBe('SIGKILL');
    } finally {
      rmSync(programs, { recursive: true });
    }
  }

  it('is completed by the next up', async () => {
    await cutOff(up, 'ip', 'netns add');
    expect(existsSync(join(folder, 'lab.json'))).toBe(true);
    await cutOff(up, 'ip', 'link add wire');
    expect(existsSync(`/run/netns/berth-${name}-wire`)).toBe(true);
    await cutOff(up, 'nsenter', 'unshare');
    expect(existsSync(join(folder, 'h1', 'hosts'))).toBe(true);
    await cutOff(up, 'nsenter', 'h2/docker.sock');
    expect(existsSync(join(folder, 'h2', 'dockerd.log'))).toBe(true);
    expect(await run(up)).toContain('h2');
    expect((await openLab({ name }).status()).map((host) => host.state)).toEqual(['up', 'up']);
  });

  it('is removed by the next down', async () => {
    await cutOff(cli('down'), 'ip', `netns delete berth-${name}-h1`);
    expect(await leftOf(name)).not.toEqual([]);
    await cutOff(cli('down'), 'iptables', '-D POSTROUTING');
    expect(existsSync(`/run/netns/berth-${name}-h1`)).toBe(false);
    expect(await leftOf(name)).not.toEqual([]);
    await run(cli('down'));
    expect(await leftOf(name)).toEqual([]);
  });

  it('is removed by down when nothing but its first traces are there', async () => {
    await cutOff(up, 'ip', 'netns add');
    expect(await leftOf(name)).not.toEqual([]);
    await run(cli('down'));
    expect(await leftOf(name)).toEqual([]);
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

const cgroups = async () =>
  (await tryRun(['find', '/sys/fs/cgroup', '-type', 'd', '-path', '*berth-*'])).stdout.split('\n');

/** Everything on the machine that bears a lab's name, which no other lab has. */
async function leftOf(name: string): Promise<string[]> {
  const texts = await Promise.all([
    run(['ip', 'netns', 'list']),
    run(['ip', '-o', 'address']),
    run(['iptables-save']),
    run(['ps', '-eo', 'pid,args', '-ww']),
    tryRun(['ls', '-l', '/run/berth-lab', LABS_FOLDER]).then((out) => out.stdout),
  ]);
  const lines = [
    ...texts.flatMap((text) => text.split('\n')),
    ...readFileSync('/proc/self/mountinfo', 'utf8').split('\n'),
    ...(await cgroups()),
  ];
  return lines.filter((line) => line.includes(name));
}
