import { BerthError } from '../../kit/errors.ts';
import type { Vault } from '../../kit/vault.ts';
import { type ApiToken, isShutOut, type Role, roleAllows, type User } from '../../model/access.ts';
import {
  nameByClaims,
  OIDC_PURPOSE,
  type OidcProvider,
  REFRESH_PURPOSE,
  roleByClaims,
} from '../../model/oidc.ts';
import type { ReadTx, WriteTx } from '../../store/store.ts';
import { OIDC_KEY } from '../../store/tables.ts';
import type { OidcAnswer } from '../auth/oidc.ts';
import { SESSION_MS } from './open-session.ts';
import { keepAnAdmin, letIn } from './users.ts';

/** A log-in whose provider cannot be asked ends this long after it has last said yes. */
export const GRACE_MS = 4 * 60 * 60_000;
/** A log-in ends after this long where the provider gives nothing to ask it by. */
const UNCHECKED_MS = 60 * 60_000;

/** Seals a refresh token. */
export function sealRefresh(vault: Vault, refresh: string | undefined): string | undefined {
  return refresh === undefined ? undefined : vault.seal(refresh, REFRESH_PURPOSE);
}

export function providerOf(tx: ReadTx): OidcProvider | undefined {
  return tx.get('oidcProviders', OIDC_KEY);
}

export function clientSecretOf({ sealed }: OidcProvider, vault: Vault): string | undefined {
  return sealed === undefined ? undefined : vault.open(sealed, OIDC_PURPOSE).toString('utf8');
}

/** A log-in by the provider that was good just now: what it is asked by again, and when it ends unless that says yes. */
export function sessionOf(
  sealed: string | undefined,
  now: number,
  until = now + SESSION_MS,
): Pick<ApiToken, 'expiresAt' | 'provider'> {
  if (sealed === undefined) return { expiresAt: now + UNCHECKED_MS };
  return { expiresAt: Math.min(now + GRACE_MS, until), provider: { sealed, checkedAt: now, until } };
}

/**
 * The user that the account is here: made where it comes for the first time, with the role of today always.
 * @returns undefined where it has no role: its user, if there is one, is shut out
 * @throws BerthError `forbidden` where it has no name; `conflict` where a user of that name logs in otherwise, or where it is the
 *   last admin and would be less
 */
export function admit(
  tx: WriteTx,
  { settings }: OidcProvider,
  claims: OidcAnswer['claims'],
  now: number,
): User | undefined {
  const { issuer } = settings;
  const role = roleByClaims(claims, settings);
  for (const user of tx.all('users'))
    if (user.oidc?.issuer === issuer && user.oidc.subject === claims.sub)
      return role === undefined ? shutOut(tx, user) : withRole(tx, user, role);
  if (role === undefined) return undefined;
  const name = nameByClaims(claims, settings);
  if (name === undefined)
    throw new BerthError('forbidden', `your account at ${issuer} has no name that a user here may have`, {
      hint: `it is taken from ${settings.nameClaim}: an admin can name another claim`,
    });
  if (tx.get('users', name) !== undefined)
    throw new BerthError('conflict', `there is a user "${name}" who is not your account at ${issuer}`, {
      hint: 'an admin can remove that one, or have names taken from another claim',
    });
  const user: User = {
    ...{ kind: 'user', name, role, passwordHash: '', createdAt: now },
    oidc: { issuer, subject: claims.sub },
  };
  tx.put('users', user);
  return user;
}

function withRole(tx: WriteTx, user: User, role: Role): User {
  if (user.role === role && !isShutOut(user)) return user;
  if (!roleAllows(role, user.role)) keepAnAdmin(tx, user, 'given a lower role');
  const changed = { ...letIn(user), role };
  tx.put('users', changed);
  return changed;
}

/** API tokens stay, and are good again when the account has a role again. */
function shutOut(tx: WriteTx, user: User): undefined {
  if (user.oidc === undefined) return;
  keepAnAdmin(tx, user, 'shut out');
  for (const token of [...tx.by('apiTokens', 'user', user.name)])
    if (token.session === true) tx.delete('apiTokens', token.id);
  tx.put('users', { ...user, oidc: { ...user.oidc, shutOut: true } });
}
