import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keyOf, Vault, type VaultKeys } from './vault.ts';

const key = (fill: number) => new Uint8Array(32).fill(fill);
const keysOf = (current: string, ...ids: readonly string[]): VaultKeys => ({
  current,
  keys: new Map(ids.map((id) => [id, key(Number.parseInt(id, 36))])),
  fingerprint: key(9),
});
const vault = new Vault(keysOf('1', '1'));

describe('Vault', () => {
  it('opens what it has sealed, for the same purpose only', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), fc.string(), fc.string(), (plain, purpose, other) => {
        const sealed = vault.seal(plain, purpose);
        expect(new Uint8Array(vault.open(sealed, purpose))).toEqual(plain);
        if (other !== purpose) expect(() => vault.open(sealed, other)).toThrow(/cannot be opened/);
      }),
    );
  });

  it('never seals a value twice alike, and shows nothing of it', () => {
    const sealed = [vault.seal('hunter2', 'a'), vault.seal('hunter2', 'a')];
    expect(sealed[0]).not.toBe(sealed[1]);
    expect(Buffer.from(sealed[0]?.split('.')[2] ?? '', 'base64url').toString('latin1')).not.toContain(
      'hunter2',
    );
  });

  it('opens nothing that was changed, whichever bit', () => {
    const sealed = vault.seal('hunter2', 'a');
    const bytes = Buffer.from(sealed.split('.')[2] ?? '', 'base64url');
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const changed = Buffer.from(bytes);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(() => vault.open(`v1.1.${changed.toString('base64url')}`, 'a')).toThrow(/key 1 is another one/);
    }
    expect(() => vault.open(`v1.1.${bytes.subarray(0, 27).toString('base64url')}`, 'a')).toThrow();
    expect(() => vault.open('hunter2', 'a')).toThrow(/^a cannot be opened: it is no sealed text$/);
  });

  it('opens with keys that seal no more, and says which one is missing', () => {
    const changing = new Vault(keysOf('1', '1'));
    const before = changing.seal('x', 'a');
    changing.use(keysOf('2', '1', '2'));
    expect(changing.isCurrent(before)).toBe(false);
    expect(changing.open(before, 'a').toString()).toBe('x');
    const after = changing.seal('x', 'a');
    expect(keyOf(after)).toBe('2');
    expect(changing.isCurrent(after)).toBe(true);
    changing.use(keysOf('2', '2'));
    expect(() => changing.open(before, 'a')).toThrow('a cannot be opened: there is no key 1');
  });

  it('makes fingerprints that keep parts apart and stay over a change of keys', () => {
    const changing = new Vault(keysOf('1', '1'));
    const print = changing.fingerprint('a', 'bc');
    expect(print).toMatch(/^[0-9a-z]{25}$/);
    expect(changing.fingerprint('ab', 'c')).not.toBe(print);
    expect(changing.fingerprint('a', Buffer.from('bc'))).toBe(print);
    changing.use(keysOf('2', '1', '2'));
    expect(changing.fingerprint('a', 'bc')).toBe(print);
    expect(new Vault({ ...keysOf('1', '1'), fingerprint: key(8) }).fingerprint('a', 'bc')).not.toBe(print);
  });
});
