import { expect, it } from 'vitest';
import type { TopContainer, TopHost } from '../../contract/v1/top.ts';
import { BerthError } from '../../kit/errors.ts';
import { withManager } from '../testing/run.ts';

const container = (more: Partial<TopContainer> = {}): TopContainer => ({
  ...{ id: 'c1', name: 'shop_web_1', host: 'h1', stack: 'shop', service: 'web' },
  ...{ cpu: 0.514, memory: 104_857_600, networkIn: 1_230, networkOut: 0, diskRead: null, diskWrite: null },
  ...{ pids: 3, coreLimit: 2, memoryLimit: 536_870_912 },
  ...more,
});
const host: TopHost = {
  ...{ id: 'id-1', name: 'h1', cpuUser: 1, cpuSystem: 0.5, cpuStolen: null, cpuWait: 0, memory: 1024 ** 3 },
  ...{ swap: 0, load: 2, networkIn: 10, networkOut: 20, diskRead: 30, diskWrite: 40, dockerDisk: 2048 },
  ...{ cores: 4, memorySize: 8 * 1024 ** 3, dockerDiskSize: 4096 },
};
/** A clock whose sleep ends at once, and Ctrl-C at the `last` of them. */
function clockUntil(last: number) {
  const interrupt = new AbortController();
  const slept: number[] = [];
  const sleep = async (ms: number) => {
    slept.push(ms);
    if (slept.length === last) interrupt.abort();
  };
  return { slept, signal: interrupt.signal, clock: { now: () => Date.UTC(2026, 10, 30), sleep } };
}

it('shows once what containers use, all that is not known left empty', async () => {
  const plain = container({
    name: 'evil\u001b[2J',
    cpu: null,
    coreLimit: 0,
    memoryLimit: 0,
    networkIn: null,
  });
  const { berth, manager } = await withManager({
    'top.containers': () => ({ containers: [container(), plain], measured: 7 }),
  });
  const { stdout, code } = await berth([
    'top',
    'shop/web',
    '--once',
    '--sort',
    'memory',
    '-n',
    '2',
    '--node',
    'h1',
  ]);
  expect(code).toBe(0);
  const [head, ...table] = stdout.split('\n');
  expect(head).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d {2}2 of 7 containers$/);
  expect(table).toEqual([
    'NAME         HOST       CPU       MEMORY  NET IN / OUT  DISK R / W  PIDS',
    'shop_web_1   h1    0.51 / 2  100M / 512M     1.2K / 0B                 3',
    'evil\\x1b[2J  h1                     100M        - / 0B                 3',
    '',
  ]);
  expect(manager.calls.map(({ input }) => input)).toEqual([
    { order: 'memory', limit: 2, node: 'h1', stack: 'shop', service: 'web' },
  ]);
  const told = JSON.parse((await berth(['top', '--no-stream', '--json'])).stdout);
  expect(told).toEqual({ at: expect.any(Number), containers: [container(), plain], measured: 7 });
});

it('shows hosts, and names those that are silent', async () => {
  const silent = ['h2', 'h3', 'h4', 'h5', 'h6', 'h7', 'h8'];
  const { berth } = await withManager({ 'top.hosts': () => ({ hosts: [host], measured: 1, silent }) });
  const { stdout } = await berth(['top', '--hosts', '--once']);
  expect(stdout).toContain('  1 hosts  nothing known now of h2, h3, h4, h5, h6 and 2 more\n');
  expect(stdout.split('\n').slice(1)).toEqual([
    "HOST      CPU  LOAD   MEMORY  NET IN / OUT  DISK R / W  DOCKER'S DATA",
    'h1    1.5 / 4  2.00  1G / 8G     10B / 20B   30B / 40B        2K / 4K',
    '',
  ]);
});

it('looks again until Ctrl-C, on a terminal in the same place and no more than fits there', async () => {
  const { berth, manager } = await withManager({
    // More than was asked for, as a manager of another version may.
    'top.containers': () => ({
      containers: Array.from({ length: 9 }, (_, i) => container({ name: `c${i}` })),
      measured: 9,
    }),
  });
  const { slept, ...until } = clockUntil(3);
  const { stdout, code } = await berth(['top', '--no-color'], {
    ...until,
    ...{ isTTY: { stdout: true }, rows: 5, columns: 60 },
  });
  expect(code).toBe(0);
  expect(slept).toEqual([5_000, 5_000, 5_000]);
  expect(manager.calls.map(({ input }) => input)).toEqual(Array(3).fill({ limit: 2 }));
  const frames = stdout.split('\x1b[4A\x1b[J');
  expect(frames).toHaveLength(3);
  for (const frame of frames) {
    expect(frame.split('\n')).toHaveLength(5);
    for (const line of frame.split('\n')) expect(line.length).toBeLessThanOrEqual(60);
  }
  const piped = await berth(['top', '--json'], clockUntil(2));
  expect(
    piped.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).containers.length),
  ).toEqual([9, 9]);
});

it('keeps what it has shown while the manager is away, and ends where it refuses', async () => {
  const answers = [
    () => ({ containers: [container()], measured: 1 }),
    () => {
      throw new BerthError('unavailable', 'the manager begins anew');
    },
    () => ({ containers: [container({ name: 'later' })], measured: 1 }),
    () => {
      throw new BerthError('forbidden', 'the session has ended');
    },
  ];
  const { berth } = await withManager({
    'top.containers': () => (answers.shift() as NonNullable<(typeof answers)[0]>)(),
  });
  const { stdout, stderr, code } = await berth(['top'], clockUntil(9));
  const looks = stdout.split('\n\n');
  expect(looks).toHaveLength(3);
  expect(looks[1]).toMatch(/ {2}as it was: the manager begins anew\n/);
  expect(looks[1]).toContain('shop_web_1');
  expect(looks[2]).toContain('later');
  expect(looks[2]).not.toContain('as it was');
  expect([code, stderr]).toEqual([7, 'berth: the session has ended\n']);
});

it('refuses what it cannot show', async () => {
  const { berth, manager } = await withManager({});
  const told = async (...argv: string[]) => (await berth(['top', '--once', ...argv])).stderr;
  expect(await told('--hosts', 'shop')).toContain(
    'hosts are not those of a service, nor of a host → leave out "shop"',
  );
  expect(await told('--hosts', '--node', 'h1')).toContain('leave out --node');
  expect(await told('--hosts', '--sort', 'pids')).toContain('--sort: hosts have no "pids"');
  expect(await told('--sort', 'load')).toContain('--sort: containers have no "load"');
  expect(await told('a/b/c')).toContain('"a/b/c" is neither a stack nor a service');
  expect(await told('shop/')).toContain('write STACK or STACK/SERVICE');
  expect(manager.calls).toEqual([]);
});
