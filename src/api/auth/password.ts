import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { BerthError } from '../../kit/errors.ts';

const derive = promisify<string | Buffer, Buffer, number, ScryptOptions, Buffer>(scrypt);

/** OWASP's first choice of scrypt within 64 MiB; kept in each hash, so that it may grow. */
const COST = { N: 2 ** 15, r: 8, p: 3 } as const;
const HASH_BYTES = 32;
/** Largest cost that a stored hash may ask for: 256 MiB. */
const MAX_MEMORY = 256 * 1024 * 1024 + 1024;

/** One derivation takes 32 MiB and a tenth of a second: so many at once, so many more in line. */
const AT_ONCE = 2;
const IN_LINE = 64;

/** @returns `scrypt$N$r$p$salt$hash`, salt and hash in base64 */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const hash = await inTurn(() => derive(password, salt, HASH_BYTES, { ...COST, maxmem: MAX_MEMORY }));
  return ['scrypt', COST.N, COST.r, COST.p, salt.toString('base64'), hash.toString('base64')].join('$');
}

/**
 * Compares in constant time. Without a hash (no such user) it takes as long and is false: an answer's time does not
 * tell which users there are.
 */
export async function verifyPassword(password: string, stored: string | undefined): Promise<boolean> {
  const [scheme, N, r, p, salt, hash] = (stored ?? NOBODY).split('$');
  const expected = Buffer.from(hash ?? '', 'base64');
  if (scheme !== 'scrypt' || expected.length === 0) return false;
  const options = { N: Number(N), r: Number(r), p: Number(p), maxmem: MAX_MEMORY };
  const found = await inTurn(() =>
    derive(password, Buffer.from(salt ?? '', 'base64'), expected.length, options),
  );
  return timingSafeEqual(found, expected) && stored !== undefined;
}

const NOBODY = ['scrypt', COST.N, COST.r, COST.p, 'AAAA', Buffer.alloc(HASH_BYTES).toString('base64')].join(
  '$',
);

/** No `0 O 1 l I`: a generated password is read off a screen. 20 characters of 32: 100 bits. */
const LETTERS = 'abcdefghijkmnpqrstuvwxyz23456789';

/** A password that is shown once, in groups of five: `k7m2q-…`. */
export function newPassword(): string {
  const letters = [...randomBytes(20)].map((byte) => LETTERS[byte % LETTERS.length]).join('');
  return (letters.match(/.{5}/g) ?? []).join('-');
}

let running = 0;
const waiting: (() => void)[] = [];

async function inTurn<R>(work: () => Promise<R>): Promise<R> {
  if (running >= AT_ONCE) {
    if (waiting.length >= IN_LINE) {
      throw new BerthError('unavailable', `more than ${IN_LINE} passwords are being checked`, {
        hint: 'try again in some seconds',
      });
    }
    // Whoever finishes hands over its place, so `running` stays as it is.
    await new Promise<void>((resolve) => waiting.push(resolve));
  } else {
    running++;
  }
  try {
    return await work();
  } finally {
    const next = waiting.shift();
    if (next === undefined) running--;
    else next();
  }
}
