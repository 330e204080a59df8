import { BerthError } from '../../kit/errors.ts';
import { type ApiToken, isShutOut, lowerRole } from '../../model/access.ts';
import type { ReadTx } from '../../store/store.ts';
import type { Principal } from './principal.ts';
import { hashSecret } from './secrets.ts';

/** Who a token stands for, and the token's record. */
export type Bearer = Readonly<{ principal: Principal; token: ApiToken }>;

/**
 * Reads `Authorization: Bearer …`. The token has the lower of its own role and its user's of today.
 * @throws BerthError `unauthenticated`
 */
export function bearerOf(tx: ReadTx, header: string | undefined, from: string, now: number): Bearer {
  if (header === undefined) {
    throw new BerthError('unauthenticated', 'this needs a log-in', {
      hint: 'run "berth login", or send an API token as "Authorization: Bearer …"',
    });
  }
  const secret = /^Bearer +(\S{1,256})$/i.exec(header)?.[1];
  const [token] = secret === undefined ? [] : tx.by('apiTokens', 'secret', hashSecret(secret));
  const user = token === undefined ? undefined : tx.get('users', token.user);
  if (token === undefined || user === undefined) {
    throw new BerthError('unauthenticated', 'this token is not known', {
      hint: 'it was removed, or belongs to another cluster: run "berth login"',
    });
  }
  if (isShutOut(user)) {
    throw new BerthError(
      'unauthenticated',
      `user "${user.name}" has no role at ${user.oidc?.issuer} any more`,
      {
        hint: 'log in by it again when your account has one; an admin can give one with "berth user role"',
      },
    );
  }
  if (token.expiresAt !== undefined && token.expiresAt <= now) {
    throw new BerthError(
      'unauthenticated',
      `this token ended at ${new Date(token.expiresAt).toISOString()}`,
      {
        hint: token.session === true ? 'run "berth login"' : 'make another with "berth api-token create"',
      },
    );
  }
  return {
    principal: { user: user.name, role: lowerRole(token.role, user.role), via: 'api', from },
    token,
  };
}
