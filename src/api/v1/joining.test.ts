import { execFile } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Agent, request } from 'undici';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newClient } from '../../contract/client.ts';
import { caFingerprint, fetchPinnedCa } from '../../contract/pinned-ca.ts';
import { joinCluster, newCsr } from '../../link/index.ts';
import { type ApiFixture, startApi } from './api.fixture.ts';
import { joinCommand } from './join-command.ts';
import { joinScript } from './join-script.ts';

const run = promisify(execFile);

let api: ApiFixture;
beforeEach(async () => {
  api = await startApi();
});
afterEach(() => api.close());

const join1 = (token: string, name: string, now = api.clock.time) =>
  joinCluster({ managerUrl: api.url, token, name, labels: { disk: 'ssd' }, machineId: `m-${name}`, now });

describe('joining', () => {
  it('makes a host of whoever has a token, with its certificate and its labels', async () => {
    const { token, id } = await api.root.call('token.create', { labels: { rack: 'r1' } });
    const identity = await join1(token, 'h1');
    expect(identity).toMatchObject({ hostName: 'h1', managers: ['127.0.0.1:8444'] });
    const certificate = new X509Certificate(identity.certificate);
    expect(certificate.verify(new X509Certificate(api.caPem).publicKey)).toBe(true);
    expect(api.store.view((tx) => tx.get('hosts', identity.hostId))).toMatchObject({
      name: 'h1',
      labels: { disk: 'ssd', rack: 'r1' },
      certFingerprint: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
      joinTokenId: id,
    });
    const { entries } = await api.root.call('audit.list', { action: 'node.join' });
    expect(entries).toMatchObject([{ user: 'system', target: 'h1', outcome: 'ok', from: '127.0.0.1' }]);
  });

  it('lets one of two in that come with a single-use token at the same time', async () => {
    const { token } = await api.root.call('token.create', {});
    const both = await Promise.allSettled([join1(token, 'h1'), join1(token, 'h2')]);
    expect(both.map((one) => one.status).sort()).toEqual(['fulfilled', 'rejected']);
    const refused = both.find((one) => one.status === 'rejected');
    expect(refused?.reason).toMatchObject({
      code: 'forbidden',
      message: expect.stringContaining('already used by host h'),
      hint: expect.stringContaining('berth token create'),
    });
    expect(api.store.view((tx) => tx.count('hosts'))).toBe(1);
  });

  it('gives a name to one host only, and a token as many uses as it has', async () => {
    const { token, id } = await api.root.call('token.create', { uses: 2 });
    const both = await Promise.allSettled([join1(token, 'h1'), join1(token, 'H1')]);
    expect(both.map((one) => one.status).sort()).toEqual(['fulfilled', 'rejected']);
    await join1(token, 'h2');
    await expect(join1(token, 'h3')).rejects.toMatchObject({ code: 'forbidden' });
    const [shown] = (await api.root.call('token.list')).tokens;
    expect(shown).toMatchObject({ id, usesLeft: 0, usedBy: [expect.stringMatching(/^h1$/i), 'h2'] });
    expect(JSON.stringify(shown)).not.toMatch(/secret/i);
  });

  it('refuses what has ended, was removed, is of another cluster or has the wrong time', async () => {
    const short = await api.root.call('token.create', { ttlSeconds: 60 });
    const skewed = api.clock.time - 10 * 60_000;
    await expect(join1(short.token, 'h1', skewed)).rejects.toMatchObject({
      message: expect.stringContaining('clock is 10 min behind'),
    });
    const gone = await api.root.call('token.create', {});
    await api.root.call('token.delete', { id: gone.id });
    await expect(join1(gone.token, 'h1')).rejects.toMatchObject({
      message: expect.stringContaining('is unknown'),
    });
    await expect(api.root.call('token.delete', { id: gone.id })).rejects.toMatchObject({ code: 'not_found' });
    api.clock.time += 61_000;
    await expect(join1(short.token, 'h1')).rejects.toMatchObject({
      message: expect.stringContaining('expired'),
    });
    const other = await startApi();
    try {
      const theirs = await other.root.call('token.create', {});
      await expect(join1(theirs.token, 'h1')).rejects.toMatchObject({
        message: expect.stringContaining('of another cluster'),
      });
    } finally {
      await other.close();
    }
    expect(api.store.view((tx) => tx.count('hosts'))).toBe(0);
  });

  it('signs nothing that is no request, and never tells the token', async () => {
    const { token } = await api.root.call('token.create', { uses: 5 });
    const body = { token, name: 'h1', labels: {}, machineId: 'm', now: api.clock.time };
    await expect(api.client().call('join.host', { ...body, csr: 'no request' })).rejects.toMatchObject({
      code: 'bad_request',
      message: expect.stringContaining('csr'),
    });
    const { csr } = await newCsr('h1');
    for (const name of ['-bad', 'a b', 'x'.repeat(64), '$(reboot)']) {
      const refused = await api
        .client()
        .call('join.host', { ...body, name, csr })
        .catch((thrown) => thrown);
      expect(refused).toMatchObject({ code: 'bad_request', message: expect.stringContaining('name') });
      expect(refused.message).not.toContain(token);
    }
    expect(api.store.view((tx) => [...tx.all('joinTokens')][0]?.usesLeft)).toBe(5);
  });

  it('is over for the certificate of a host that was removed', async () => {
    const { token } = await api.root.call('token.create', {});
    const { hostId } = await join1(token, 'h1');
    await api.root.call('node.delete', { node: 'h1' });
    expect(api.store.view((tx) => tx.get('hosts', hostId))).toBeUndefined();
  });
});

describe('the CA', () => {
  it('is taken only with the fingerprint that was given', async () => {
    const { caFingerprint: told } = await api.root.call('cluster.status');
    expect(told).toBe(caFingerprint(api.caPem));
    expect(await fetchPinnedCa(api.url, told)).toBe(api.caPem);
    const shouted = told.toUpperCase().replace(/..(?!$)/g, '$&:');
    expect(await fetchPinnedCa(api.url, shouted)).toBe(api.caPem);
    await expect(fetchPinnedCa(api.url, 'ab'.repeat(32))).rejects.toMatchObject({
      code: 'unauthenticated',
      message: expect.stringContaining(told),
    });
  });

  it('is the only one that the client trusts', async () => {
    const other = await startApi();
    try {
      const client = { kind: 'https' as const, url: api.url, ca: other.caPem };
      await expect(newClient(client).call('session.version')).rejects.toMatchObject({
        code: 'unavailable',
        hint: expect.stringContaining('not from the CA'),
      });
    } finally {
      await other.close();
    }
  });
});

describe('the agent', () => {
  it('is streamed with its hash, which follows the file', async () => {
    const agent = new Agent({ connect: { ca: api.caPem } });
    const fetchAgent = () => request(`${api.url}/v1/agent/linux-x64`, { dispatcher: agent });
    try {
      const none = await fetchAgent();
      expect(none.statusCode).toBe(404);
      expect(await none.body.json()).toMatchObject({
        code: 'not_found',
        hint: expect.stringContaining('npm run build'),
      });
      for (const content of [Buffer.alloc(3_000_000, 'a'), Buffer.from('newer')]) {
        await writeFile(api.deps.agentFile, content);
        const answer = await fetchAgent();
        const bytes = Buffer.from(await answer.body.arrayBuffer());
        expect(bytes.equals(content)).toBe(true);
        const sha256 = createHash('sha256').update(content).digest('hex');
        expect(answer.headers['berth-sha256']).toBe(sha256);
        expect(await api.client().text('join.script')).toContain(`SHA256='${sha256}'`);
      }
    } finally {
      await agent.close();
    }
  });
});

describe('the join command', () => {
  it('is one line without anything that a shell would read otherwise', async () => {
    const { command, token } = await api.root.call('token.create', {});
    const hash = createHash('sha256').update(api.caPem).digest('hex');
    expect(command).toBe(
      `CA=$(mktemp) && curl -fsSk https://127.0.0.1:8443/v1/ca.pem -o "$CA" && echo "${hash}  $CA" | sha256sum -c - >/dev/null && curl -fsS --cacert "$CA" https://127.0.0.1:8443/v1/join.sh | BERTH_CA_FILE="$CA" sh -s -- --manager 127.0.0.1:8443 --token ${token}`,
    );
    for (const manager of ['a b:1', 'x;reboot', '$(id):1', '`id`', "'"])
      expect(() => joinCommand({ manager, token, caPem: '' })).toThrow(/cannot stand in a command/);
    expect(joinCommand({ manager: '[fd00::1]:8443', token, caPem: '' })).toContain('curl -g -fsS');
  });
});

const TOOLS = ['sh', 'cat', 'mktemp', 'sha256sum', 'mkdir', 'chmod', 'mv', 'rm', 'uname', 'sleep', 'nohup'];

/** Fetches as curl does, for machines without it: only what the script asks for. */
const CURL = `#!${process.execPath}
const args = process.argv.slice(2);
const after = (flag) => (args.includes(flag) ? args[args.indexOf(flag) + 1] : undefined);
const fs = require('node:fs');
const ca = after('--cacert');
const trust = ca === undefined ? { rejectUnauthorized: false } : { ca: fs.readFileSync(ca) };
require('node:https').get(args.find((arg) => arg.startsWith('https:')), trust, (res) => {
  if (res.statusCode >= 400) process.exit(22);
  res.pipe(after('-o') ? fs.createWriteStream(after('-o')) : process.stdout);
}).on('error', () => process.exit(60));
`;

/**
 * A machine with nothing on its path but what every system has, and stand-ins: root, no dockerd, no systemd. What the
 * stand-ins are called with goes to the file `calls`.
 */
async function newMachine(standIns: Readonly<Record<string, string>> = {}) {
  const bin = join(api.folder, 'bin');
  await mkdir(bin, { recursive: true });
  const place = async (name: string, text: string) => {
    await writeFile(join(bin, name), text);
    await chmod(join(bin, name), 0o755);
  };
  const found = async (tool: string) =>
    (await run('sh', ['-c', `command -v ${tool}`]).catch(() => ({ stdout: '' }))).stdout.trim();
  for (const tool of TOOLS) await symlink(await found(tool), join(bin, tool));
  const curl = await found('curl');
  if (curl === '') await place('curl', CURL);
  else await symlink(curl, join(bin, 'curl'));
  await place('id', '#!/bin/sh\necho 0\n');
  const calls = join(api.folder, 'calls');
  for (const [name, text] of Object.entries(standIns))
    await place(name, `#!/bin/sh\nprintf '%s\\n' "${name} $*" >>'${calls}'\n${text}\n`);
  const env = { PATH: bin, AGENT_LOG: join(api.folder, 'agent-args'), BIN: bin };
  return {
    env,
    calls: () => readFile(calls, 'utf8').catch(() => ''),
    agentArgs: async () => (await readFile(env.AGENT_LOG, 'utf8')).trimEnd().split('\n'),
    /** The line that a person pastes, with options behind it; system paths moved into the test's folder. */
    async paste(line: string, options: readonly string[]) {
      const moved = `| '${process.execPath}' '${await mover()}' | BERTH_CA_FILE="$CA" sh -s --`;
      const here = line.replaceAll(':8443', `:${api.port}`).replace('| BERTH_CA_FILE="$CA" sh -s --', moved);
      const quoted = options.map((option) => `'${option}'`).join(' ');
      return run('sh', ['-c', `${here} ${quoted}`], { env });
    },
  };
}

/** A filter which gives the script paths that a test may write to. */
async function mover(): Promise<string> {
  const path = join(api.folder, 'mover.cjs');
  const moved = {
    '/run/systemd/system': 'no-systemd',
    '/var/run/docker.sock': 'docker.sock',
    '/var/log/': '',
  };
  await writeFile(
    path,
    `let text = require('node:fs').readFileSync(0, 'utf8');
for (const [from, to] of Object.entries(${JSON.stringify(moved)})) text = text.replaceAll(from, ${JSON.stringify(`${api.folder}/`)} + to);
process.stdout.write(text);\n`,
  );
  return path;
}

describe('the join script', () => {
  const AGENT = `#!/bin/sh
if [ "$1" = --version ]; then exit 0; fi
printf '%s\\n' "$@" >"$AGENT_LOG"
`;
  const binDir = () => join(api.folder, 'local bin');

  it('is what POSIX shells can read, and has nothing left to fill in', async () => {
    const path = join(api.folder, 'join.sh');
    await writeFile(path, joinScript({ caPem: api.caPem, agentSha256: 'ab' }));
    await run('sh', ['-n', path]);
    expect(await readFile(path, 'utf8')).not.toMatch(/@[A-Z_]+@/);
  });

  it('does nothing where the download broke off', async () => {
    const whole = joinScript({ caPem: api.caPem, agentSha256: 'ab' });
    const { env } = await newMachine();
    const path = join(api.folder, 'part.sh');
    for (const part of [0.3, 0.6, 0.9, 0.999]) {
      await writeFile(path, whole.slice(0, Math.floor(whole.length * part)));
      const argv = [path, '--manager', 'x', '--token', 'y'];
      const { stdout, stderr } = await run('sh', argv, { env }).catch((thrown) => thrown);
      expect(`${stdout}${stderr}`).not.toContain('berth:');
    }
  });

  it('fetches the agent and starts it with its options as they were, also a second time', async () => {
    await writeFile(api.deps.agentFile, AGENT);
    const { command, token } = await api.root.call('token.create', {});
    const machine = await newMachine();
    const options = [
      '--label',
      'note=two words; $(reboot) "x"',
      '--name',
      'h 1',
      '--engine',
      'unix:///e',
      '--bin-dir',
      binDir(),
    ];
    const first = await machine.paste(command, options);
    expect(first.stdout).toContain('fetching the agent');
    const expected = [
      'agent',
      '--join',
      token,
      '--manager',
      `127.0.0.1:${api.port}`,
      '--label',
      'note=two words; $(reboot) "x"',
      '--name',
      'h 1',
      '--engine',
      'unix:///e',
    ];
    expect(await machine.agentArgs()).toEqual(expected);
    const second = await machine.paste(command, options);
    expect(second.stdout).toContain('already');
    expect(await machine.agentArgs()).toEqual(expected);
    await writeFile(api.deps.agentFile, `${AGENT}# newer\n`);
    expect((await machine.paste(command, options)).stdout).toContain('fetching the agent');
    expect(await readdir(binDir())).toEqual(['berth-agent']);
  });

  it('installs Docker where it is missing, says so, and starts it', async () => {
    await writeFile(api.deps.agentFile, AGENT);
    const { command } = await api.root.call('token.create', {});
    const sock = join(api.folder, 'docker.sock');
    const listen = `require('node:net').createServer().listen('${sock}').unref(); setTimeout(() => {}, 5000)`;
    const machine = await newMachine({
      'apt-get': `[ "$1" = update ] || { cp "$BIN/dockerd.later" "$BIN/dockerd"; }`,
      cp: `cat "$1" >"$2"; chmod 755 "$2"`,
      'dockerd.later': `exec '${process.execPath}' -e "${listen}"`,
    });
    const { stdout } = await machine.paste(command, ['--bin-dir', binDir()]);
    expect(stdout).toContain('installing Docker from the distribution: apt-get install docker.io');
    expect(stdout).toContain('starting Docker');
    expect(await machine.calls()).toMatch(/apt-get update -q\napt-get install -y .*docker\.io/);
    expect(await machine.agentArgs()).toContain('--join');
  });

  it.each([
    [['--no-install'], 'Docker is missing, and --no-install forbids'],
    [[], 'found no package manager'],
    [['--surprise'], 'unknown option --surprise'],
    [['--name'], '--name needs a value'],
    [['--manager', ''], '--manager is missing'],
  ])('with %j stops with what to do', async (options, message) => {
    await writeFile(api.deps.agentFile, AGENT);
    const { command } = await api.root.call('token.create', {});
    const machine = await newMachine();
    const refused = await machine
      .paste(command, ['--bin-dir', binDir(), ...options])
      .catch((thrown) => thrown);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain(message);
    expect(refused.stderr).toContain('  -> ');
  });

  it('does not install an agent that is not the announced one, or does not run', async () => {
    const { command } = await api.root.call('token.create', {});
    const machine = await newMachine();
    await writeFile(api.deps.agentFile, '#!/bin/sh\nexit 1\n');
    const broken = await machine
      .paste(command, ['--engine', 'x', '--bin-dir', binDir()])
      .catch((thrown) => thrown);
    expect(broken.stderr).toContain('does not run on this system');
    const script = joinScript({ caPem: api.caPem, agentSha256: 'ab'.repeat(32) });
    const path = join(api.folder, 'join.sh');
    await writeFile(path, script);
    const argv = [
      path,
      '--manager',
      `127.0.0.1:${api.port}`,
      '--token',
      'x',
      '--engine',
      'x',
      '--bin-dir',
      binDir(),
    ];
    const other = await run('sh', argv, { env: machine.env }).catch((thrown) => thrown);
    expect(other.stderr).toContain('is not the one which the manager announced');
    expect(await readdir(binDir())).toEqual([]);
  });

  it('is not run at all where the CA is not the one in the line', async () => {
    await writeFile(api.deps.agentFile, AGENT);
    const other = await startApi();
    try {
      const { command } = await other.root.call('token.create', {});
      const machine = await newMachine();
      const refused = await machine
        .paste(command, ['--engine', 'x', '--bin-dir', binDir()])
        .catch((thrown) => thrown);
      expect(refused.code).not.toBe(0);
      expect(refused.stdout).toBe('');
    } finally {
      await other.close();
    }
  });

  it('says so where the manager has no agent to give', async () => {
    const { command } = await api.root.call('token.create', {});
    const machine = await newMachine();
    const refused = await machine.paste(command, []).catch((thrown) => thrown);
    expect(refused.stderr).toContain('this manager has no agent executable');
    expect(refused.stderr).toContain('npm run build');
  });
});
