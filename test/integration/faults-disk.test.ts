import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { killAll } from '../lab/processes.ts';
import { run, tryRun, until } from '../lab/run.ts';
import { sharedLab } from '../lab/shared.ts';
import { openSmallDisk, type SmallDisk } from './small-disk.ts';

const BERTH = join(import.meta.dirname, '../../berth');
const PORTS = { docker: 21386, api: 21453, agent: 21454 };

let disk: SmallDisk;
let engine = '';
let data = '';

const berth = (...argv: string[]) => tryRun(disk.argv([BERTH, ...argv, '--data-dir', data]));
const dockerArgv = (argv: readonly string[]) => ['docker', '-H', `unix://${data}/run/docker.sock`, ...argv];
const docker = async (...argv: string[]) => (await run(disk.argv(dockerArgv(argv)))).trim();
const tryDocker = (...argv: string[]) => tryRun(disk.argv(dockerArgv(argv)));
const plain = async (...argv: string[]) => (await run(['docker', '-H', engine, ...argv])).trim();
const pid = () => Number(readFileSync(disk.here('data/run/manager.pid'), 'utf8'));

async function up(): Promise<void> {
  const { code, stderr } = await berth('up', '--json', ...flags());
  if (code !== 0) throw new Error(stderr);
}
const flags = () => [
  ...['--engine', engine, '--advertise', '127.0.0.1', '--name', 'solo', '--no-install'],
  ...['--docker-listen', `127.0.0.1:${PORTS.docker}`, '--api-listen', `127.0.0.1:${PORTS.api}`],
  ...['--agent-listen', `127.0.0.1:${PORTS.agent}`],
];
/** Of the cluster's list: the engine is one that others use too, and builds leave containers for a while. */
const listed = async (...flags: string[]) =>
  (await docker('ps', ...flags, '--format', '{{.Names}}'))
    .split('\n')
    .filter((name) => /^solo\/(keeps|after|no\d)$/.test(name))
    .sort();
const ours = () => plain('ps', '-a', '--filter', 'label=berth.cluster', '--format', '{{.Names}}');
const start = (name: string, ...options: string[]) =>
  docker('run', '-d', '--name', name, ...options, 'busybox', 'sleep', '1000');
/** What a client is told: which file, what is wrong with it, what to do. */
const FULL = /berth\.db: .*disk is full.*free space/;

beforeAll(async () => {
  engine = (await sharedLab()).host('h1').engine;
  disk = await openSmallDisk(4096);
  data = join(disk.path, 'data');
  await up();
});
afterAll(async () => {
  disk?.free();
  await berth('down', '--purge', '--yes');
  await disk?.close();
});

it('a full disk under the store: changes are refused and say why, everything else goes on', async () => {
  await start('keeps', '--label', 'berth.restart=always');
  const before = pid();
  disk.fill();
  const attempts = await Promise.all(
    Array.from({ length: 10 }, (_, i) => tryDocker('create', '--name', `no${i}`, 'busybox', 'true')),
  );
  for (const { code, stderr } of attempts) {
    expect(code).not.toBe(0);
    expect(stderr).toMatch(FULL);
  }
  expect((await tryDocker('stop', '-t', '0', 'keeps')).stderr).toMatch(FULL);
  expect((await tryDocker('rm', '-f', 'keeps')).stderr).toMatch(FULL);
  const token = await berth('token', 'create');
  expect([token.code, token.stderr]).toEqual([6, expect.stringMatching(FULL)]);

  expect(await listed('-a')).toEqual(['solo/keeps']);
  expect(await docker('exec', 'keeps', 'echo', 'here')).toBe('here');
  expect((await berth('node', 'ls')).stdout).toMatch(/solo +ready/);
  expect(await ours()).toBe('keeps');
  expect(pid()).toBe(before);
});

it('a container that ends meanwhile comes back', async () => {
  const before = await plain('inspect', '-f', '{{.State.StartedAt}}', 'keeps');
  await plain('kill', 'keeps');
  await until(
    'the return of keeps',
    async () => {
      const now = await plain('inspect', '-f', '{{.State.Running}} {{.State.StartedAt}}', 'keeps');
      return now.startsWith('true') && !now.endsWith(before) ? true : undefined;
    },
    { timeoutMs: 60_000 },
  );
});

it('works again as soon as there is room, with the same manager', async () => {
  const before = pid();
  disk.free();
  await start('after');
  expect(pid()).toBe(before);
  expect(await listed()).toEqual(['solo/after', 'solo/keeps']);
  expect((await ours()).split('\n').sort()).toEqual(['after', 'keeps']);
});

it('SIGKILL while it is full: the next start says why it cannot, and loses nothing once there is room', async () => {
  const ids = await docker('ps', '-q', '--no-trunc', '--filter', 'name=keeps', '--filter', 'name=after');
  disk.fill();
  const refused = Array.from({ length: 10 }, (_, i) =>
    tryDocker('create', '--name', `no${i}`, 'busybox', 'true'),
  );
  await Promise.race(refused);
  await killAll([pid()]);
  for (const { code } of await Promise.all(refused)) expect(code).not.toBe(0);

  const { code, stderr } = await berth('up', ...flags());
  expect([code, stderr]).toEqual([
    6,
    expect.stringMatching(/berth\.db cannot be used: no space left.*→ free space/),
  ]);
  expect(stderr).toContain(data);
  expect(await plain('inspect', '-f', '{{.State.Running}}', 'keeps', 'after')).toBe('true\ntrue');

  disk.free();
  await up();
  expect(await docker('ps', '-q', '--no-trunc', '--filter', 'name=keeps', '--filter', 'name=after')).toBe(
    ids,
  );
  expect((await ours()).split('\n').sort()).toEqual(['after', 'keeps']);
});
