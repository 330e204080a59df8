import { join } from 'node:path';
import { sealPlainStacks } from '../api/files/seal-plain-stacks.ts';
import { forgetLost, hasSealed, lostIn, named, resealAll } from '../api/vault/vault-care.ts';
import { BerthError } from '../kit/errors.ts';
import { openVault, VAULT_FILE, type VaultFile } from '../link/index.ts';
import type { Store } from '../store/index.ts';

export type VaultOptions = Readonly<{
  /** The folder of its file. */
  folder: string;
  /** Milliseconds since the epoch. */
  now: number;
  /** What it does not open is deleted, instead of being a reason not to start. */
  forget?: boolean;
}>;

/**
 * The vault with which the store's secrets are sealed. A new one is made only where nothing is sealed yet: with other keys
 * all of them would be lost without anybody's being told.
 * What an earlier version has left readable is sealed, and leaves the disk.
 * @returns with what was forgotten, each in a few words, and the stacks of which something was sealed
 * @throws BerthError `unavailable` that says what cannot be read, how to restore it, and how to go on without
 */
export async function openClusterVault(
  store: Store,
  { folder, now, forget = false }: VaultOptions,
): Promise<Readonly<{ file: VaultFile; forgotten: readonly string[]; sealed: readonly string[] }>> {
  const make = forget || !store.view(hasSealed);
  const file = await openVault(folder, { now, make });
  if (file === undefined)
    throw refused(
      `${join(folder, VAULT_FILE)} is missing, and the secrets of this cluster are sealed with its keys`,
    );
  const forgotten = forget ? await store.update((tx) => forgetLost(tx, file.vault)) : [];
  const lost = store.view((tx) => lostIn(tx, file.vault));
  if (lost.length > 0) throw refused(`${file.path} has not the keys with which is sealed: ${named(lost)}`);
  // A change of keys that was cut short.
  await resealAll(store, file.vault);
  const sealed = await store.update((tx) => sealPlainStacks(tx, file.vault));
  if (sealed.length > 0) await store.wipe();
  return { file, forgotten, sealed };
}

function refused(what: string): BerthError {
  return new BerthError('unavailable', what, {
    hint: `put back a backup of ${VAULT_FILE}, then start again; where there is none, "berth up --forget-secrets" starts without what it cannot read, which is to be given anew`,
  });
}
