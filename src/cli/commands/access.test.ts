import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run, tempDir, withManager } from '../testing/run.ts';

const made = { name: 'ada', role: 'viewer' as const, createdAt: 1 };

describe('token', () => {
  const token = {
    id: 't1',
    createdAt: 0,
    createdBy: 'admin',
    expiresAt: 3_600_000,
    usesLeft: 2,
    labels: { rack: 'r1' },
    usedBy: ['h1'],
  };

  it('prints the line alone, so that it can be piped', async () => {
    const { berth, manager } = await withManager({
      'token.create': () => ({ ...token, token: 'berth1-x', command: 'curl … | sh' }),
    });
    const { stdout, stderr } = await berth(
      ['token', 'create', '--uses', '2', '--ttl', '1h', '-l', 'rack=r1'],
      {
        clock: { now: () => 0, sleep: () => Promise.resolve() },
      },
    );
    expect(stdout).toBe('curl … | sh\n');
    expect(stderr).toBe('good for 2 hosts, ends in 1 hour; run it as root on the new host\n');
    expect(manager.calls[0]?.input).toEqual({ uses: 2, ttlSeconds: 3600, labels: { rack: 'r1' } });
    expect(JSON.parse((await berth(['token', 'create', '--json'])).stdout)).toMatchObject({
      token: 'berth1-x',
      command: 'curl … | sh',
    });
  });

  it('lists and removes', async () => {
    const { berth, manager } = await withManager({
      'token.list': () => ({ tokens: [token] }),
      'token.delete': () => ({}),
    });
    expect((await berth(['token', 'ls', '-q'])).stdout).toBe('t1\n');
    expect((await berth(['token', 'ls'])).stdout).toMatch(/^t1 +2 +ended .* ago +admin +h1 +rack=r1$/m);
    expect((await berth(['token', 'rm', '--yes', 't1', 't2'])).stdout).toBe('removed t1\nremoved t2\n');
    expect((await berth(['token', 'rm', '--yes', '--json', 't1'])).stdout).toBe('{"removed":["t1"]}\n');
    expect(manager.calls.filter(({ name }) => name === 'token.delete')).toHaveLength(3);
  });
});

describe('user', () => {
  it('shows a password that was made up, once', async () => {
    const { berth, manager } = await withManager({
      'user.create': ({ password }) => ({ ...made, ...(password ? {} : { password: 'made-up' }) }),
    });
    expect((await berth(['user', 'create', 'ada'])).stdout).toBe(
      'user ada (viewer)\npassword, shown this once: made-up\n',
    );
    const piped = await berth(['user', 'create', 'ada', '--role', 'operator', '--password-stdin'], {
      input: 'correct horse\n',
    });
    expect(piped.stdout).toBe('user ada (viewer)\n');
    expect(manager.calls.map(({ input }) => input)).toEqual([
      { name: 'ada', role: 'viewer' },
      { name: 'ada', role: 'operator', password: 'correct horse' },
    ]);
  });

  it('asks twice for a new password, and shows neither', async () => {
    const { berth, manager } = await withManager({
      'session.whoami': () => ({ user: 'admin', role: 'admin', via: 'socket' }),
      'user.password': () => ({}),
    });
    const tty = { isTTY: { stdin: true } };
    const set = await berth(['user', 'passwd', 'ada'], { ...tty, input: 'long enough 1\nlong enough 1\n' });
    expect(set).toMatchObject({ code: 0, stderr: 'New password of ada: \nOnce more: \n' });
    expect(manager.calls.at(-1)?.input).toEqual({ user: 'ada', password: 'long enough 1' });
    const differing = await berth(['user', 'passwd'], { ...tty, input: 'long enough 1\nlong enough 2\n' });
    expect(differing).toMatchObject({ code: 2, stderr: expect.stringContaining('not the same') });
    expect(await berth(['user', 'passwd'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--password-stdin'),
    });
    expect(manager.calls.filter(({ name }) => name === 'user.password')).toHaveLength(1);
  });

  it('wants the password until now of whoever is no admin', async () => {
    const { berth, manager } = await withManager({
      'session.whoami': () => ({ user: 'ada', role: 'viewer', via: 'api' }),
      'user.password': ({ password }) => (password ? {} : { password: 'made-up' }),
    });
    await berth(['user', 'passwd', '--password-stdin'], { input: 'old password\nnew password\n' });
    expect(manager.calls.at(-1)?.input).toEqual({
      user: 'ada',
      current: 'old password',
      password: 'new password',
    });
    expect(await berth(['user', 'passwd', '--password-stdin'], { input: 'one\n' })).toMatchObject({
      code: 2,
    });
    const generated = await berth(['user', 'passwd', '--generate', '--password-stdin'], {
      input: 'old password\n',
    });
    expect(generated.stdout).toContain('password, shown this once: made-up\n');
  });

  it('lists, changes roles, removes', async () => {
    const { berth, manager } = await withManager({
      'user.list': () => ({ users: [made] }),
      'user.role': ({ role }) => ({ ...made, role }),
      'user.delete': () => ({}),
    });
    expect((await berth(['user', 'ls', '--quiet'])).stdout).toBe('ada\n');
    expect((await berth(['user', 'role', 'ada', 'admin'])).stdout).toBe('user ada (admin)\n');
    expect((await berth(['user', 'rm', 'ada'], { isTTY: { stdin: true }, input: 'y\n' })).stdout).toBe(
      'removed ada\n',
    );
    expect(manager.calls.at(-1)).toMatchObject({ name: 'user.delete', input: { user: 'ada' } });
  });
});

describe('api-token', () => {
  const token = {
    id: 'a1',
    user: 'ada',
    role: 'operator' as const,
    name: 'ci',
    createdAt: 1,
    session: false,
  };

  it('makes, lists and ends them', async () => {
    const { berth, manager } = await withManager({
      'apiToken.create': () => ({ ...token, token: 'secret' }),
      'apiToken.list': () => ({ tokens: [token] }),
      'apiToken.delete': () => ({}),
    });
    const created = await berth([
      'api-token',
      'create',
      'ci',
      '--role',
      'operator',
      '--ttl',
      '90d',
      '--user',
      'ada',
    ]);
    expect(created).toMatchObject({
      stdout: 'secret\n',
      stderr: 'stands for ada as operator, does not end; it is shown this once\n',
    });
    expect(manager.calls[0]?.input).toEqual({
      name: 'ci',
      role: 'operator',
      ttlSeconds: 7_776_000,
      user: 'ada',
    });
    expect((await berth(['api-token', 'ls', '--all'])).stdout).toMatch(
      /^a1 +ci +ada +operator +token .* never$/m,
    );
    expect(manager.calls[1]?.input).toEqual({ all: true });
    expect((await berth(['api-token', 'rm', '-y', 'a1'])).stdout).toBe('removed a1\n');
  });
});

const bundle = {
  user: 'ada',
  role: 'operator' as const,
  dockerHost: 'tcp://10.0.0.1:2376',
  ca: 'CA\n',
  cert: 'CERT\n',
  key: 'KEY\n',
  expiresAt: 1,
};

describe('bundle', () => {
  it('writes files for the owner only, and a script that a shell can read', async () => {
    const { berth } = await withManager({ 'bundle.create': () => bundle });
    const cwd = tempDir();
    const { stdout, stderr } = await berth(['bundle', '-o', "it's mine"], { cwd });
    const folder = join(cwd, "it's mine");
    expect(stdout).toBe(`${folder}\n`);
    expect(stderr).not.toContain('KEY');
    expect(readdirSync(folder).sort()).toEqual(['ca.pem', 'cert.pem', 'env.sh', 'key.pem']);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    for (const file of readdirSync(folder)) expect(statSync(join(folder, file)).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(folder, 'key.pem'), 'utf8')).toBe('KEY\n');
    const seen = execFileSync('sh', [
      '-c',
      '. "$1"; echo "$DOCKER_HOST $DOCKER_TLS_VERIFY $DOCKER_CERT_PATH"',
      'sh',
      join(folder, 'env.sh'),
    ]);
    expect(seen.toString()).toBe(`tcp://10.0.0.1:2376 1 ${folder}\n`);
  });

  it('can be copied to another place', async () => {
    const { berth } = await withManager({ 'bundle.create': () => bundle });
    const cwd = tempDir();
    await berth(['bundle', '-o', 'made'], { cwd });
    renameSync(join(cwd, 'made'), join(cwd, "it's moved"));
    const script = 'set -eu; cd "$1"; . "./it\'s moved/env.sh"; cd /; echo "$DOCKER_CERT_PATH"';
    const seen = execFileSync('bash', ['-c', script, 'bash', cwd]);
    expect(seen.toString()).toBe(`${join(cwd, "it's moved")}\n`);
  });

  it('writes over nothing unless told, and asks for no certificate before', async () => {
    const { berth, manager } = await withManager({ 'bundle.create': () => bundle });
    const cwd = tempDir();
    await berth(['bundle', '-o', '.'], { cwd });
    chmodSync(join(cwd, 'key.pem'), 0o644);
    expect(await berth(['bundle', '-o', '.'], { cwd })).toMatchObject({
      code: 4,
      stderr: expect.stringMatching(/ca\.pem is there already → .*--force/),
    });
    expect(manager.calls).toHaveLength(1);
    const forced = await berth(['bundle', '-o', '.', '--force', '--json', '--user', 'ada'], { cwd });
    expect(JSON.parse(forced.stdout)).toEqual({
      folder: cwd,
      user: 'ada',
      role: 'operator',
      dockerHost: 'tcp://10.0.0.1:2376',
      expiresAt: 1,
    });
    expect(manager.calls.at(-1)?.input).toEqual({ user: 'ada' });
    expect(statSync(join(cwd, 'key.pem')).mode & 0o777).toBe(0o600);
  });
});

describe('context', () => {
  /** A docker that notes how it was called, with the files that it was pointed to. */
  function fakeDocker(known: boolean) {
    const folder = tempDir();
    const log = join(folder, 'log');
    writeFileSync(
      join(folder, 'docker'),
      `#!/bin/sh
printf '%s|' "$@" >> ${log}; echo "host=$DOCKER_HOST" >> ${log}
case "$*" in *inspect*) exit ${known ? 0 : 1} ;; esac
key=$(printf %s "$*" | sed -n 's/.*,key=//p'); [ -z "$key" ] || cat "$key" >> ${log}
`,
      { mode: 0o755 },
    );
    return {
      env: {
        PATH: `${folder}${delimiter}${dirname(process.execPath)}${delimiter}/usr/bin${delimiter}/bin`,
        DOCKER_HOST: 'tcp://other',
      },
      calls: () => readFileSync(log, 'utf8').trimEnd().split('\n'),
    };
  }

  it('uses the socket on the machine of the manager', async () => {
    const { berth, manager } = await withManager({});
    const docker = fakeDocker(false);
    const { stdout, stderr } = await berth(['context'], {
      env: docker.env,
      local: { dockerEndpoint: () => 'unix:///run/berth/docker.sock' },
    });
    expect(stdout).toBe('docker context berth (unix:///run/berth/docker.sock) is created\n');
    expect(stderr).toBe('use it: docker context use berth\n');
    expect(docker.calls()).toEqual([
      'context|inspect|berth|host=',
      'context|create|berth|--description|Berth: all hosts of the cluster|--docker|host=unix:///run/berth/docker.sock|host=',
    ]);
    expect(manager.calls).toEqual([]);
  });

  it('uses a certificate with --tls, updates what is there, and leaves no key behind', async () => {
    const { berth } = await withManager({ 'bundle.create': () => bundle });
    const docker = fakeDocker(true);
    const { stdout } = await berth(['context', '--tls', '--name', 'prod', '--json'], {
      env: docker.env,
      local: { dockerEndpoint: () => 'unix:///run/berth/docker.sock' },
    });
    expect(JSON.parse(stdout)).toEqual({ name: 'prod', endpoint: 'tcp://10.0.0.1:2376', change: 'updated' });
    const [, update = '', key] = docker.calls();
    expect(update).toMatch(
      /^context\|update\|prod\|.*host=tcp:\/\/10\.0\.0\.1:2376,ca=.*\/ca\.pem,cert=.*\/cert\.pem,key=.*\/key\.pem\|/,
    );
    expect(key).toBe('KEY');
    const folder = dirname(/,key=([^|]+)\|/.exec(update)?.[1] ?? '');
    expect(folder).toContain('berth-context-');
    expect(existsSync(folder)).toBe(false);
  });

  it('says what to do without docker, and with a name that docker would refuse', async () => {
    const { berth } = await withManager({ 'bundle.create': () => bundle });
    expect(await berth(['context'], { env: { PATH: tempDir() } })).toMatchObject({
      code: 3,
      stderr: expect.stringMatching(/^berth: the program "docker" is not installed → .*berth bundle/),
    });
    expect(await run(['context', '--name', '-x y'])).toMatchObject({ code: 2 });
  });
});
