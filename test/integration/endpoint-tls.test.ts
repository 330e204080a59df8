import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { tryProgram } from '../conformance/program.ts';
import type { Lab } from '../lab/lab.ts';
import { sharedLab } from '../lab/shared.ts';

/** The endpoint on TCP: TLS with client certificates from `berth bundle`, and who is not let in. */
let lab: Lab;
const folder = mkdtempSync(join(tmpdir(), 'berth-tls-'));
const bundle = (user: string) => join(folder, user);

beforeAll(async () => {
  lab = await sharedLab();
  await lab.berth(['bundle', '-o', bundle('admin')]);
  await lab.berth(['user', 'create', 'looker', '--role', 'viewer', '--json']);
  await lab.berth(['bundle', '--user', 'looker', '-o', bundle('looker')]);
});
afterAll(async () => {
  await tryProgram(['docker', '-H', lab.endpoint, 'rm', '-f', 'by-tls']);
  await lab.berth(['user', 'rm', '--yes', 'looker']).catch(() => undefined);
  rmSync(folder, { recursive: true, force: true });
});

function docker(user: string, ...args: string[]) {
  const pem = (name: string) => join(bundle(user), `${name}.pem`);
  const tls = ['--tlsverify', '--tlscacert', pem('ca'), '--tlscert', pem('cert'), '--tlskey', pem('key')];
  return tryProgram(['docker', '-H', lab.addresses.dockerTls, ...tls, ...args], {
    input: args.includes('-i') ? 'typed\n' : '',
  });
}

it('an admin’s bundle does everything, raw streams with half-close among it', async () => {
  expect(await docker('admin', 'run', '-d', '--name', 'by-tls', 'busybox', 'sleep', '100')).toMatchObject({
    code: 0,
  });
  expect(await docker('admin', 'exec', '-i', 'by-tls', 'wc', '-c')).toMatchObject({ code: 0, stdout: '6\n' });
  expect(await docker('admin', 'run', '--rm', '-i', 'busybox', 'cat')).toMatchObject({ stdout: 'typed\n' });
});

it('a viewer sees, and is told why not more', async () => {
  expect((await docker('looker', 'ps', '--format', '{{.Names}}')).stdout).toContain('by-tls');
  expect((await docker('looker', 'logs', 'by-tls')).code).toBe(0);
  for (const args of [
    ['rm', '-f', 'by-tls'],
    ['exec', 'by-tls', 'true'],
    ['create', 'busybox'],
    ['network', 'create', 'x1'],
  ]) {
    const { code, stderr } = await docker('looker', ...args);
    expect([code === 0, stderr]).toEqual([false, expect.stringMatching(/"looker" has the role "viewer"/)]);
  }
  expect((await docker('admin', 'inspect', '-f', '{{.State.Running}}', 'by-tls')).stdout).toBe('true\n');
});

it('a user who is gone is not let in by the certificate that is left', async () => {
  await lab.berth(['user', 'create', 'leaver', '--role', 'admin', '--json']);
  await lab.berth(['bundle', '--user', 'leaver', '-o', bundle('leaver')]);
  expect((await docker('leaver', 'ps')).code).toBe(0);
  await lab.berth(['user', 'rm', '--yes', 'leaver']);
  const { code, stderr } = await docker('leaver', 'ps');
  expect([code, stderr]).toEqual([1, expect.stringContaining('leaver')]);
});

it('nobody without a certificate of this cluster, and nothing in plain', async () => {
  const url = lab.addresses.dockerTls;
  const ca = join(bundle('admin'), 'ca.pem');
  const none = await tryProgram([
    'docker',
    '-H',
    url,
    '--tlsverify',
    '--tlscacert',
    ca,
    '--tlscert',
    '',
    '--tlskey',
    '',
    'ps',
  ]);
  expect([none.code, none.stderr]).toEqual([1, expect.stringMatching(/certificate|tls/i)]);
  const key = join(folder, 'own.key');
  const cert = join(folder, 'own.pem');
  const subject = ['-subj', '/CN=admin/OU=admin', '-days', '1'];
  await tryProgram([
    'openssl',
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-keyout',
    key,
    '-out',
    cert,
    ...subject,
  ]);
  const foreign = ['--tlsverify', '--tlscacert', ca, '--tlscert', cert, '--tlskey', key];
  const other = await tryProgram(['docker', '-H', url, ...foreign, 'ps']);
  expect([other.code, other.stderr]).toEqual([1, expect.stringMatching(/certificate|tls/i)]);
  const plain = await tryProgram(['docker', '-H', url, 'ps']);
  expect(plain.code).toBe(1);
  expect(plain.stdout).not.toContain('by-tls');
});
