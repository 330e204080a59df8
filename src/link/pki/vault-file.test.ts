import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openVault, type VaultFile } from './vault-file.ts';

const root = mkdtempSync(join(tmpdir(), 'berth-vault-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let folders = 0;
const newFolder = () => join(root, String(folders++));

async function opened(folder: string, now: number): Promise<VaultFile> {
  const file = await openVault(folder, { now, make: true });
  if (file === undefined) throw new Error('there is none');
  return file;
}

describe('openVault', () => {
  it('makes its file once, for its owner alone', async () => {
    const folder = newFolder();
    expect(await openVault(folder, { now: 0, make: false })).toBeUndefined();
    const first = await opened(folder, 1);
    expect(statSync(first.path).mode & 0o777).toBe(0o600);
    const sealed = first.vault.seal('x', 'a');
    const second = await opened(folder, 2);
    expect(await openVault(folder, { now: 3, make: false })).toMatchObject({ path: first.path });
    expect(second.vault.open(sealed, 'a').toString()).toBe('x');
    expect(second.vault.fingerprint('x')).toBe(first.vault.fingerprint('x'));
  });

  it('changes keys, and opens what was sealed before, now and after the next start', async () => {
    const folder = newFolder();
    const file = await opened(folder, 1);
    const before = file.vault.seal('x', 'a');
    await file.rotate(2);
    expect(file.vault.isCurrent(before)).toBe(false);
    const after = file.vault.seal('y', 'a');
    const again = await opened(folder, 3);
    expect(again.vault.isCurrent(after)).toBe(true);
    for (const one of [file, again]) {
      expect(one.vault.open(before, 'a').toString()).toBe('x');
      expect(one.vault.open(after, 'a').toString()).toBe('y');
    }
  });

  it('refuses a damaged file, leaves it as it is, and repeats nothing of it', async () => {
    const folder = newFolder();
    const { path } = await opened(folder, 1);
    const whole = readFileSync(path, 'utf8');
    const { current } = JSON.parse(whole) as { current: string };
    for (const text of [
      '',
      whole.slice(0, 100),
      whole.replace(`"current": "${current}"`, '"current": "none"'),
    ]) {
      writeFileSync(path, text);
      chmodSync(path, 0o600);
      const thrown: unknown = await opened(folder, 2).catch((cause: unknown) => cause);
      expect(thrown).toMatchObject({
        code: 'unavailable',
        message: `${path} is damaged: it is not a vault's file`,
      });
      expect((thrown as { cause?: unknown }).cause).toBeUndefined();
      expect(readFileSync(path, 'utf8')).toBe(text);
    }
  });
});
