import type { sessionRoutes } from '../../contract/v1/session.ts';
import { BerthError } from '../../kit/errors.ts';
import type { LoginLimiter } from '../auth/login-limiter.ts';
import { pageCookie } from '../auth/page-cookie.ts';
import { verifyPassword } from '../auth/password.ts';
import type { Call, Handlers } from './handler.ts';
import { openSession, SESSION_MS } from './open-session.ts';

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
    if (!(await verifyPassword(body.password, user?.passwordHash || undefined)) || user === undefined) {
      throw new BerthError('unauthenticated', `user "${body.user}" or the password is wrong`, {
        hint: 'an admin can set a new one: "berth user passwd"',
      });
    }
    limiter.succeeded(body.user, principal.from);
    const opened = await deps.store.update((tx) => {
      // The user may have been removed, or got another password, while this one was checked.
      if (tx.get('users', user.name)?.passwordHash !== user.passwordHash) {
        throw new BerthError('unauthenticated', `user "${body.user}" was changed just now`, {
          hint: 'log in again',
        });
      }
      return openSession(tx, user, principal.from, now);
    });
    return { ...opened, user: user.name, role: user.role };
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
