import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { BerthError } from '../../kit/errors.ts';
import { readFileIfThere, writeFileAtomic } from './files.ts';

const FILE = 'data-secret';
const BYTES = 32;

/**
 * The secret that all keys of encrypted networks are derived from, beside the CA's key; made where it is missing. A new one
 * is no harm: hosts get the new keys as they get any others.
 * @throws BerthError `internal` where the file is there and is not a secret
 */
export async function openDataSecret(folder: string): Promise<Uint8Array> {
  const path = join(folder, FILE);
  const text = await readFileIfThere(path);
  if (text === undefined) {
    const made = randomBytes(BYTES);
    await writeFileAtomic(path, `${made.toString('hex')}\n`, 0o600);
    return made;
  }
  const secret = Buffer.from(text.trim(), 'hex');
  if (secret.length === BYTES) return secret;
  throw new BerthError('internal', `${path} is damaged: it should have ${BYTES} bytes in hexadecimal`, {
    hint: 'restore it from a backup, or remove it: a new one is made, and encrypted networks pause for a moment',
  });
}
