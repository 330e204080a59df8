import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { filesWith } from '../lab/leaks.ts';
import { killAll } from '../lab/processes.ts';
import { run, tryRun } from '../lab/run.ts';
import { sharedLab } from '../lab/shared.ts';

const BERTH = join(import.meta.dirname, '../../berth');
/** Of this test alone: below the ephemeral ports, above those that Berth takes by default. */
const PORTS = { docker: 21376, api: 21443, agent: 21444 };

const folder = mkdtempSync(join(tmpdir(), 'berth-up-'));
const dataDir = join(folder, 'data');
const socket = join(dataDir, 'run/docker.sock');
let engine = '';

function flags(dir = dataDir, ports = PORTS): string[] {
  return [
    ...['--data-dir', dir, '--engine', engine, '--advertise', '127.0.0.1', '--name', 'solo', '--no-install'],
    ...['--docker-listen', `127.0.0.1:${ports.docker}`, '--api-listen', `127.0.0.1:${ports.api}`],
    ...['--agent-listen', `127.0.0.1:${ports.agent}`],
  ];
}
const berth = (...argv: string[]) => tryRun([BERTH, ...argv]);
const up = async () => {
  const { code, stdout, stderr } = await berth('up', '--json', ...flags());
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as { pid: number; adminPassword?: string; endpoint: string; api: string };
};
const docker = async (...argv: string[]) => (await run(['docker', '-H', `unix://${socket}`, ...argv])).trim();
const plain = async (...argv: string[]) => (await run(['docker', '-H', engine, ...argv])).trim();

beforeAll(async () => {
  engine = (await sharedLab()).host('h1').engine;
});

afterAll(async () => {
  await berth('down', '--purge', '--yes', '--data-dir', dataDir);
  await tryRun(['docker', '-H', engine, 'rm', '-f', 'not-ours']);
  rmSync(folder, { recursive: true, force: true });
});

describe('berth up and down on a real engine', () => {
  it('tells the first password once, and is idempotent', async () => {
    const first = await up();
    expect(first.adminPassword).toMatch(/^\S{12,}$/);
    expect(first.endpoint).toBe(`unix://${socket}`);
    const second = await up();
    expect(second.pid).toBe(first.pid);
    expect(second).not.toHaveProperty('adminPassword');
  });

  it('lets containers run on through SIGKILL of the manager, and knows them afterwards by the same ID', async () => {
    const { pid } = await up();
    const id = await docker('run', '-d', '--name', 'keeps', 'busybox', 'sleep', '1000');
    const started = await docker('inspect', '-f', '{{.State.StartedAt}}', 'keeps');
    await killAll([pid]);
    expect(await plain('inspect', '-f', '{{.State.Running}}', 'keeps')).toBe('true');
    const again = await up();
    expect(again.pid).not.toBe(pid);
    expect(await docker('inspect', '-f', '{{.Id}} {{.State.StartedAt}}', 'keeps')).toBe(`${id} ${started}`);
  });

  it('names who has a taken port, and the flag that gives another', async () => {
    const { pid } = await up();
    const other = join(folder, 'other');
    const { code, stderr } = await berth('up', ...flags(other, { ...PORTS, agent: 21445 }));
    expect(code).toBe(4);
    expect(stderr).toContain(`127.0.0.1:${PORTS.api}`);
    expect(stderr).toContain(`(pid ${pid}) has that port`);
    expect(stderr).toContain('--api-listen');
  });

  it('refuses a second manager on the same data directory', async () => {
    await up();
    const { code, stderr } = await berth('up', '--foreground', '--data-dir', dataDir);
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/in use by another manager/);
  });

  it('down leaves the containers, and up finds them', async () => {
    await up();
    const { code } = await berth('down', '--data-dir', dataDir);
    expect(code).toBe(0);
    expect(await plain('inspect', '-f', '{{.State.Running}}', 'keeps')).toBe('true');
    expect(existsSync(socket)).toBe(false);
    await up();
    expect(await docker('ps', '--format', '{{.Names}}')).toContain('solo/keeps');
  });

  it('purge asks, then removes what Berth has made and nothing else', async () => {
    await up();
    await plain('run', '-d', '--name', 'not-ours', 'busybox', 'sleep', '1000');
    await docker('network', 'create', 'made');
    await docker(
      'run',
      '-d',
      '--name',
      'uses',
      '--network',
      'made',
      '-v',
      'kept:/data',
      'busybox',
      'sleep',
      '1000',
    );
    const secret = randomBytes(12).toString('hex');
    const placed = async () =>
      (
        await Promise.all(['/run', '/dev/shm'].map((at) => filesWith(secret, join(at, 'berth-files'))))
      ).flat();
    const file = join(folder, 'compose.yml');
    writeFileSync(
      file,
      `services: { web: { image: busybox, command: [sleep, '1000'], network_mode: bridge, secrets: [token] } }
secrets: { token: { file: ./token } }
`,
    );
    writeFileSync(join(folder, 'token'), secret);
    const deploy = ['deploy', '-f', file, '--name', 'secret', '--timeout', '60', '--data-dir', dataDir];
    const deployed = await berth(...deploy);
    expect(deployed.code, deployed.stderr).toBe(0);
    expect(await placed()).toHaveLength(1);

    const asked = await berth('down', '--purge', '--data-dir', dataDir);
    expect(asked.code).not.toBe(0);
    expect(asked.stderr).toContain('--yes');
    expect(existsSync(dataDir)).toBe(true);

    const { code, stdout } = await berth('down', '--purge', '--yes', '--data-dir', dataDir);
    expect(code).toBe(0);
    for (const word of ['container keeps', 'container uses', 'network made', 'volume kept', dataDir]) {
      expect(stdout).toContain(word);
    }
    expect(await plain('ps', '-a', '--format', '{{.Names}}')).toContain('not-ours');
    expect(await plain('ps', '-a', '--format', '{{.Names}}')).not.toContain('keeps');
    expect(await plain('network', 'ls', '--format', '{{.Name}}')).not.toContain('made');
    expect(existsSync(dataDir)).toBe(false);
    expect(stdout).toContain('configs and secrets of containers in ');
    expect(await placed()).toEqual([]);
  });
});
