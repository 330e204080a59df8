import type { sessionRoutes } from '../../contract/v1/session.ts';
import { BerthError } from '../../kit/errors.ts';
import { newShortId } from '../../kit/ids.ts';
import type { ApiToken } from '../../model/access.ts';
import type { LoginLimiter } from '../auth/login-limiter.ts';
import { pageCookie } from '../auth/page-cookie.ts';
import { verifyPassword } from '../auth/password.ts';
import { hashSecret, newSecret, SESSION_PREFIX } from '../auth/secrets.ts';
import { makeRoom } from './api-tokens.ts';
import type { Call, Handlers } from './handler.ts';

/** A log-in ends after this long. */
const SESSION_MS = 7 * 24 * 60 * 60_000;

/** Handlers of log-in and log-out. */
export function sessionHandlers(limiter: LoginLimiter): Handlers<keyof typeof sessionRoutes> {
  const logIn = async ({
    deps,
    body,
    principal,
    about,
  }: Pick<Call<'session.login'>, 'deps' | 'body' | 'principal' | 'about'>) => {
    about(body.user, body.user);
    const now = deps.clock.now();
    limiter.check(body.user, principal.from, now);
    limiter.failed(body.user, principal.from, now);
    const user = deps.store.view((tx) => tx.get('users', body.user));
    if (!(await verifyPassword(body.password, user?.passwordHash)) || user === undefined) {
      throw new BerthError('unauthenticated', `user "${body.user}" or the password is wrong`, {
        hint: 'an admin can set a new one: "berth user passwd"',
      });
    }
    limiter.succeeded(body.user, principal.from);
    const secret = newSecret(SESSION_PREFIX);
    const token: ApiToken = {
      kind: 'api-token',
      id: newShortId(),
      user: user.name,
      role: user.role,
      name: `log-in from ${principal.from || 'the manager'}`,
      secretHash: hashSecret(secret),
      createdAt: now,
      expiresAt: now + SESSION_MS,
      session: true,
    };
    await deps.store.update((tx) => {
      // The user may have been removed, or got another password, while this one was checked.
      if (tx.get('users', user.name)?.passwordHash !== user.passwordHash) {
        throw new BerthError('unauthenticated', `user "${body.user}" was changed just now`, {
          hint: 'log in again',
        });
      }
      makeRoom(tx, user.name, true, now);
      tx.put('apiTokens', token);
    });
    return { token: secret, user: user.name, role: user.role, expiresAt: now + SESSION_MS };
  };
  const logOut = async ({
    deps,
    token,
    principal,
    about,
  }: Pick<Call<'session.logout'>, 'deps' | 'token' | 'principal' | 'about'>) => {
    about(principal.user);
    if (token !== undefined) await deps.store.update((tx) => tx.delete('apiTokens', token.id));
    return {};
  };
  return {
    'session.login': logIn,
    'session.logout': logOut,

    'session.open': async (call) => {
      const { token, ...known } = await logIn(call);
      call.setCookie(pageCookie(token, SESSION_MS / 1000));
      return known;
    },

    'session.close': async (call) => {
      call.setCookie(pageCookie('', 0));
      return logOut(call);
    },

    'session.whoami': ({ principal }) => ({
      user: principal.user,
      role: principal.role,
      via: principal.via,
    }),

    'session.version': ({ deps }) => ({ version: deps.version, api: 'v1' }),
  };
}
