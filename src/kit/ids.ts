import { randomBytes, randomFillSync } from 'node:crypto';

const LONG_BYTES = 32;
/** Random bytes drawn ahead: the system's generator costs the same for a hundred IDs as for one. */
const drawn = Buffer.alloc(128 * LONG_BYTES);
let used = drawn.length;

/** 64 hexadecimal digits, the form of Docker's container and network IDs. */
export function newLongId(): string {
  if (used === drawn.length) {
    randomFillSync(drawn);
    used = 0;
  }
  used += LONG_BYTES;
  return drawn.toString('hex', used - LONG_BYTES, used);
}

const ALPHABET = '0123456789abcdefghijklmnopqrstuvwxyz';

/** `length` characters of [0-9a-z], about 5.17 bits each; for host, user and token IDs. */
export function newShortId(length = 12): string {
  let id = '';
  while (id.length < length) {
    for (const byte of randomBytes(length)) {
      // 252 = 7 × 36: larger bytes would favour the first letters.
      if (byte < 252 && id.length < length) id += ALPHABET[byte % 36];
    }
  }
  return id;
}
