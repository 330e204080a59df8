import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ensureImage } from '../images/bake.ts';
import { type Lab, startLab } from '../lab/lab.ts';

/** A lab of its own: its hosts die. h1 and h2 stand in one rack. */
let lab: Lab;
const HOSTS = ['h1', 'h2', 'h3'];
const LISTEN =
  "process.stdin.resume().on('end', () => process.exit()); require('node:net').createServer().listen(18080, '0.0.0.0')";
const BERTH = fileURLToPath(new URL('../../berth', import.meta.url));

beforeAll(async () => {
  lab = await startLab({ hosts: 3, labels: { h1: { rack: 'r1' }, h2: { rack: 'r1' }, h3: { rack: 'r2' } } });
  await ensureImage('busybox', lab.endpoint);
  await lab.berth(['settings', 'set', 'suspectAfterMs=1500', 'downAfterMs=3000']);
});
afterAll(() => lab?.down());
beforeEach(() => clear());

const until = (what: () => Promise<unknown>, timeout = 60_000) =>
  expect.poll(what, { timeout, interval: 200 });

type Moved = { name: string; from: string; to: string };
type Moves = { state: string; waiting: Moved[]; moved: Moved[]; stays: { name: string; reason: string }[] };
const rebalance = async (...flags: string[]): Promise<Moves> =>
  JSON.parse(await lab.berth(['rebalance', ...flags, '--json']));
const byName = (list: readonly Moved[]) => list.map(({ name, from, to }) => `${name} ${from} ${to}`).sort();

type Node = { name: string; state: string; reason: string };
const node = async (name: string) =>
  (JSON.parse(await lab.berth(['node', 'ls', '--json'])) as Node[]).find((one) => one.name === name);

/** Names of the containers that run on the host, by its own engine. */
async function onEngine(host: string): Promise<string[]> {
  const { stdout } = await lab.exec(host, ['docker', 'ps', '--format', '{{.Names}}']);
  return stdout.split('\n').filter(Boolean).sort();
}
/** Names of all that there is on the three engines, running or not, each as often as it is there. */
async function copies(): Promise<string[]> {
  const all = await Promise.all(
    HOSTS.map((host) => lab.exec(host, ['docker', 'ps', '-a', '--format', '{{.Names}}'])),
  );
  return all.flatMap(({ stdout }) => stdout.split('\n').filter(Boolean)).sort();
}
const runningCopies = async () => (await Promise.all(HOSTS.map(onEngine))).flat().sort();
const hostOf = async (name: string) =>
  (await lab.docker(['inspect', '--format', '{{.Node.Name}}', name])).trim();

const start = (name: string, ...flags: string[]) =>
  lab.docker(['run', '-d', '--stop-signal', 'KILL', '--name', name, ...flags, 'busybox', 'sleep', '3600']);

async function clear(): Promise<void> {
  const ids = (await lab.docker(['ps', '-aq'])).split('\n').filter(Boolean);
  if (ids.length > 0) await lab.docker(['rm', '-f', ...ids]);
  await until(copies).toEqual([]);
  await lab.berth(['node', 'uncordon', ...HOSTS]);
}

describe('rebalance after a host came back', () => {
  const PLAIN = ['r1', 'r2', 'r3', 'r4'];

  it('does what --dry-run showed: hosts level, followers with their leader, held ones where they are', async () => {
    await lab.kill('h3');
    await until(async () => (await node('h3'))?.state).toBe('down');
    for (const name of ['lead', ...PLAIN]) await start(name);
    await start('after', '--link', 'lead');
    await start('near', '-e', 'affinity:container==after');
    expect([await hostOf('after'), await hostOf('near')]).toEqual([
      await hostOf('lead'),
      await hostOf('lead'),
    ]);
    await lab.start('h3');
    const plan = await rebalance('--dry-run');
    expect(plan.waiting.length).toBeGreaterThanOrEqual(2);
    expect(plan.waiting.every(({ to }) => to === 'h3')).toBe(true);
    expect(await onEngine('h3')).toEqual([]);
    const done = await rebalance('--yes');
    expect(byName(done.moved)).toEqual(byName(plan.waiting));
    for (const { name, to } of done.moved) expect(await onEngine(to)).toContain(name);
    const counts = await Promise.all(HOSTS.map(async (host) => (await onEngine(host)).length));
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
    const together = new Set([await hostOf('lead'), await hostOf('after'), await hostOf('near')]);
    expect(together.size).toBe(1);
    expect(await lab.docker(['exec', 'after', 'ping', '-c', '1', '-w', '5', 'lead'])).toContain(
      '1 packets received',
    );
    await until(copies).toEqual(['after', 'lead', 'near', ...PLAIN].sort());
    expect((await rebalance('--dry-run')).waiting).toEqual([]);
  });

  it('takes a leader and what follows it along, one after the other', async () => {
    await start('lead');
    const home = await hostOf('lead');
    await start('after', '--link', 'lead');
    for (const name of ['p1', 'p2', 'p3', 'p4'])
      await start(name, '-e', `constraint:node==~${home}`, '-v', 'held:/data');
    const plan = await rebalance('--dry-run');
    expect(plan.waiting.map(({ name }) => name).sort()).toEqual(['after', 'lead']);
    expect(plan.stays).toMatchObject(
      ['p1', 'p2', 'p3', 'p4'].map((name) => ({
        name,
        reason: expect.stringContaining(`volume held is on ${home}`),
      })),
    );
    const done = await rebalance('--yes');
    expect(byName(done.moved)).toEqual(byName(plan.waiting));
    expect(await hostOf('after')).toBe(await hostOf('lead'));
    expect(await hostOf('lead')).not.toBe(home);
    expect(await lab.docker(['exec', 'after', 'ping', '-c', '1', '-w', '5', 'lead'])).toContain(
      '1 packets received',
    );
    expect(await hostOf('p1')).toBe(home);
  });

  it('goes on when the command is interrupted, and leaves each container once when the manager is killed', async () => {
    const names = Array.from({ length: 9 }, (_, i) => `k${i}`);
    await lab.berth(['node', 'cordon', 'h2', 'h3']);
    // Of one service: one at a time, so that there is a middle.
    for (const name of names) await start(name, '-l', 'berth.service=k');
    await lab.berth(['node', 'uncordon', 'h2', 'h3']);
    const command = spawn(BERTH, ['rebalance', '--yes', '--data-dir', lab.addresses.dataDir]);
    const ended = new Promise<number | null>((resolve) => command.once('exit', resolve));
    const movedTo = async () => (await onEngine('h2')).length + (await onEngine('h3')).length;
    await until(movedTo).toBeGreaterThan(0);
    command.kill('SIGINT');
    expect(await ended).toBe(130);
    const then = await movedTo();
    await until(movedTo).toBeGreaterThan(then);
    await lab.killManager();
    await lab.restartManager();
    await lab.waitReady();
    await until(runningCopies).toEqual(names);
    await until(copies).toEqual(names);
    const known = (await lab.docker(['ps', '--format', '{{.Names}}'])).split('\n').filter(Boolean);
    const real = (
      await Promise.all(HOSTS.map(async (host) => (await onEngine(host)).map((name) => `${host}/${name}`)))
    ).flat();
    expect(known.sort()).toEqual(real.sort());
    // What is left is done by asking again.
    await rebalance('--yes');
    expect((await rebalance('--dry-run')).waiting).toEqual([]);
    // A service is spread over the racks first, then over the hosts of each.
    const [h1 = 0, h2 = 0, h3 = 0] = await Promise.all(
      HOSTS.map(async (host) => (await onEngine(host)).length),
    );
    expect(h1 + h2 + h3).toBe(names.length);
    expect(Math.abs(h1 - h2)).toBeLessThanOrEqual(1);
    expect(Math.abs(h1 + h2 - h3)).toBeLessThanOrEqual(1);
  });
});

describe('a drain', () => {
  it('starts the old copy again, with what it wrote, where the new host refuses', async () => {
    await lab.berth(['node', 'cordon', 'h3']);
    await start('web', '-p', '18080:80', '-e', 'constraint:node==~h1');
    const [home, other] = (await hostOf('web')) === 'h1' ? ['h1', 'h2'] : ['h2', 'h1'];
    await lab.docker(['exec', 'web', 'sh', '-c', 'echo kept > /written']);
    const engineId = (await lab.exec(home, ['docker', 'inspect', '--format', '{{.Id}}', 'web'])).stdout;
    // Not a container, so the scheduler knows nothing of it.
    const listener = lab.execArgv(other, [process.execPath, '-e', LISTEN]);
    const [program = '', ...args] = listener;
    const taker = spawn(program, args, { stdio: ['pipe', 'ignore', 'ignore'] });
    const listening = async () => (await lab.exec(other, ['ss', '-tln'])).stdout;
    try {
      await until(listening).toContain(':18080');
      await expect(lab.berth(['node', 'drain', home, '--yes'])).rejects.toThrow(
        /1 container stays: web: .*(address already in use|port is already allocated)/,
      );
    } finally {
      taker.stdin.end();
    }
    expect(await hostOf('web')).toBe(home);
    expect(await onEngine(home)).toEqual(['web']);
    expect((await lab.exec(home, ['docker', 'inspect', '--format', '{{.Id}}', 'web'])).stdout).toBe(engineId);
    expect(await lab.docker(['exec', 'web', 'cat', '/written'])).toBe('kept');
    await until(copies).toEqual(['web']);
    // The port is free again: now it goes.
    await until(listening).not.toContain(':18080');
    await lab.berth(['node', 'drain', home, '--yes']);
    expect(await onEngine(other)).toEqual(['web']);
  });

  it('of a rack takes one container of a service at a time, moves none twice, and names what stays', async () => {
    const names = ['s1', 's2', 's3', 's4'];
    for (const [i, name] of names.entries())
      await start(name, '-l', 'berth.service=s', '-e', `constraint:node==~h${1 + (i % 2)}`);
    await start('pinned', '-e', 'constraint:rack==r1');
    await start('once', '--rm', '-e', 'constraint:node==h1');
    expect(await onEngine('h3')).toEqual([]);
    const since = Date.now() / 1000;
    await expect(lab.berth(['node', 'drain', '--label', 'rack=r1', '--yes'])).rejects.toThrow(
      /2 containers stay/,
    );
    const upto = Date.now() / 1000;
    expect(await onEngine('h3')).toEqual(names);
    const told = JSON.parse(await lab.berth(['node', 'drain', 'h1', 'h2', '--dry-run', '--json'])) as Moves[];
    const reasons = new Map(told.flatMap(({ stays }) => stays.map(({ name, reason }) => [name, reason])));
    expect(reasons.get('pinned')).toMatch(/rack==r1 not met/);
    expect(reasons.get('once')).toMatch(/--rm/);
    // What the engines themselves say of it, in order.
    const format = '{{.TimeNano}} {{.Action}} {{.Actor.Attributes.name}}';
    const window = ['--since', String(since), '--until', String(upto), '--filter', 'type=container'];
    const logs = await Promise.all(
      HOSTS.map((host) => lab.exec(host, ['docker', 'events', ...window, '--format', format])),
    );
    const events = logs
      .flatMap(({ stdout }) => stdout.split('\n').filter(Boolean))
      .map((line) => line.split(' ') as [string, string, string])
      .sort(([a], [b]) => (BigInt(a) < BigInt(b) ? -1 : 1));
    let up = names.length;
    let least = up;
    let starts = 0;
    for (const [, action, name] of events) {
      if (!names.includes(name)) continue;
      if (action === 'die') up -= 1;
      if (action === 'start') up += 1;
      if (action === 'start') starts += 1;
      least = Math.min(least, up);
    }
    expect({ least, starts, up }).toEqual({ least: 3, starts: 4, up: 4 });
  });
});

it('lets a host rest that goes down again and again, and says so', async () => {
  await lab.kill('h3');
  await until(async () => (await node('h3'))?.state).toBe('down');
  await lab.start('h3');
  // `start` returns when it is ready; by then it rests.
  // Twice; where a busy machine was taken for a dead one, more often.
  let told = '';
  const reason = async () => {
    told = (await node('h3'))?.reason ?? '';
    return told;
  };
  const times = () => Number(/was down (\d+) times/.exec(told)?.[1] ?? 0);
  await until(reason).toMatch(/was down \d+ times within an hour: gets nothing new before/);
  const before = times();
  // All at once, as its rest may be of ten seconds.
  const wants = start('wants', '-e', 'constraint:node==h3');
  await Promise.all([
    expect(wants).rejects.toThrow(/was down \d+ times within an hour/),
    ...['n1', 'n2', 'n3'].map((name) => start(name)),
  ]);
  expect(await onEngine('h3')).toEqual([]);
  expect((await node('h3'))?.state).toBe('ready');
  await until(reason, 120_000).toBe('');
  await start('wants', '-e', 'constraint:node==h3');
  expect(await onEngine('h3')).toEqual(['wants']);
  // A hand that starts the manager anew does not make it forget.
  await lab.kill('h3');
  await until(async () => (await node('h3'))?.state).toBe('down');
  await lab.restartManager();
  await lab.start('h3');
  await until(() => reason().then(times)).toBeGreaterThan(before);
});
