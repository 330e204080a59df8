import { BerthError } from '../../kit/errors.ts';
import type { Vault } from '../../kit/vault.ts';
import type { ReadTx, Store, WriteTx } from '../../store/store.ts';
import { type Reseal, SEALED_TABLES } from './sealed-fields.ts';

/** How many of what cannot be read are named. */
const NAMED = 5;

/** True where something in the store is sealed: it needs the keys that it was sealed with. */
export function hasSealed(tx: ReadTx): boolean {
  for (const table of SEALED_TABLES) for (const _ of table.records(tx)) return true;
  return false;
}

/** What of the store the vault does not open, each in a few words. */
export function lostIn(tx: ReadTx, vault: Vault): readonly string[] {
  return SEALED_TABLES.flatMap((table) =>
    [...table.records(tx)].filter(({ map }) => isLost(vault, map)).map(({ name }) => name),
  );
}

/** Deletes what the vault does not open. Returns what that was. */
export function forgetLost(tx: WriteTx, vault: Vault): readonly string[] {
  const lost = lostIn(tx, vault);
  for (const table of SEALED_TABLES) table.drop(tx, (map) => isLost(vault, map));
  return lost;
}

/** All that is sealed with another key than the one that seals now is sealed with that. */
export async function resealAll(store: Store, vault: Vault): Promise<void> {
  await store.update((tx) => {
    for (const table of SEALED_TABLES)
      table.reseal(tx, (sealed, purpose) =>
        vault.isCurrent(sealed) ? sealed : vault.seal(vault.open(sealed, purpose), purpose),
      );
  });
}

/** `secret a, secret b and 3 more`. */
export function named(names: readonly string[]): string {
  const shown = names.slice(0, NAMED).join(', ');
  return names.length > NAMED ? `${shown} and ${names.length - NAMED} more` : shown;
}

function isLost(vault: Vault, map: (reseal: Reseal) => unknown): boolean {
  try {
    map((sealed, purpose) => {
      vault.open(sealed, purpose);
      return sealed;
    });
    return false;
  } catch (thrown) {
    if (thrown instanceof BerthError) return true;
    throw thrown;
  }
}
