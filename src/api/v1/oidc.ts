import type { OidcProviderView, oidcRoutes } from '../../contract/v1/oidc.ts';
import { BerthError } from '../../kit/errors.ts';
import type { Vault } from '../../kit/vault.ts';
import { OIDC_CALLBACK, OIDC_PURPOSE, type OidcProvider, oidcSettingsSchema } from '../../model/oidc.ts';
import type { ReadTx } from '../../store/store.ts';
import { OIDC_KEY } from '../../store/tables.ts';
import type { LoginLimiter } from '../auth/login-limiter.ts';
import { askProvider, beginLogin, discoverProvider, finishLogin, type OidcFlow } from '../auth/oidc.ts';
import { cookieOf, FLOW_COOKIE, flowCookie, pageCookie } from '../auth/page-cookie.ts';
import { refuseOtherProvider } from './as-seen.ts';
import type { Handlers } from './handler.ts';
import { admit, clientSecretOf, providerOf, sealRefresh, sessionOf } from './oidc-users.ts';
import { openSession, SESSION_MS } from './open-session.ts';

/** A log-in that has not come back by then is begun anew. */
const FLOW_MS = 10 * 60_000;
/** So long what was heard of a provider holds: strangers who begin log-ins do not have it asked each time. */
const HEARD_MS = 5_000;
const FLOW_PURPOSE = 'oidc/flow';
/** Under this name failures count for an address: nobody is called so. */
const LIMITED = ':oidc';

/** @param limiter of log-ins, by all doors */
export function oidcHandlers(limiter: LoginLimiter): Handlers<keyof typeof oidcRoutes> {
  let heard: Readonly<{ of: OidcProvider; at: number; isThere: Promise<void> }> | undefined;
  const asked = (provider: OidcProvider, now: number): Promise<void> => {
    if (heard?.of !== provider || now - heard.at >= HEARD_MS)
      heard = { of: provider, at: now, isThere: askProvider(provider) };
    return heard.isThere;
  };
  return {
    'oidc.get': ({ deps }) => {
      const provider = deps.store.view(providerOf);
      return provider === undefined ? {} : { provider: viewOf(provider) };
    },

    'oidc.set': async ({ deps, body, principal, about }) => {
      const { clientSecret, was, ...rest } = body;
      const settings = oidcSettingsSchema.parse(rest);
      about(settings.issuer);
      const before = deps.store.view(providerOf);
      const isSame =
        before?.settings.issuer === settings.issuer && before.settings.clientId === settings.clientId;
      refuseOtherProvider(before, was);
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
      await deps.store.update((tx) => {
        // Again: another may have set it while the provider was asked.
        refuseOtherProvider(providerOf(tx), was);
        tx.put('oidcProviders', provider);
      });
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
      const provider = deps.store.view(theProvider);
      await asked(provider, deps.clock.now());
      const { url, flow } = await beginLogin(provider);
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
      const answer = await finishLogin(provider, clientSecretOf(provider, vault), flow, body.query);
      const kept = sessionOf(sealRefresh(vault, answer.refresh), now);
      const opened = await deps.store.update((tx) => {
        const admitted = admit(tx, provider, answer.claims, now);
        if (admitted === undefined) return undefined;
        return { user: admitted, ...openSession(tx, admitted, principal.from, now, kept) };
      });
      if (opened === undefined)
        throw new BerthError('forbidden', `your account at ${provider.settings.issuer} has no role here`, {
          hint: `an admin can give one of its ${provider.settings.roleClaim} a role: "berth oidc set"`,
        });
      const { user, token, expiresAt } = opened;
      about(user.name, user.name);
      limiter.succeeded(LIMITED, principal.from);
      setCookie([pageCookie(token, SESSION_MS / 1000), flowCookie('', 0)]);
      return { user: user.name, role: user.role, expiresAt };
    },
  };
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
