import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { resealAll } from '../api/vault/vault-care.ts';
import type { Vault } from '../kit/vault.ts';
import { type KeptFile, purposeOf } from '../model/kept-file.ts';
import type { Stack } from '../model/stack.ts';
import { newMemoryStore, openSqliteStore, type Store } from '../store/index.ts';
import { openClusterVault } from './cluster-vault.ts';

let folder: string;
let store: Store;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'berth-vault-'));
  store = newMemoryStore();
});
afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true });
});

const open = (forget = false) => openClusterVault(store, { folder, now: 1, forget });
const path = () => join(folder, 'vault.json');

async function keep(vault: Vault, id: string, text: string): Promise<void> {
  const sealed = vault.seal(text, purposeOf({ id }));
  const record: KeptFile = {
    ...{ kind: 'kept-file', noun: 'secret', id, name: id, labels: {}, size: text.length, sealed },
    ...{ createdAt: 1, updatedAt: 1, createdBy: 'root', version: 1 },
  };
  await store.update((tx) => tx.put('keptFiles', record));
}

const kept = (id: string) => store.view((tx) => tx.get('keptFiles', id));

describe('openClusterVault', () => {
  it('makes keys where nothing is sealed, also where they were lost', async () => {
    await open();
    rmSync(path());
    expect((await open()).forgotten).toEqual([]);
  });

  it('refuses to start without the keys, makes no others, and takes a backup of them', async () => {
    const { file } = await open();
    await keep(file.vault, 'a', 'hunter2');
    renameSync(path(), `${path()}.bak`);
    const refused = { code: 'unavailable', message: expect.stringContaining(`${path()} is missing`) };
    await expect(open()).rejects.toMatchObject(refused);
    await expect(open()).rejects.toMatchObject({ hint: expect.stringContaining('--forget-secrets') });
    renameSync(`${path()}.bak`, path());
    await open();
  });

  it('names what other keys do not open, and forgets that alone', async () => {
    const first = (await open()).file;
    await keep(first.vault, 'a', 'hunter2');
    const before = readFileSync(path());
    rmSync(path());
    const { file, forgotten } = await open(true);
    expect(forgotten).toEqual(['secret a']);
    expect(kept('a')).toBeUndefined();
    await keep(file.vault, 'b', 'hunter3');
    await keep(first.vault, 'c', 'hunter4');
    const message = `${path()} has not the keys with which is sealed: secret c`;
    await expect(open()).rejects.toMatchObject({ code: 'unavailable', message });
    expect((await open(true)).forgotten).toEqual(['secret c']);
    expect(kept('b')).toBeDefined();
    // Keys with the same IDs, and other bytes.
    const ids = JSON.parse(readFileSync(path(), 'utf8')) as { keys: { key: string }[] };
    writeFileSync(
      path(),
      JSON.stringify({ ...ids, keys: ids.keys.map((one) => ({ ...one, key: '0'.repeat(64) })) }),
    );
    await expect(open()).rejects.toMatchObject({ message: expect.stringContaining('secret b') });
    writeFileSync(path(), before);
    await expect(open()).rejects.toMatchObject({ message: expect.stringContaining('secret b') });
  });

  it('seals all anew with a new key, so that the one before it is needed for backups alone', async () => {
    const { file } = await open();
    await keep(file.vault, 'a', 'hunter2');
    const before = kept('a')?.sealed ?? '';
    await file.rotate(2);
    await resealAll(store, file.vault);
    const after = kept('a')?.sealed ?? '';
    expect(after).not.toBe(before);
    const again = (await open()).file.vault;
    expect(again.isCurrent(after)).toBe(true);
    expect(again.open(after, purposeOf({ id: 'a' })).toString()).toBe('hunter2');
    expect(again.open(before, purposeOf({ id: 'a' })).toString()).toBe('hunter2');
  });
});

/** A stack as a version of before the vault wrote it: contents in it, and services that name no kept file. */
function plainStack(content: Stack['secrets'][number]['content'], name = 'shop'): Stack {
  return {
    ...{ kind: 'stack', name, services: [], externals: [], networks: [], volumes: [], configs: [] },
    secrets: [{ kind: 'stack-secret', key: 'token', name: 'token', labels: {}, content }],
  };
}

describe('contents that an earlier version has left readable', () => {
  const put = (disk: Store, stack: Stack) =>
    disk.update((tx) =>
      tx.put('stacks', { kind: 'stack-record', name: stack.name, stack, generation: 1, at: 1, by: 'ann' }),
    );
  const onDisk = () =>
    readdirSync(folder)
      .filter((name) => name.startsWith('berth.db'))
      .map((name) => readFileSync(join(folder, name), 'latin1'))
      .join('\n');
  const binary = Buffer.from([0xff, 0x00, ...Buffer.from('binary-hunter')]).toString('base64');

  it('are sealed when the manager starts, and leave its disk, with what had been overwritten', async () => {
    const database = join(folder, 'berth.db');
    const old = openSqliteStore(database);
    // Long enough for pages of their own, which are free once it is overwritten.
    await put(old, plainStack({ kind: 'text', text: `${'x'.repeat(20_000)} hunter1` }));
    await put(old, plainStack({ kind: 'text', text: 'hunter2' }));
    await put(old, plainStack({ kind: 'base64', data: binary }, 'other'));
    await old.close();
    expect(onDisk().includes('hunter1')).toBe(true);
    const disk = openSqliteStore(database);
    const { file, sealed } = await openClusterVault(disk, { folder, now: 1 });
    expect([...sealed].sort()).toEqual(['other', 'shop']);
    expect(['hunter', binary].filter((text) => onDisk().includes(text))).toEqual([]);
    const [secret] = disk.view((tx) => [...tx.all('keptFiles')]);
    expect(secret).toMatchObject({ noun: 'secret', name: 'token', createdBy: 'ann' });
    const shown = disk.view((tx) => [...tx.all('stacks')].map(({ stack }) => stack.secrets[0]?.content));
    expect(shown).toEqual([
      { kind: 'kept', id: expect.any(String) },
      { kind: 'kept', id: expect.any(String) },
    ]);
    expect(file.vault.open(secret?.sealed ?? '', purposeOf({ id: secret?.id ?? '' })).toString()).toMatch(
      /hunter/,
    );
    await disk.close();
    const again = openSqliteStore(database);
    expect((await openClusterVault(again, { folder, now: 1 })).sealed).toEqual([]);
    expect(again.view((tx) => tx.count('keptFiles'))).toBe(1);
    await again.close();
    expect(['hunter', binary].filter((text) => onDisk().includes(text))).toEqual([]);
  });
});
