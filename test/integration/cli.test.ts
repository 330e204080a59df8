import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { Lab } from '../lab/lab.ts';
import { tryRun } from '../lab/run.ts';
import { sharedLab } from '../lab/shared.ts';

const BERTH = join(import.meta.dirname, '../../berth');
/** Of this test alone: names that no other test in the same lab takes. */
const LABEL = 'climark';
const PASSWORD = 'a long enough one';
/** Told of what takes over a second. */
const PROGRESS = /^(waiting for the manager|reading the CA|logging in)\n/gm;
const ID = expect.stringMatching(/^\S{8,}$/);

const home = mkdtempSync('/tmp/berth-cli-');
let lab: Lab;
let dataDir = '';
let api = '';
let caHash = '';

type Result = Readonly<{ code: number; stdout: string; stderr: string }>;

/** The launcher of the checkout, with a home of its own. What a slow machine adds to standard error is left out. */
async function berth(argv: readonly string[], input?: string): Promise<Result> {
  const words = ['env', '-u', 'BERTH_HOST', '-u', 'BERTH_DATA_DIR', `HOME=${home}`, BERTH, ...argv];
  const { code, stdout, stderr } = await tryRun(words, input === undefined ? {} : { input });
  return { code, stdout, stderr: stderr.replace(PROGRESS, '') };
}
const local = (...argv: string[]) => berth([...argv, '--data-dir', dataDir]);

async function json<T = Record<string, unknown>>(...argv: string[]): Promise<T> {
  const { code, stdout, stderr } = await local(...argv, '--json');
  if (code !== 0) throw new Error(`berth ${argv.join(' ')}: exit ${code}: ${stderr}`);
  return JSON.parse(stdout) as T;
}

/** A refusal is one line with the exit code that the guide names, and nothing on standard output. */
function expectRefusal({ code, stdout, stderr }: Result, want: number, ...words: string[]): void {
  expect({ code, stdout }).toEqual({ code: want, stdout: '' });
  expect(stderr).toMatch(/^berth: [^\n]+\n$/);
  for (const word of words) expect(stderr).toContain(word);
}

beforeAll(async () => {
  lab = await sharedLab();
  dataDir = dirname(dirname(lab.endpoint.replace('unix://', '')));
  api = lab.addresses.api;
  caHash = (await json<{ caFingerprint: string }>('status')).caFingerprint;
});

afterAll(async () => {
  await Promise.all([
    local('settings', 'set', 'strategy=spread'),
    local('node', 'uncordon', 'h1'),
    local('node', 'label', 'h1', `${LABEL}-`),
    local('user', 'rm', '--yes', 'cli-viewer', 'cli-operator'),
    tryRun(['docker', '-H', lab.endpoint, 'rm', '-f', 'cli-made']),
  ]);
  rmSync(home, { recursive: true, force: true });
});

describe('the manager and its hosts', () => {
  it('version and status', async () => {
    expect(await json('version')).toMatchObject({
      client: { version: expect.stringMatching(/^\d/) },
      manager: { version: expect.stringMatching(/^\d/) },
    });
    const status = await json<{ hosts: { total: number } }>('status');
    expect(status).toMatchObject({
      clusterId: ID,
      caFingerprint: expect.stringMatching(/^[0-9a-f]{64}$/),
      containers: { managed: expect.any(Number), unmanaged: expect.any(Number) },
      capacity: { cpuMilli: expect.any(Number), memory: expect.any(Number) },
      warnings: expect.any(Array),
    });
    expect(status.hosts.total).toBeGreaterThanOrEqual(3);
    const { stdout } = await local('status');
    expect(stdout).toContain(`CA fingerprint: ${caHash}\n`);
    for (const line of stdout.trimEnd().split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  });

  it('node ls, inspect, label, cordon', async () => {
    const nodes = await json<{ name: string }[]>('node', 'ls');
    expect(nodes.map(({ name }) => name)).toEqual(expect.arrayContaining(['h1', 'h2', 'h3']));
    const [node] = await json<{ id: string }[]>('node', 'inspect', 'h1');
    expect(node).toMatchObject({ id: ID, name: 'h1', state: 'ready', cordoned: false, engine: {} });
    expect((await local('node', 'ls', '--quiet')).stdout.split('\n')).toContain(node?.id);
    expect(await json('node', 'label', 'h1', `${LABEL}=on`)).toMatchObject({ labels: { [LABEL]: 'on' } });
    expect((await local('node', 'ls')).stdout).toMatch(new RegExp(`^h1 +ready .*${LABEL}=on`, 'm'));
    expect((await json('node', 'label', 'h1', `${LABEL}-`)).labels).not.toHaveProperty(LABEL);
    expect((await local('node', 'cordon', 'h1')).stdout).toBe('h1: cordoned\n');
    expect((await local('node', 'inspect', 'h1')).stdout).toMatch(/^Cordoned: +yes\b/m);
    expect(await json('node', 'uncordon', 'h1')).toMatchObject([{ name: 'h1', cordoned: false }]);
  });

  it('token create, ls, rm', async () => {
    const { token, command } = await json<{ token: string; command: string }>(
      'token',
      'create',
      '--ttl',
      '10m',
    );
    expect(token).toMatch(/^berth1-[a-z0-9]+-[a-z0-9]+-[0-9a-f]{64}$/);
    expect(token.endsWith(caHash)).toBe(true);
    expect(command).toContain(token);
    expect(command).not.toContain('\n');
    const id = token.split('-')[1] ?? '';
    expect(await json('token', 'ls')).toEqual(
      expect.arrayContaining([expect.objectContaining({ id, usesLeft: 1 })]),
    );
    expectRefusal(await local('token', 'rm', id), 2, '--yes');
    expect((await local('token', 'rm', '--yes', id)).code).toBe(0);
    expect((await local('token', 'ls', '--quiet')).stdout.split('\n')).not.toContain(id);
    expectRefusal(await local('token', 'rm', '--yes', id), 3, id);
  });

  it('settings, and bad values', async () => {
    expect(await json('settings', 'set', 'strategy', 'binpack')).toMatchObject({ strategy: 'binpack' });
    expect((await local('settings', 'get', 'strategy')).stdout).toBe('binpack\n');
    expect(await json('settings', 'get', 'strategy')).toEqual({ strategy: 'binpack' });
    expect((await local('settings', 'set', 'strategy=spread')).stdout).toBe('strategy=spread\n');
    expectRefusal(
      await local('settings', 'set', 'strategy', 'fastest'),
      2,
      '"fastest"',
      'spread, binpack, random',
    );
    expectRefusal(await local('settings', 'set', 'imageHosts', ''), 2, 'imageHosts');
    expectRefusal(await local('settings', 'set', 'cpuOvercommit', '-1'), 2, 'cpuOvercommit');
    expectRefusal(await local('settings', 'get', 'colour'), 3, '"colour"', 'strategy');
  });

  it('plan: where, why not, and an image that is to be pulled', async () => {
    const fits = await json<{ placements: object[]; hosts: object[] }>('plan', 'busybox', '--count', '2');
    expect(fits.placements).toMatchObject([
      { name: 'busybox-1', hostId: ID, hostName: expect.stringMatching(/^h\d$/) },
      { name: 'busybox-2', hostId: ID, hostName: expect.stringMatching(/^h\d$/) },
    ]);
    expect(fits.hosts[0]).toMatchObject({ fits: true, score: expect.any(Number) });
    const full = await local('plan', 'busybox', '--memory', '900000g');
    expect(full.code).toBe(5);
    expect(full.stdout).toMatch(/^h1 +no +not enough memory/m);
    expect(full.stderr).toMatch(/^berth: no host fits busybox: \d hosts: not enough memory .* → .*\n$/);
    const far = await local('plan', 'example.com/nowhere:1');
    expect([far.code, far.stderr]).toEqual([
      0,
      'example.com/nowhere:1 is on no host yet: "docker run" pulls it first\n',
    ]);
    expectRefusal(await local('plan', 'busybox', '-e', 'constraint:rack=r1'), 2, 'rack=r1');
  });
});

describe('users, from another machine', () => {
  const logIn = (user: string, password: string, hash = caHash) =>
    berth(['login', api, '--ca-hash', hash, '--user', user, '--name', user, '--password-stdin'], password);

  beforeAll(async () => {
    for (const role of ['viewer', 'operator']) {
      const argv = [
        'user',
        'create',
        `cli-${role}`,
        '--role',
        role,
        '--password-stdin',
        '--data-dir',
        dataDir,
      ];
      expect(await berth(argv, PASSWORD)).toMatchObject({ code: 0, stdout: `user cli-${role} (${role})\n` });
    }
  });

  it('log in with the CA pinned, and each may do what the role says', async () => {
    expectRefusal(await logIn('cli-viewer', PASSWORD, 'ab'.repeat(32)), 7, caHash);
    expectRefusal(await logIn('cli-viewer', 'wrong'), 7, '"cli-viewer"');
    expect(existsSync(join(home, '.berth/config.json'))).toBe(false);
    for (const role of ['viewer', 'operator']) {
      const { code, stdout } = await logIn(`cli-${role}`, PASSWORD);
      expect([code, stdout]).toEqual([
        0,
        expect.stringContaining(`logged in to ${api} as cli-${role} (${role})`),
      ]);
      expect((await berth(['--host', `cli-${role}`, 'node', 'ls'])).code).toBe(0);
      expect((await berth(['--host', `cli-${role}`, 'plan', 'busybox'])).code).toBe(0);
      const forAdmins = [['node', 'cordon', 'h1'], ['token', 'create'], ['user', 'ls'], ['audit']];
      const refused = await Promise.all(forAdmins.map((argv) => berth(['--host', `cli-${role}`, ...argv])));
      for (const answer of refused) expectRefusal(answer, 7, `cli-${role}`, 'admin');
    }
    expectRefusal(await berth(['--host', 'https://127.0.0.1:1', 'node', 'ls']), 7, 'berth login');
    expectRefusal(await local('user', 'rm', 'admin', '--yes'), 4, '"admin"');
  });

  it('bundles carry the role to the Docker endpoint', async () => {
    const docker = async (user: string, ...argv: string[]) => {
      const folder = join(home, user);
      const tls = [
        '--tlscacert',
        `${folder}/ca.pem`,
        '--tlscert',
        `${folder}/cert.pem`,
        '--tlskey',
        `${folder}/key.pem`,
      ];
      return tryRun(['docker', '--tlsverify', ...tls, '-H', bundles[user] ?? '', ...argv]);
    };
    const bundles: Record<string, string> = {};
    for (const user of ['cli-viewer', 'cli-operator']) {
      const made = await berth(['--host', user, 'bundle', '-o', join(home, user), '--json']);
      const { dockerHost, ...rest } = JSON.parse(made.stdout) as { dockerHost: string };
      expect(rest).toMatchObject({ folder: join(home, user), user, expiresAt: expect.any(Number) });
      bundles[user] = dockerHost;
      expectRefusal(await berth(['--host', user, 'bundle', '-o', join(home, user)]), 4, 'ca.pem');
    }
    const run = ['run', '-d', '--name', 'cli-made', 'busybox', 'sleep', '1000'];
    const refused = await docker('cli-viewer', ...run);
    expect(refused.stderr).toMatch(/user "cli-viewer" has the role "viewer".*needs "operator"/);
    expect((await docker('cli-operator', ...run)).code).toBe(0);
    expect((await docker('cli-viewer', 'ps', '--format', '{{.Names}}')).stdout).toMatch(/^h\d\/cli-made$/m);
    expect((await docker('cli-viewer', 'exec', 'cli-made', 'true')).code).not.toBe(0);
    expect((await docker('cli-operator', 'exec', 'cli-made', 'echo', 'it runs')).stdout).toBe('it runs\n');
  });

  it('api-token create, use, rm', async () => {
    const host = ['--host', 'cli-operator'];
    const { stdout } = await berth([
      ...host,
      'api-token',
      'create',
      'ci',
      '--role',
      'viewer',
      '--ttl',
      '1h',
      '--json',
    ]);
    const { id, token } = JSON.parse(stdout) as { id: string; token: string };
    const asCi = async (...argv: string[]) => {
      const said = await tryRun([
        ...['env', `HOME=${home}`, `BERTH_HOST=${api}`, `BERTH_TOKEN=${token}`],
        ...[`BERTH_CA=${join(home, 'cli-operator/ca.pem')}`, BERTH, ...argv],
      ]);
      return { ...said, stderr: said.stderr.replace(PROGRESS, '') };
    };
    expect((await asCi('node', 'ls')).code).toBe(0);
    expectRefusal(await asCi('node', 'cordon', 'h1'), 7);
    expectRefusal(await berth([...host, 'api-token', 'create', 'up', '--role', 'admin']), 7, '"admin"');
    expect((await berth([...host, 'api-token', 'ls'])).stdout).toMatch(
      new RegExp(`^${id} +ci +cli-operator`, 'm'),
    );
    expect((await berth([...host, 'api-token', 'rm', '--yes', id])).code).toBe(0);
    expectRefusal(await asCi('node', 'ls'), 7);
  });

  it('passwd and role, and the audit log tells of all of it', async () => {
    const { password } = await json<{ password: string }>('user', 'passwd', 'cli-viewer', '--generate');
    expectRefusal(await berth(['--host', 'cli-viewer', 'node', 'ls']), 7);
    expect((await logIn('cli-viewer', password)).code).toBe(0);
    expect(await json('user', 'role', 'cli-viewer', 'operator')).toMatchObject({ role: 'operator' });
    expect(await json('user', 'ls')).toEqual(
      expect.arrayContaining([expect.objectContaining({ name: 'cli-viewer', role: 'operator' })]),
    );
    const entries = await json<{ action: string; user: string }[]>('audit', '--limit', '200');
    expect(entries[0]).toMatchObject({ action: 'user.role', target: 'cli-viewer' });
    const own = await json<{ action: string; user: string }[]>('audit', '--user', 'cli-operator');
    expect(new Set(own.map(({ user }) => user))).toEqual(new Set(['cli-operator']));
    expect(own.map(({ action }) => action)).toEqual(
      expect.arrayContaining(['session.login', 'container.create']),
    );
    expect((await berth(['--host', 'cli-viewer', 'logout', 'cli-viewer'])).code).toBe(0);
    expectRefusal(await berth(['--host', 'cli-viewer', 'node', 'ls']), 7, 'not logged in');
  });
});

describe('this program', () => {
  it('events follow what changes, until Ctrl-C', async () => {
    const child = spawn(BERTH, ['events', '--json', '--data-dir', dataDir], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    const ended = once(child, 'exit');
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
    const ofH1 = () => text.split('\n').find((line) => line.includes('"name":"h1"'));
    // It may not listen yet when the first change comes.
    for (let tries = 0; tries < 60 && ofH1() === undefined; tries += 1) {
      await local('node', tries % 2 === 0 ? 'cordon' : 'uncordon', 'h1');
    }
    expect(JSON.parse(ofH1() ?? '{}')).toMatchObject({
      id: ID,
      event: { kind: 'node', change: 'changed', name: 'h1', cordoned: expect.any(Boolean) },
    });
    child.kill('SIGINT');
    expect((await ended)[0]).toBe(0);
  });

  it('wrong usage, nothing there, nobody there', async () => {
    expectRefusal(await local('node', 'ls', '--all'), 2, '--all', 'node ls --help');
    expectRefusal(await local('frob'), 2, 'frob');
    expectRefusal(await berth(['status', '--data-dir', '']), 2, '--data-dir');
    expectRefusal(await local('node', 'inspect', 'nobody'), 3, '"nobody"', 'node ls');
    expectRefusal(await berth(['status', '--data-dir', join(home, 'empty')]), 6, join(home, 'empty'));
    expectRefusal(await berth(['login', 'https://127.0.0.1:1', '--ca-hash', caHash]), 6, '127.0.0.1:1');
  });

  it('prints commands as it was called', async () => {
    const { stderr } = await tryRun(
      ['env', '-u', 'BERTH_HOST', './berth', 'node', 'inspect', 'x', '--data-dir', dataDir],
      {
        cwd: dirname(BERTH),
      },
    );
    expect(stderr.replace(PROGRESS, '')).toBe('berth: there is no host "x" → "./berth node ls" lists them\n');
  });

  it('completes in a bash', async () => {
    const script = `
      PATH=$1:$PATH; source <(berth completion bash)
      COMP_WORDS=(berth node ""); COMP_CWORD=2; COMP_LINE='berth node '; COMP_POINT=11
      _berth berth "" node; echo "\${COMPREPLY[*]}"`;
    const { stdout } = await tryRun(['bash', '-c', script, 'bash', dirname(BERTH)]);
    expect(stdout.trim().split(' ')).toEqual(expect.arrayContaining(['ls', 'inspect', 'cordon']));
  });
});
