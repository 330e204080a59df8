import { newShortId } from '../../kit/ids.ts';
import type { ApiToken, User } from '../../model/access.ts';
import type { WriteTx } from '../../store/store.ts';
import { hashSecret, newSecret, SESSION_PREFIX } from '../auth/secrets.ts';
import { makeRoom } from './api-tokens.ts';

/** A log-in ends after this long. */
export const SESSION_MS = 7 * 24 * 60 * 60_000;

/**
 * Makes a log-in of the user.
 * @param more when it ends, and by what a provider is asked whether it still holds
 * @returns the token, which is kept nowhere
 */
export function openSession(
  tx: WriteTx,
  { name: user, role }: User,
  from: string,
  now: number,
  { expiresAt = now + SESSION_MS, provider }: Pick<ApiToken, 'expiresAt' | 'provider'> = {},
): Readonly<{ token: string; expiresAt: number }> {
  const token = newSecret(SESSION_PREFIX);
  makeRoom(tx, user, true, now);
  tx.put('apiTokens', {
    ...{ kind: 'api-token', id: newShortId(), user, role, name: `log-in from ${from || 'the manager'}` },
    ...{ secretHash: hashSecret(token), createdAt: now, expiresAt, session: true },
    ...(provider === undefined ? {} : { provider }),
  });
  return { token, expiresAt };
}
