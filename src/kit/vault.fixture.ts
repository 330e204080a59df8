import { Vault } from './vault.ts';

/** Keys that are none, for tests. */
export function newTestVault(): Vault {
  const key = new Uint8Array(32).fill(1);
  return new Vault({ current: 'test', keys: new Map([['test', key]]), fingerprint: key });
}
