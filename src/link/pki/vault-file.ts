import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import { BerthError } from '../../kit/errors.ts';
import { newShortId } from '../../kit/ids.ts';
import { VAULT_KEY_BYTES, Vault } from '../../kit/vault.ts';
import { readFileIfThere, writeFileAtomic } from './files.ts';

export const VAULT_FILE = 'vault.json';

const keySchema = z.string().regex(new RegExp(`^[0-9a-f]{${2 * VAULT_KEY_BYTES}}$`));
const fileSchema = z.object({
  version: z.literal(1),
  current: z.string(),
  fingerprint: keySchema,
  keys: z
    .array(
      z.object({
        id: z.string().regex(/^[0-9a-z]{1,32}$/),
        key: keySchema,
        /** Milliseconds since the epoch. */
        madeAt: z.number(),
      }),
    )
    .min(1),
});
type Keys = z.infer<typeof fileSchema>;

/** A vault whose keys are in a file of its own, for its owner alone. */
export type VaultFile = Readonly<{
  vault: Vault;
  path: string;
  /**
   * Makes a new key, with which all is sealed from then on. Those before it stay: what they have sealed, also in backups,
   * still opens.
   * @throws BerthError `unavailable` where the file cannot be written; the vault is as it was then
   */
  rotate(now: number): Promise<void>;
}>;

/**
 * The vault of `folder`; undefined where its file is missing and is not to be made.
 * @param now milliseconds since the epoch
 * @throws BerthError `unavailable` where the file is there and is not a vault's: it is never written over
 */
export async function openVault(
  folder: string,
  { now, make }: Readonly<{ now: number; make: boolean }>,
): Promise<VaultFile | undefined> {
  const path = join(folder, VAULT_FILE);
  const text = await readFileIfThere(path);
  if (text === undefined && !make) return undefined;
  let file = text === undefined ? newFile(now) : parsed(text, path);
  if (text === undefined) await write(path, file);
  const vault = new Vault(keysOf(file));
  return {
    ...{ vault, path },
    rotate: async (at) => {
      const key = newKey(at);
      const next = { ...file, current: key.id, keys: [...file.keys, key] };
      // First: what is sealed with it must not be on a disk before it is.
      await write(path, next);
      file = next;
      vault.use(keysOf(file));
    },
  };
}

const hex = () => randomBytes(VAULT_KEY_BYTES).toString('hex');
const newKey = (madeAt: number) => ({ id: newShortId(8), key: hex(), madeAt });

function newFile(now: number): Keys {
  const key = newKey(now);
  return { version: 1, current: key.id, fingerprint: hex(), keys: [key] };
}

function keysOf({ current, keys, fingerprint }: Keys) {
  const bytes = new Map(keys.map(({ id, key }) => [id, Buffer.from(key, 'hex')]));
  return { current, keys: bytes, fingerprint: Buffer.from(fingerprint, 'hex') };
}

function write(path: string, file: Keys): Promise<void> {
  return writeFileAtomic(path, `${JSON.stringify(file, undefined, 2)}\n`, 0o600);
}

function parsed(text: string, path: string): Keys {
  try {
    const file = fileSchema.parse(JSON.parse(text));
    if (file.keys.some(({ id }) => id === file.current)) return file;
  } catch {
    // What is wrong in it may be a key: nothing of it is repeated.
  }
  throw new BerthError('unavailable', `${path} is damaged: it is not a vault's file`, {
    hint: 'put back a backup of it; without it no secret can be read',
  });
}
