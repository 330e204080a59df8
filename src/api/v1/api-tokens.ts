import type { ApiTokenView } from '../../contract/v1/access.ts';
import { BerthError } from '../../kit/errors.ts';
import { newShortId } from '../../kit/ids.ts';
import { type ApiToken, lowerRole, type Role, roleAllows, type User } from '../../model/access.ts';
import type { ReadTx, WriteTx } from '../../store/store.ts';
import { FIRST_USER } from '../auth/first-run.ts';
import type { Principal } from '../auth/principal.ts';
import { API_TOKEN_PREFIX, hashSecret, newSecret } from '../auth/secrets.ts';
import type { Handlers } from './handler.ts';
import { findUser } from './users.ts';

/** Log-ins and API tokens of one user, each. */
const MAX_PER_USER = 200;

export const apiTokenHandlers: Handlers<'apiToken.create' | 'apiToken.list' | 'apiToken.delete'> = {
  'apiToken.create': async ({ deps, body, principal, about }) => {
    const now = deps.clock.now();
    const secret = newSecret(API_TOKEN_PREFIX);
    about(body.name);
    const token = await deps.store.update((tx) => {
      const user = subjectOf(tx, principal, body.user);
      about(`${user.name}/${body.name}`);
      const made = {
        kind: 'api-token' as const,
        id: newShortId(),
        user: user.name,
        role: roleFor(user, principal, body.role),
        name: body.name,
        secretHash: hashSecret(secret),
        createdAt: now,
        ...(body.ttlSeconds === undefined ? {} : { expiresAt: now + body.ttlSeconds * 1000 }),
      };
      makeRoom(tx, user.name, false, now);
      tx.put('apiTokens', made);
      return made;
    });
    return { ...viewOf(token), token: secret };
  },

  'apiToken.list': ({ deps, query, principal, token: own }) =>
    deps.store.view((tx) => {
      const all = query.all === true || principal.via === 'socket';
      if (all && principal.role !== 'admin') {
        throw new BerthError('forbidden', "other users' tokens are shown to admins only", {
          hint: 'leave "all" out to see your own',
        });
      }
      const tokens = [...(all ? tx.all('apiTokens') : tx.by('apiTokens', 'user', principal.user))];
      return {
        tokens: tokens
          .sort((a, b) => a.createdAt - b.createdAt)
          .map((token) => ({ ...viewOf(token), ...(token.id === own?.id ? { current: true } : {}) })),
      };
    }),

  'apiToken.delete': ({ deps, params, principal }) =>
    deps.store.update((tx) => {
      const token = tx.get('apiTokens', params.id);
      // One that is another's does not exist for whoever is not an admin.
      if (token === undefined || (principal.role !== 'admin' && token.user !== principal.user)) {
        throw new BerthError('not_found', `there is no API token "${params.id}"`, {
          hint: '"berth api-token ls" lists them by ID',
        });
      }
      tx.delete('apiTokens', token.id);
      return {};
    }),
};

/**
 * For whom something is made: the caller, or whom an admin names. Root on the manager's socket is no user of the
 * cluster, and stands for the first one.
 * @throws BerthError `forbidden`, `not_found`
 */
export function subjectOf(tx: ReadTx, principal: Principal, asked: string | undefined): User {
  const own = principal.via === 'socket' ? FIRST_USER : principal.user;
  if (asked !== undefined && asked !== own && principal.role !== 'admin') {
    throw new BerthError('forbidden', `user ${principal.user} may not do this for "${asked}"`, {
      hint: 'leave the user out, or ask an admin',
    });
  }
  return findUser(tx, asked ?? own);
}

/**
 * The role of something that stands for `user`: what was asked, else the most that both user and caller have (a caller
 * with a token of a lower role cannot make one of a higher).
 * @throws BerthError `forbidden` where more was asked
 */
export function roleFor(user: User, principal: Principal, asked?: Role): Role {
  const most = lowerRole(user.role, principal.role);
  if (asked !== undefined && !roleAllows(most, asked)) {
    throw new BerthError('forbidden', `role "${asked}" is above what this may have ("${most}")`, {
      hint: `ask for ${most} or less`,
    });
  }
  return asked ?? most;
}

/**
 * Drops tokens of the user that have ended; of log-ins also the oldest where there are too many.
 * @throws BerthError `conflict` where the user has too many API tokens
 */
export function makeRoom(tx: WriteTx, user: string, session: boolean, now: number): void {
  const kept: ApiToken[] = [];
  for (const token of [...tx.by('apiTokens', 'user', user)]) {
    if (token.expiresAt !== undefined && token.expiresAt <= now) tx.delete('apiTokens', token.id);
    else if ((token.session === true) === session) kept.push(token);
  }
  if (kept.length < MAX_PER_USER) return;
  if (!session) {
    throw new BerthError(
      'conflict',
      `user ${user} has ${kept.length} API tokens, which is as many as may be`,
      {
        hint: 'remove some with "berth api-token rm"',
      },
    );
  }
  kept.sort((a, b) => a.createdAt - b.createdAt);
  for (const token of kept.slice(0, kept.length - MAX_PER_USER + 1)) tx.delete('apiTokens', token.id);
}

function viewOf(token: ApiToken): ApiTokenView {
  return {
    id: token.id,
    user: token.user,
    role: token.role,
    name: token.name,
    createdAt: token.createdAt,
    ...(token.expiresAt === undefined ? {} : { expiresAt: token.expiresAt }),
    session: token.session === true,
  };
}
