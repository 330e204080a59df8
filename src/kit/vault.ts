import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';
import { BerthError } from './errors.ts';

/** Bytes of an AES-256 key, and of the key of fingerprints. */
export const VAULT_KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const FORMAT = 'v1';
/** `v1.KEY.BYTES`: the key's ID, then nonce, ciphertext and tag in base64url. */
const SEALED = /^v1\.([0-9a-z]{1,32})\.([A-Za-z0-9_-]+)$/;

export type VaultKeys = Readonly<{
  /** ID of the key that seals; [0-9a-z]. */
  current: string;
  /** All that open, by their IDs. */
  keys: ReadonlyMap<string, Uint8Array>;
  /** Makes fingerprints, and never changes. */
  fingerprint: Uint8Array;
}>;

/**
 * Seals what must not be read from a disk: AES-256-GCM with a random nonce of 96 bits (NIST SP 800-38D, 8.2.2). What it
 * gives is text, which names the key, so that keys may change.
 */
export class Vault {
  constructor(private keys: VaultKeys) {}

  /** From now on with other keys; those who hold this vault need not know. */
  use(keys: VaultKeys): void {
    this.keys = keys;
  }

  /**
   * @param purpose whose value it is (table, key, field): it opens for the same one only, so that nobody who can write where
   *   sealed texts lie can put one in another's place
   */
  seal(plain: Uint8Array | string, purpose: string): string {
    const { current, keys } = this.keys;
    const key = keys.get(current);
    if (key === undefined) throw new BerthError('internal', `the vault has no key ${current}`);
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(purpose));
    const bytes = Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
    return `${FORMAT}.${current}.${bytes.toString('base64url')}`;
  }

  /** @throws BerthError `internal` without any of it, where it is of another key or purpose, or damaged */
  open(sealed: string, purpose: string): Buffer {
    const id = keyOf(sealed);
    const key = id === undefined ? undefined : this.keys.keys.get(id);
    const bytes = Buffer.from(SEALED.exec(sealed)?.[2] ?? '', 'base64url');
    if (key === undefined || bytes.length < NONCE_BYTES + TAG_BYTES)
      throw cannotOpen(purpose, id === undefined ? 'it is no sealed text' : `there is no key ${id}`);
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE_BYTES))
      .setAAD(Buffer.from(purpose))
      .setAuthTag(bytes.subarray(bytes.length - TAG_BYTES));
    try {
      const body = bytes.subarray(NONCE_BYTES, bytes.length - TAG_BYTES);
      return Buffer.concat([decipher.update(body), decipher.final()]);
    } catch {
      throw cannotOpen(purpose, `key ${id} is another one, or it was damaged`);
    }
  }

  /** True where it is sealed with the key that seals now. */
  isCurrent(sealed: string): boolean {
    return keyOf(sealed) === this.keys.current;
  }

  /**
   * Equal for equal parts, and tells nothing of them to who has not the key (HMAC-SHA-256): 25 characters of [0-9a-z], the
   * form of Docker's IDs of secrets.
   */
  fingerprint(...parts: readonly (Uint8Array | string)[]): string {
    const mac = createHmac('sha256', this.keys.fingerprint);
    for (const part of parts) {
      const bytes = typeof part === 'string' ? Buffer.from(part) : part;
      // With its length before it, so that no two lists of parts are the same bytes.
      mac.update(`${bytes.length}:`).update(bytes);
    }
    return BigInt(`0x${mac.digest('hex')}`)
      .toString(36)
      .padStart(50, '0')
      .slice(-25);
  }
}

/** ID of the key that it is sealed with; undefined where it is no sealed text. */
export function keyOf(sealed: string): string | undefined {
  return SEALED.exec(sealed)?.[1];
}

function cannotOpen(purpose: string, why: string): BerthError {
  return new BerthError('internal', `${purpose} cannot be opened: ${why}`);
}
