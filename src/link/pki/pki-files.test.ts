import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type AgentIdentity, loadAgentIdentity, saveAgentIdentity } from '../agent/agent-identity.ts';
import { newCluster, newHost } from '../link.suite.ts';
import { openDataSecret } from './data-secret.ts';
import { writeFileAtomic } from './files.ts';
import { openClusterPki } from './pki-files.ts';
import { DAY } from './x509.ts';

const root = mkdtempSync(join(tmpdir(), 'berth-pki-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let folders = 0;
const newFolder = () => join(root, String(folders++), 'pki');

const NOW = Date.UTC(2026, 10, 20);
const options = { clusterId: 'c1', names: ['10.0.0.1'], now: NOW };
const mode = (path: string) => (statSync(path).mode & 0o777).toString(8);

describe('openClusterPki', () => {
  it('makes CA and certificate once, keys for root only, nothing left over', async () => {
    const folder = newFolder();
    const first = await openClusterPki(folder, options);
    expect(first.renewed).toBe('there was none');
    expect(readdirSync(folder).sort()).toEqual(['ca-key.pem', 'ca.pem', 'server-key.pem', 'server.pem']);
    expect(mode(folder)).toBe('700');
    expect(mode(join(folder, 'ca-key.pem'))).toBe('600');
    expect(mode(join(folder, 'server-key.pem'))).toBe('600');
    expect(mode(join(folder, 'ca.pem'))).toBe('644');
    const second = await openClusterPki(folder, options);
    expect(second.renewed).toBe('');
    expect(second.server).toEqual(first.server);
    expect(second.ca.fingerprint).toBe(first.ca.fingerprint);
  });

  it('renews the certificate, under the same CA, when names change or it is about to end', async () => {
    const folder = newFolder();
    const first = await openClusterPki(folder, options);
    const named = await openClusterPki(folder, { ...options, names: ['10.0.0.1', 'b.example.com'] });
    expect(named.renewed).toBe('it does not name b.example.com');
    expect(named.ca.fingerprint).toBe(first.ca.fingerprint);
    const later = await openClusterPki(folder, {
      ...options,
      names: ['10.0.0.1', 'b.example.com'],
      now: NOW + 340 * DAY,
    });
    expect(later.renewed).toMatch(/it ends on/);
    expect(later.server.certificate).not.toBe(named.server.certificate);
  });

  it('never uses a torn certificate or one with another key: it makes a new one', async () => {
    const folder = newFolder();
    const first = await openClusterPki(folder, options);
    truncateSync(join(folder, 'server.pem'), 100);
    const second = await openClusterPki(folder, options);
    expect(second.server.certificate).not.toBe(first.server.certificate);
    writeFileSync(join(folder, 'server-key.pem'), first.server.key);
    const third = await openClusterPki(folder, options);
    expect([first.server.key, second.server.key]).not.toContain(third.server.key);
  });

  it('finishes a first run that was cut off, and never replaces a CA that was in use', async () => {
    const folder = newFolder();
    await writeFileAtomic(join(folder, 'ca-key.pem'), 'of a run that was cut off', 0o600);
    const first = await openClusterPki(folder, options);
    expect((await openClusterPki(folder, options)).ca.fingerprint).toBe(first.ca.fingerprint);
    const certificate = await readFile(join(folder, 'ca.pem'), 'utf8');
    truncateSync(join(folder, 'ca-key.pem'), 20);
    await expect(openClusterPki(folder, options)).rejects.toMatchObject({
      code: 'internal',
      message: expect.stringContaining('is missing or is not the key of ca.pem'),
      hint: expect.stringContaining('restore both files from a backup'),
    });
    await rm(join(folder, 'ca-key.pem'));
    await expect(openClusterPki(folder, options)).rejects.toThrow(/is missing/);
    expect(await readFile(join(folder, 'ca.pem'), 'utf8')).toBe(certificate);
  });
});

describe('openDataSecret', () => {
  it('makes a secret once, for root alone, and refuses a damaged one', async () => {
    const folder = join(root, 'data');
    mkdirSync(folder);
    const made = await openDataSecret(folder);
    expect(made).toHaveLength(32);
    expect(Buffer.from(await openDataSecret(folder))).toEqual(Buffer.from(made));
    expect(statSync(join(folder, 'data-secret')).mode & 0o777).toBe(0o600);
    writeFileSync(join(folder, 'data-secret'), 'short');
    await expect(openDataSecret(folder)).rejects.toThrow(/data-secret is damaged/);
  });
});

describe('writeFileAtomic', () => {
  it('replaces a file whole, and leaves no temporary one behind where it fails', async () => {
    const folder = newFolder();
    const path = join(folder, 'x');
    await writeFileAtomic(path, 'one', 0o600);
    await writeFileAtomic(path, 'two', 0o600);
    expect(await readFile(path, 'utf8')).toBe('two');
    await expect(writeFileAtomic(folder, 'a folder is there', 0o600)).rejects.toMatchObject({
      code: 'unavailable',
    });
    expect(readdirSync(folder)).toEqual(['x']);
    expect(readdirSync(join(folder, '..'))).toEqual(['pki']);
  });
});

describe('agent identity', () => {
  const identityOf = async (): Promise<AgentIdentity> => {
    const { machineId: _, ...identity } = await newHost(await newCluster(), 'h1');
    return { ...identity, managers: ['10.0.0.1:8444'] };
  };

  it('is kept in one file of mode 0600', async () => {
    const path = join(newFolder(), 'identity.json');
    expect(await loadAgentIdentity(path)).toBeUndefined();
    const identity = await identityOf();
    await saveAgentIdentity(path, identity);
    expect(mode(path)).toBe('600');
    expect(await loadAgentIdentity(path)).toEqual(identity);
  });

  it('is refused where it is torn, or key and certificate are not of one host', async () => {
    const path = join(newFolder(), 'identity.json');
    const identity = await identityOf();
    const damaged = { code: 'internal', message: expect.stringContaining('is damaged') };
    await saveAgentIdentity(path, identity);
    truncateSync(path, 500);
    await expect(loadAgentIdentity(path)).rejects.toMatchObject(damaged);
    await saveAgentIdentity(path, { ...identity, key: (await identityOf()).key });
    await expect(loadAgentIdentity(path)).rejects.toMatchObject(damaged);
    await saveAgentIdentity(path, { ...identity, managers: [] });
    await expect(loadAgentIdentity(path)).rejects.toMatchObject(damaged);
  });
});
