import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { program, type Running, start, tryProgram } from '../conformance/program.ts';
import type { Lab } from '../lab/lab.ts';
import { sharedLab } from '../lab/shared.ts';
import { agentConnections, memoryOver } from './usage.ts';

/** Long streams through the endpoint: clients that vanish, that stop reading, that send much. */
let lab: Lab;
const folder = mkdtempSync(join(tmpdir(), 'berth-streams-'));
const LIVE = ['sh', '-c', 'trap "exit 0" TERM; while :; do sleep 0.1; done'];
const MB = 1_000_000;

beforeAll(async () => {
  lab = await sharedLab();
});
afterAll(async () => {
  const ids = await cluster('ps', '-aq', '--filter', 'label=streams');
  if (ids !== '') await cluster('rm', '-fv', ...ids.split('\n'));
  rmSync(folder, { recursive: true, force: true });
});

const argv = (...args: string[]) => ['env', 'DOCKER_BUILDKIT=0', 'docker', '-H', lab.endpoint, ...args];
const cluster = (...args: string[]) => program(argv(...args), { timeoutMs: 110_000 });
const run = (name: string, command = LIVE, ...flags: string[]) =>
  cluster(
    'run',
    '-d',
    '-l',
    'streams',
    '-e',
    'constraint:node==h1',
    '--name',
    name,
    ...flags,
    'busybox',
    ...command,
  );

describe('a client that is killed', () => {
  /** SIGKILLs what the client's process group runs. */
  async function kill(client: Running): Promise<void> {
    client.kill('SIGKILL');
    await client.ended;
  }

  it('frees what logs, attach, exec and stats have opened on the host', async () => {
    await run('left-alone', ['sh', '-c', 'while :; do echo tick; sleep 0.1; done'], '-i');
    const commands = [
      ['logs', '-f', 'left-alone'],
      ['attach', 'left-alone'],
      ['exec', 'left-alone', 'sh', '-c', 'while :; do echo tick; sleep 0.1; done'],
      ['stats', 'left-alone'],
    ];
    const idle = agentConnections(lab, 'h1');
    const clients = [...commands, ...commands, ...commands].map((args) => start(argv(...args)));
    await Promise.all(clients.map((client) => client.waitFor(/tick|left-alone/)));
    expect(agentConnections(lab, 'h1')).toBeGreaterThanOrEqual(clients.length);
    await Promise.all(clients.map(kill));
    // The agent keeps up to four for its next requests.
    await expect.poll(() => agentConnections(lab, 'h1'), { timeout: 60_000 }).toBeLessThanOrEqual(idle + 4);
    await cluster('rm', '-f', 'left-alone');
  });

  it('ends the input of what it has exec’ed', async () => {
    await run('reader');
    const client = start(argv('exec', '-i', 'reader', 'sh', '-c', 'echo ready; cat; touch /input-ended'));
    await client.waitFor('ready');
    await kill(client);
    const ended = () => tryProgram(argv('exec', 'reader', 'test', '-e', '/input-ended'));
    await expect.poll(async () => (await ended()).code, { timeout: 60_000 }).toBe(0);
    await cluster('rm', '-f', 'reader');
  });

  it('cancels its build on the host', async () => {
    const dockerfile = `FROM busybox\nRUN echo building; sleep 987\n`;
    writeFileSync(join(folder, 'Dockerfile'), dockerfile);
    const constraint = ['--build-arg', 'constraint:node==h1'];
    const client = start(
      argv('build', '--no-cache', ...constraint, '-f', join(folder, 'Dockerfile'), folder),
    );
    await client.waitFor(/^building$/m);
    const sleepers = () =>
      lab.docker(['ps', '--no-trunc', '--filter', 'status=running', '--format', '{{.Command}}'], 'h1');
    expect(await sleepers()).toContain('sleep 987');
    await kill(client);
    await expect.poll(sleepers, { timeout: 60_000 }).not.toContain('sleep 987');
  });
});

describe('much data', () => {
  it('a build context of 500 MB goes through with little memory', async () => {
    const context = mkdtempSync(join(folder, 'big-'));
    writeFileSync(join(context, 'Dockerfile'), 'FROM busybox\nLABEL streams=big\n');
    writeFileSync(join(context, 'zeros'), '');
    truncateSync(join(context, 'zeros'), 500 * MB);
    const build = cluster('build', '-q', '-t', 'streams-big', context);
    expect(await memoryOver(lab, build)).toBeLessThan(150 * MB);
    expect(await build).toMatch(/^sha256:/);
    await cluster('rmi', 'streams-big');
  });

  it('docker save | docker load of 200 MB', async () => {
    const context = mkdtempSync(join(folder, 'random-'));
    writeFileSync(
      join(context, 'Dockerfile'),
      `FROM busybox\nRUN head -c ${200 * MB} /dev/urandom > /random\n`,
    );
    await cluster(
      'build',
      '-q',
      '--no-cache',
      '--build-arg',
      'constraint:node==h1',
      '-t',
      'streams-random',
      context,
    );
    const id = await cluster('image', 'inspect', '-f', '{{.Id}}', 'streams-random');
    const pipe = 'docker -H "$1" save streams-random | docker -H "$1" load';
    const copied = program(['sh', '-c', pipe, 'sh', lab.endpoint], { timeoutMs: 110_000 });
    expect(await memoryOver(lab, copied)).toBeLessThan(150 * MB);
    for (const host of ['h2', 'h3']) {
      expect(await lab.docker(['image', 'inspect', '-f', '{{.Id}}', 'streams-random'], host)).toBe(id);
    }
    await cluster('rmi', 'streams-random');
  });
});

describe('a reader that stands still', () => {
  it('does not hold up other streams of the same host, and loses nothing', async () => {
    const lines = 400_000;
    await run('talks', ['sh', '-c', `seq 1 ${lines}; while :; do sleep 0.1; done`]);
    const paused = start(argv('logs', '-f', 'talks'));
    await paused.waitFor('1');
    paused.kill('SIGSTOP');
    const bytes = await cluster('exec', 'talks', 'sh', '-c', `head -c ${20 * MB} /dev/zero | tr '\\0' x`);
    expect(bytes).toHaveLength(20 * MB);
    expect(await cluster('ps', '-q', '--filter', 'name=talks')).not.toBe('');
    paused.kill('SIGCONT');
    await paused.waitFor(`\n${lines}\n`);
    const got = paused.said.stdout.trimEnd().split('\n');
    paused.kill();
    expect(got).toHaveLength(lines);
    expect(got.every((line, index) => line === String(index + 1))).toBe(true);
    await cluster('rm', '-f', 'talks');
  });
});
