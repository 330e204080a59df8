import type { UserView } from '../../contract/v1/access.ts';
import { BerthError } from '../../kit/errors.ts';
import { isShutOut, type User } from '../../model/access.ts';
import type { ReadTx, WriteTx } from '../../store/store.ts';
import type { LoginLimiter, LoginLock } from '../auth/login-limiter.ts';
import { hashPassword, newPassword, verifyPassword } from '../auth/password.ts';
import { refuseOtherRole } from './as-seen.ts';
import type { Handlers } from './handler.ts';

type UserRoute = 'user.list' | 'user.create' | 'user.role' | 'user.password' | 'user.unlock' | 'user.delete';

/** @param limiter of log-ins: a stolen token must not be what a password is guessed with */
export function userHandlers(limiter: LoginLimiter): Handlers<UserRoute> {
  return {
    'user.list': ({ deps }) => {
      const locks = limiter.locks(deps.clock.now());
      return deps.store.view((tx) => ({
        users: [...tx.all('users')]
          .sort((a, b) => a.name.localeCompare(b.name))
          .map((user) => viewOf(user, locks.get(user.name))),
      }));
    },

    'user.create': async ({ deps, body, about }) => {
      about(body.name);
      const refuseTaken = (tx: ReadTx) => {
        if (tx.get('users', body.name) === undefined) return;
        throw new BerthError('conflict', `there is a user "${body.name}" already`, {
          hint: 'choose another name, or change that one with "berth user passwd"',
        });
      };
      deps.store.view(refuseTaken);
      const password = body.password ?? newPassword();
      const passwordHash = await hashPassword(password);
      const user: User = {
        kind: 'user',
        name: body.name,
        role: body.role,
        passwordHash,
        createdAt: deps.clock.now(),
      };
      await deps.store.update((tx) => {
        // Again: another may have taken it while the password was hashed.
        refuseTaken(tx);
        tx.put('users', user);
      });
      return { ...viewOf(user), ...(body.password === undefined ? { password } : {}) };
    },

    'user.role': ({ deps, params, body }) =>
      deps.store.update((tx) => {
        const user = findUser(tx, params.user);
        refuseOtherRole(user, body.was);
        if (body.role !== 'admin') keepAnAdmin(tx, user, 'given a lower role');
        const changed = { ...letIn(user), role: body.role };
        tx.put('users', changed);
        return viewOf(changed);
      }),

    'user.password': async ({ deps, params, body, principal }) => {
      if (principal.role !== 'admin' || body.current !== undefined) {
        if (principal.role !== 'admin' && principal.user !== params.user) {
          throw new BerthError(
            'forbidden',
            `user ${principal.user} may not set the password of "${params.user}"`,
            {
              hint: 'ask an admin',
            },
          );
        }
        const user = deps.store.view((tx) => findUser(tx, params.user));
        const now = deps.clock.now();
        limiter.check(user.name, principal.from, now);
        limiter.failed(user.name, principal.from, now);
        if (!(await verifyPassword(body.current ?? '', user.passwordHash))) {
          throw new BerthError('forbidden', 'the current password is missing or wrong', {
            hint: 'give it beside the new one, or ask an admin to set a new one',
          });
        }
        limiter.succeeded(user.name, principal.from);
      } else {
        deps.store.view((tx) => findUser(tx, params.user));
      }
      const password = body.password ?? newPassword();
      const passwordHash = await hashPassword(password);
      await deps.store.update((tx) => {
        tx.put('users', { ...findUser(tx, params.user), passwordHash });
        for (const token of [...tx.by('apiTokens', 'user', params.user)])
          if (token.session === true) tx.delete('apiTokens', token.id);
      });
      return body.password === undefined ? { password } : {};
    },

    'user.unlock': ({ deps, params }) => {
      deps.store.view((tx) => findUser(tx, params.user));
      limiter.unlock(params.user);
      return {};
    },

    'user.delete': ({ deps, params }) =>
      deps.store.update((tx) => {
        const user = findUser(tx, params.user);
        keepAnAdmin(tx, user, 'removed');
        for (const token of [...tx.by('apiTokens', 'user', user.name)]) tx.delete('apiTokens', token.id);
        tx.delete('users', user.name);
        return {};
      }),
  };
}

/** @throws BerthError `not_found` */
export function findUser(tx: ReadTx, name: string): User {
  const user = tx.get('users', name);
  if (user !== undefined) return user;
  throw new BerthError('not_found', `there is no user "${name}"`, { hint: '"berth user ls" lists them' });
}

/** @throws BerthError `conflict` where nobody else is one */
export function keepAnAdmin(tx: ReadTx | WriteTx, user: User, what: string): void {
  if (user.role !== 'admin') return;
  for (const other of tx.all('users'))
    if (other.role === 'admin' && other.name !== user.name && !isShutOut(other)) return;
  throw new BerthError('conflict', `"${user.name}" is the last admin and cannot be ${what}`, {
    hint: 'make another user an admin first',
  });
}

/** The user, whatever the provider has said of its account. */
export function letIn({ oidc, ...user }: User): User {
  return oidc === undefined ? user : { ...user, oidc: { issuer: oidc.issuer, subject: oidc.subject } };
}

function viewOf({ name, role, createdAt, oidc }: User, locks: readonly LoginLock[] = []): UserView {
  const by =
    oidc === undefined ? {} : { provider: oidc.issuer, ...(oidc.shutOut === true ? { shutOut: true } : {}) };
  return { name, role, createdAt, locks: [...locks], ...by };
}
