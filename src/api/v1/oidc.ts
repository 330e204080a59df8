import type { OidcProviderView, oidcRoutes } from '../../contract/v1/oidc.ts';
import { BerthError } from '../../kit/errors.ts';
import type { Vault } from '../../kit/vault.ts';
import { type Role, roleAllows, type User } from '../../model/access.ts';
import {
  nameByClaims,
  OIDC_CALLBACK,
  OIDC_PURPOSE,
  type OidcProvider,
  oidcSettingsSchema,
  roleByClaims,
} from '../../model/oidc.ts';
import type { ReadTx, WriteTx } from '../../store/store.ts';
import { OIDC_KEY } from '../../store/tables.ts';
import type { LoginLimiter } from '../auth/login-limiter.ts';
import { beginLogin, discoverProvider, finishLogin, type OidcFlow } from '../auth/oidc.ts';
import { cookieOf, FLOW_COOKIE, flowCookie, pageCookie } from '../auth/page-cookie.ts';
import type { Handlers } from './handler.ts';
import { openSession, SESSION_MS } from './open-session.ts';
import { keepAnAdmin } from './users.ts';

/** A log-in that has not come back by then is begun anew. */
const FLOW_MS = 10 * 60_000;
const FLOW_PURPOSE = 'oidc/flow';
/** Under this name failures count for an address: nobody is called so. */
const LIMITED = ':oidc';

/** @param limiter of log-ins, by all doors */
export function oidcHandlers(limiter: LoginLimiter): Handlers<keyof typeof oidcRoutes> {
  return {
    'oidc.get': ({ deps }) => {
      const provider = deps.store.view(providerOf);
      return provider === undefined ? {} : { provider: viewOf(provider) };
    },

    'oidc.set': async ({ deps, body, principal, about }) => {
      const { clientSecret, ...rest } = body;
      const settings = oidcSettingsSchema.parse(rest);
      about(settings.issuer);
      const before = deps.store.view(providerOf);
      const isSame =
        before?.settings.issuer === settings.issuer && before.settings.clientId === settings.clientId;
      const found = await discoverProvider(settings);
      const sealed =
        clientSecret === undefined
          ? isSame
            ? before.sealed
            : undefined
          : clientSecret === ''
            ? undefined
            : deps.vault.vault.seal(clientSecret, OIDC_PURPOSE);
      const provider: OidcProvider = {
        ...{ kind: 'oidc-provider', settings, ...found },
        ...(sealed === undefined ? {} : { sealed }),
        ...{ at: deps.clock.now(), by: principal.user },
      };
      await deps.store.update((tx) => tx.put('oidcProviders', provider));
      return viewOf(provider);
    },

    'oidc.delete': ({ deps }) =>
      deps.store.update((tx) => {
        if (tx.delete('oidcProviders', OIDC_KEY)) return {};
        throw new BerthError('not_found', 'there is no log-in by a provider');
      }),

    'session.ways': ({ deps }) => {
      const provider = deps.store.view(providerOf);
      if (provider === undefined) return {};
      const { label, address } = provider.settings;
      return { oidc: { label, address } };
    },

    'oidc.begin': async ({ deps, setCookie }) => {
      const { url, flow } = await beginLogin(deps.store.view(theProvider));
      const until = deps.clock.now() + FLOW_MS;
      setCookie(
        flowCookie(deps.vault.vault.seal(JSON.stringify({ ...flow, until }), FLOW_PURPOSE), FLOW_MS / 1000),
      );
      return { url };
    },

    'oidc.finish': async ({ deps, headers, body, principal, about, setCookie }) => {
      const now = deps.clock.now();
      const provider = deps.store.view(theProvider);
      about(provider.settings.issuer);
      limiter.check(LIMITED, principal.from, now);
      limiter.failed(LIMITED, principal.from, now);
      const { vault } = deps.vault;
      const flow = flowOf(vault, cookieOf(headers.cookie, FLOW_COOKIE), now);
      const secret =
        provider.sealed === undefined
          ? undefined
          : vault.open(provider.sealed, OIDC_PURPOSE).toString('utf8');
      const claims = await finishLogin(provider, secret, flow, body.query);
      const { user, token, expiresAt } = await deps.store.update((tx) => {
        const admitted = admit(tx, provider, claims, now);
        return { user: admitted, ...openSession(tx, admitted, principal.from, now) };
      });
      about(user.name, user.name);
      limiter.succeeded(LIMITED, principal.from);
      setCookie([pageCookie(token, SESSION_MS / 1000), flowCookie('', 0)]);
      return { user: user.name, role: user.role, expiresAt };
    },
  };
}

function providerOf(tx: ReadTx): OidcProvider | undefined {
  return tx.get('oidcProviders', OIDC_KEY);
}

function theProvider(tx: ReadTx): OidcProvider {
  const provider = providerOf(tx);
  if (provider !== undefined) return provider;
  throw new BerthError('not_found', 'there is no log-in by a provider', {
    hint: 'log in with a password; an admin sets one with "berth oidc set"',
  });
}

function viewOf({ settings, endpoints, sealed, at, by }: OidcProvider): OidcProviderView {
  const redirect = settings.address + OIDC_CALLBACK;
  return { settings, endpoints, hasSecret: sealed !== undefined, redirect, at, by };
}

function flowOf(vault: Vault, sealed: string | undefined, now: number): OidcFlow {
  const again = { hint: 'begin again, in this browser and at the address that the log-in is set for' };
  if (sealed === undefined)
    throw new BerthError('unauthenticated', 'this browser has begun no log-in, or too long ago', again);
  let flow: OidcFlow & Readonly<{ until: number }>;
  try {
    flow = JSON.parse(vault.open(sealed, FLOW_PURPOSE).toString('utf8'));
  } catch {
    throw new BerthError(
      'unauthenticated',
      'the log-in that this browser has begun is not known here',
      again,
    );
  }
  if (flow.until <= now || flow.until - now > FLOW_MS)
    throw new BerthError('unauthenticated', 'the log-in was begun too long ago', again);
  return flow;
}

/**
 * The user that the account is here: made where it comes for the first time, with the role of today always.
 * @throws BerthError `forbidden` where it has no role or no name; `conflict` where a user of that name logs in otherwise
 */
function admit(
  tx: WriteTx,
  provider: OidcProvider,
  claims: Readonly<Record<string, unknown>> & Readonly<{ sub: string }>,
  now: number,
): User {
  const { settings } = provider;
  const { issuer } = settings;
  const role = roleByClaims(claims, settings);
  if (role === undefined)
    throw new BerthError('forbidden', `your account at ${issuer} has no role here`, {
      hint: `an admin can give one of its ${settings.roleClaim} a role: "berth oidc set"`,
    });
  for (const user of tx.all('users'))
    if (user.oidc?.issuer === issuer && user.oidc.subject === claims.sub) return withRole(tx, user, role);
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
  if (user.role === role) return user;
  if (!roleAllows(role, user.role)) keepAnAdmin(tx, user, 'given a lower role');
  const changed = { ...user, role };
  tx.put('users', changed);
  return changed;
}
