import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  BasicConstraintsExtension,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { caFingerprint } from '../../contract/pinned-ca.ts';
import { BerthError } from '../../kit/errors.ts';
import { configPath } from '../logins.ts';
import { fakeManager, type Handlers } from '../testing/fake-manager.ts';
import { run, tempDir } from '../testing/run.ts';

type Pki = { ca: string; cert: string; key: string };

async function newPki(): Promise<Pki> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = () => webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const [caKeys, keysOfServer] = [await keys(), await keys()];
  const dates = { notBefore: new Date(Date.now() - 60_000), notAfter: new Date(Date.now() + 3_600_000) };
  const ca = await X509CertificateGenerator.createSelfSigned({
    ...dates,
    serialNumber: '01',
    name: 'CN=Berth test CA',
    keys: caKeys,
    signingAlgorithm: algorithm,
    extensions: [new BasicConstraintsExtension(true, undefined, true)],
  });
  const cert = await X509CertificateGenerator.create({
    ...dates,
    serialNumber: '02',
    subject: 'CN=manager',
    issuer: ca.subject,
    publicKey: keysOfServer.publicKey,
    signingKey: caKeys.privateKey,
    signingAlgorithm: algorithm,
    extensions: [new SubjectAlternativeNameExtension([{ type: 'ip', value: '127.0.0.1' }])],
  });
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keysOfServer.privateKey));
  const body = der.toString('base64').replace(/.{64}/g, '$&\n').trimEnd();
  return {
    ca: ca.toString('pem'),
    cert: cert.toString('pem'),
    key: `-----BEGIN PRIVATE KEY-----\n${body}\n-----END PRIVATE KEY-----\n`,
  };
}

let pki: Pki;
let other: Pki;
beforeAll(async () => {
  [pki, other] = await Promise.all([newPki(), newPki()]);
});

const handlers = (): Handlers => ({
  'join.ca': () => pki.ca,
  'session.login': ({ user, password }) => {
    if (password !== 'right password') throw new BerthError('unauthenticated', 'wrong user or password');
    return { token: 'session-token', user, role: 'operator', expiresAt: 1 };
  },
  'session.logout': () => ({}),
  'session.whoami': (_, token) => {
    if (token !== 'api-token') throw new BerthError('unauthenticated', 'that token is not known');
    return { user: 'ci', role: 'viewer', via: 'api' };
  },
  'node.list': (_, token) => {
    if (token === undefined) throw new BerthError('unauthenticated', 'no token');
    return { nodes: [] };
  },
});

async function remote() {
  const manager = await fakeManager(pki, handlers());
  onTestFinished(() => manager.close());
  const homeDir = tempDir();
  const config = () => JSON.parse(readFileSync(configPath(homeDir), 'utf8'));
  const berth: typeof run = (argv, options = {}) =>
    run(argv, { homeDir, ...options, env: { BERTH_DATA_DIR: '', ...options.env } });
  return { manager, homeDir, config, berth, url: manager.address };
}

const secret = { input: 'right password\n' };

describe('login', () => {
  it('pins the CA by its hash, keeps the token to the owner, and uses both from then on', async () => {
    const { berth, config, homeDir, url, manager } = await remote();
    const hash = caFingerprint(pki.ca)
      .toUpperCase()
      .replace(/..(?=.)/g, '$&:');
    const { code, stdout, stderr } = await berth(
      ['login', url, '--ca-hash', hash, '--user', 'ada', '--password-stdin', '--name', 'prod'],
      secret,
    );
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(new RegExp(`^logged in to ${url} as ada \\(operator\\), until `));
    expect(config()).toEqual({
      current: 'prod',
      logins: { prod: { host: url, ca: pki.ca, token: 'session-token', user: 'ada' } },
    });
    expect(statSync(configPath(homeDir)).mode & 0o777).toBe(0o600);
    for (const argv of [
      ['--host', 'prod', 'node', 'ls', '--json'],
      ['node', 'ls', '--json', '-H', url],
    ]) {
      expect(await berth(argv)).toMatchObject({ code: 0, stdout: '[]\n' });
    }
    expect(await berth(['node', 'ls', '--json'], { env: { BERTH_HOST: 'prod' } })).toMatchObject({
      stdout: '[]\n',
    });
    expect(manager.calls.filter(({ token }) => token === 'session-token')).toHaveLength(3);
  });

  it('sends no password to a manager with another CA', async () => {
    const { berth, url, manager } = await remote();
    const argv = ['login', url, '--user', 'ada', '--password-stdin'];
    const hash = await berth([...argv, '--ca-hash', caFingerprint(other.ca)], secret);
    expect(hash).toMatchObject({ code: 7, stderr: expect.stringContaining('has the fingerprint') });
    const file = join(tempDir(), 'ca.pem');
    writeFileSync(file, other.ca);
    expect(await berth([...argv, '--ca', file], secret)).toMatchObject({
      code: 6,
      stderr: expect.stringContaining('not from the CA that was pinned'),
    });
    expect(manager.calls.map(({ name }) => name)).toEqual(['join.ca']);
  });

  it('shows the fingerprint of a CA that it does not know, and goes on only after a yes', async () => {
    const { berth, url, config, manager } = await remote();
    const tty = { isTTY: { stdin: true } };
    const no = await berth(['login', url], { ...tty, input: 'n\n' });
    expect(no.code).toBe(4);
    expect(no.stderr).toContain(caFingerprint(pki.ca));
    expect(manager.calls.map(({ name }) => name)).toEqual(['join.ca']);
    const yes = await berth(['login', url], { ...tty, input: 'y\nada\nright password\n' });
    expect(yes.code).toBe(0);
    expect(yes.stderr).not.toContain('right password');
    expect(Object.values(config().logins)).toEqual([
      { host: url, ca: pki.ca, token: 'session-token', user: 'ada' },
    ]);
    // The second time the CA is known: there is nothing to ask.
    expect(await berth(['login', url, '-u', 'ada', '--password-stdin'], secret)).toMatchObject({ code: 0 });
  });

  it('trusts nobody where nobody can be asked', async () => {
    const { berth, url, manager } = await remote();
    const { code, stderr } = await berth(['login', url, '-u', 'ada', '--password-stdin'], secret);
    expect([code, manager.calls]).toEqual([2, []]);
    expect(stderr).toContain('add --ca-hash');
  });

  it('keeps nothing after a wrong password', async () => {
    const { berth, url, config } = await remote();
    const argv = ['login', url, '--ca-hash', caFingerprint(pki.ca), '-u', 'ada', '--password-stdin'];
    expect(await berth(argv, { input: 'wrong password\n' })).toMatchObject({
      code: 7,
      stderr: 'berth: wrong user or password\n',
    });
    expect(config).toThrow('ENOENT');
  });

  it('takes an API token, which logging out does not end', async () => {
    const { berth, url, config, manager } = await remote();
    const argv = ['login', url, '--ca-hash', caFingerprint(pki.ca), '--token-stdin'];
    expect(await berth(argv, { input: 'forged\n' })).toMatchObject({ code: 7 });
    expect(await berth(argv, { input: 'api-token\n' })).toMatchObject({ code: 0 });
    expect((await berth(['logout'])).stdout).toBe(`logged out of ${url}\n`);
    expect(config()).toEqual({ logins: {} });
    expect(manager.calls.some(({ name }) => name === 'session.logout')).toBe(false);
  });

  it.each([
    ['http://h', /is not the address of a manager/],
    ['h --ca-hash abc', /--ca-hash: "abc" is not a fingerprint/],
    ['h --ca /nonexistent.pem', /cannot read the CA's certificate/],
    ['h --password-stdin --token-stdin', /cannot both be read/],
  ])('refuses %s', async (line, message) => {
    const { code, stderr } = await run(['login', ...line.split(' ')]);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
  });

  it('works from the environment alone, for pipelines', async () => {
    const { berth, url } = await remote();
    const ca = join(tempDir(), 'ca.pem');
    writeFileSync(ca, pki.ca);
    const env = { BERTH_HOST: url, BERTH_TOKEN: 'api-token', BERTH_CA: ca };
    expect(await berth(['node', 'ls', '--json'], { env })).toMatchObject({ code: 0, stdout: '[]\n' });
  });
});

describe('logout', () => {
  it('ends the log-in here and on the manager', async () => {
    const { berth, url, config, manager } = await remote();
    await berth(['login', url, '--ca-hash', caFingerprint(pki.ca), '-u', 'ada', '--password-stdin'], secret);
    expect((await berth(['logout', url])).stdout).toBe(`logged out of ${url}\n`);
    expect(manager.calls.at(-1)).toMatchObject({ name: 'session.logout', token: 'session-token' });
    expect(config()).toEqual({ logins: {} });
    expect(await berth(['logout'])).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('not logged in'),
    });
  });

  it('forgets the token also where the manager cannot be told', async () => {
    const { berth, url, config, manager } = await remote();
    await berth(['login', url, '--ca-hash', caFingerprint(pki.ca), '-u', 'ada', '--password-stdin'], secret);
    await manager.close();
    const { code, stderr } = await berth(['logout']);
    expect([code, config()]).toEqual([0, { logins: {} }]);
    expect(stderr).toMatch(/^warning: the manager could not be told: /);
  });
});
