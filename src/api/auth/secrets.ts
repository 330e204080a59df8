import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** Recognisable beginnings, so that a secret which got into a repository or a log is found by a scanner. */
export const API_TOKEN_PREFIX = 'berth_api_';
export const SESSION_PREFIX = 'berth_ses_';
export const TRIGGER_PREFIX = 'berth_trg_';

/** 32 random bytes in base64url behind a prefix. */
export function newSecret(prefix: string): string {
  return prefix + randomBytes(32).toString('base64url');
}

/** What is kept of a secret: SHA-256, hex. Enough for 32 random bytes, which nobody guesses; passwords get scrypt. */
export function hashSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

/** In a time that does not depend on where they differ. @param hash of `hashSecret` */
export function isSecret(secret: string, hash: string): boolean {
  return timingSafeEqual(Buffer.from(hashSecret(secret), 'hex'), Buffer.from(hash, 'hex'));
}
