import * as oidc from 'openid-client';
import { Agent, fetch } from 'undici';
import { BerthError, messageOf } from '../../kit/errors.ts';
import { OIDC_CALLBACK, type OidcEndpoints, type OidcProvider, type OidcSettings } from '../../model/oidc.ts';

/** How long one answer of the provider may take. */
const PATIENCE_SECONDS = 10;
/** How long it may take to show that it is there. */
const KNOCK_SECONDS = 5;
/** Its clock and the manager's may differ by this (seconds). */
const SKEW_SECONDS = 30;
const MOST_BYTES = 1024 * 1024;

/** What of a log-in is kept until the provider has sent the person back. */
export type OidcFlow = Readonly<{ state: string; nonce: string; verifier: string }>;

/** What a provider says of somebody. */
export type OidcAnswer = Readonly<{
  claims: Readonly<Record<string, unknown>> & Readonly<{ sub: string }>;
  /** By which it can be asked again; some give none. */
  refresh: string | undefined;
}>;

/** What is found out of a provider when it is set. */
export type Discovered = Readonly<{ endpoints: OidcEndpoints; algorithms: string[]; byBasic: boolean }>;

/**
 * Asks the provider what it is.
 * @throws BerthError `bad_request` where there is none, or one that Berth does not take; `unavailable` where it does not answer
 */
export async function discoverProvider(settings: OidcSettings): Promise<Discovered> {
  const { issuer, clientId, ca } = settings;
  const known = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const only = newFetch(new Set([known]), ca);
  try {
    const config = await oidc.discovery(new URL(issuer), clientId, undefined, oidc.None(), {
      [oidc.customFetch]: only.fetch,
      timeout: PATIENCE_SECONDS,
    });
    const meta = config.serverMetadata();
    const endpoint = (name: string, text: string | undefined): string => {
      if (text !== undefined && URL.canParse(text) && new URL(text).protocol === 'https:') return text;
      throw new BerthError('bad_request', `${issuer} names no ${name} with https`);
    };
    const methods = meta.token_endpoint_auth_methods_supported;
    return {
      endpoints: {
        authorization: endpoint('authorization_endpoint', meta.authorization_endpoint),
        token: endpoint('token_endpoint', meta.token_endpoint),
        keys: endpoint('jwks_uri', meta.jwks_uri),
        ...(meta.userinfo_endpoint === undefined
          ? {}
          : { userinfo: endpoint('userinfo_endpoint', meta.userinfo_endpoint) }),
      },
      algorithms: [...(meta.id_token_signing_alg_values_supported ?? ['RS256'])],
      // The default, where it says nothing (OpenID Connect Discovery 1.0, section 3).
      byBasic: methods === undefined || methods.includes('client_secret_basic'),
    };
  } catch (thrown) {
    throw problemOf(thrown, issuer);
  } finally {
    await only.close();
  }
}

/**
 * Asks whether it answers at all, so that nobody is sent to where nothing is.
 * @throws BerthError `unavailable`
 */
export async function askProvider({ settings, endpoints }: OidcProvider): Promise<void> {
  const { issuer, ca } = settings;
  const only = newFetch(new Set([endpoints.keys]), ca);
  try {
    const { status } = await only.fetch(endpoints.keys, {
      method: 'GET',
      headers: { accept: 'application/json' },
      body: undefined,
      redirect: 'manual',
      signal: AbortSignal.timeout(KNOCK_SECONDS * 1000),
    });
    if (status >= 500) throw new Error(`status ${status}`);
  } catch (thrown) {
    throw problemOf(thrown, issuer);
  } finally {
    await only.close();
  }
}

/** Where the person is sent to, and what is to be kept until they are back. */
export async function beginLogin(provider: OidcProvider): Promise<Readonly<{ url: string; flow: OidcFlow }>> {
  const { address, scopes } = provider.settings;
  const flow = {
    state: oidc.randomState(),
    nonce: oidc.randomNonce(),
    verifier: oidc.randomPKCECodeVerifier(),
  };
  const url = oidc.buildAuthorizationUrl(configOf(provider, undefined), {
    redirect_uri: address + OIDC_CALLBACK,
    scope: [...new Set(['openid', ...scopes])].join(' '),
    code_challenge: await oidc.calculatePKCECodeChallenge(flow.verifier),
    code_challenge_method: 'S256',
    state: flow.state,
    nonce: flow.nonce,
  });
  return { url: url.href, flow };
}

/**
 * What the provider says of whom it has sent back.
 * @param query of the address that the person was sent back to
 * @throws BerthError in one sentence
 */
export async function finishLogin(
  provider: OidcProvider,
  secret: string | undefined,
  flow: OidcFlow,
  query: string,
): Promise<OidcAnswer> {
  const { issuer, address } = provider.settings;
  return withTokens(provider, secret, async (config) => {
    const url = new URL(address + OIDC_CALLBACK);
    url.search = query;
    const tokens = await oidc.authorizationCodeGrant(config, url, {
      pkceCodeVerifier: flow.verifier,
      expectedState: flow.state,
      expectedNonce: flow.nonce,
      idTokenExpected: true,
    });
    const claims = tokens.claims();
    if (claims === undefined) throw new BerthError('unauthenticated', `${issuer} has sent no ID token`);
    return answerOf(config, provider, tokens, claims.sub);
  });
}

/** What says that a log-in does not hold any more, and not merely that the provider has a problem (RFC 6749, 5.2; OpenID Connect Core 1.0, 3.1.2.6). */
const ENDED: ReadonlySet<string> = new Set([
  ...['invalid_grant', 'login_required', 'consent_required'],
  ...['interaction_required', 'account_selection_required'],
]);

/**
 * What the provider says now of somebody who has logged in.
 * @returns undefined where the log-in is over there: the account is gone or locked, or has logged out
 * @throws BerthError where it could not be found out
 */
export async function refreshLogin(
  provider: OidcProvider,
  secret: string | undefined,
  refresh: string,
  subject: string,
): Promise<OidcAnswer | undefined> {
  return withTokens(provider, secret, async (config) => {
    try {
      const tokens = await oidc.refreshTokenGrant(config, refresh);
      if (tokens.claims() !== undefined && tokens.claims()?.sub !== subject) return undefined;
      return await answerOf(config, provider, tokens, subject);
    } catch (thrown) {
      if (thrown instanceof oidc.ResponseBodyError && ENDED.has(thrown.error)) return undefined;
      throw thrown;
    }
  });
}

type Tokens = oidc.TokenEndpointResponse & oidc.TokenEndpointResponseHelpers;

/** Claims of the ID token, and of userinfo where that lacks what is asked for. */
async function answerOf(
  config: oidc.Configuration,
  { settings: { issuer, roleClaim, nameClaim }, endpoints: { userinfo } }: OidcProvider,
  tokens: Tokens,
  subject: string,
): Promise<OidcAnswer> {
  const claims = tokens.claims();
  const refresh = tokens.refresh_token;
  const isAll = claims?.[roleClaim] !== undefined && claims[nameClaim] !== undefined;
  if (claims !== undefined && (isAll || userinfo === undefined)) return { claims, refresh };
  if (userinfo === undefined)
    throw new BerthError('unavailable', `${issuer} has sent no ID token, and has no userinfo`);
  const more = await oidc.fetchUserInfo(config, tokens.access_token, subject);
  return { claims: { ...more, ...claims, sub: subject }, refresh };
}

/** Runs `ask` where the provider's tokens may be asked for. @throws BerthError in one sentence */
async function withTokens<T>(
  provider: OidcProvider,
  secret: string | undefined,
  ask: (config: oidc.Configuration) => Promise<T>,
): Promise<T> {
  const { issuer, ca } = provider.settings;
  const { token, keys, userinfo } = provider.endpoints;
  const only = newFetch(new Set([token, keys, ...(userinfo === undefined ? [] : [userinfo])]), ca);
  const config = configOf(provider, secret);
  config[oidc.customFetch] = only.fetch;
  // The signature too, though it came over TLS.
  oidc.enableNonRepudiationChecks(config);
  try {
    return await ask(config);
  } catch (thrown) {
    throw problemOf(thrown, issuer);
  } finally {
    await only.close();
  }
}

function configOf(provider: OidcProvider, secret: string | undefined): oidc.Configuration {
  const { settings, endpoints, algorithms, byBasic } = provider;
  const auth =
    secret === undefined
      ? oidc.None()
      : byBasic
        ? oidc.ClientSecretBasic(secret)
        : oidc.ClientSecretPost(secret);
  const config = new oidc.Configuration(
    {
      issuer: settings.issuer,
      authorization_endpoint: endpoints.authorization,
      token_endpoint: endpoints.token,
      jwks_uri: endpoints.keys,
      ...(endpoints.userinfo === undefined ? {} : { userinfo_endpoint: endpoints.userinfo }),
      id_token_signing_alg_values_supported: algorithms,
    },
    settings.clientId,
    { [oidc.clockTolerance]: SKEW_SECONDS },
    auth,
  );
  config.timeout = PATIENCE_SECONDS;
  return config;
}

/** Calls these addresses and no others, wherever an answer may want to lead; answers are small. */
function newFetch(
  allowed: ReadonlySet<string>,
  ca: string,
): Readonly<{ fetch: oidc.CustomFetch; close(): Promise<void> }> {
  const dispatcher = new Agent({
    connect: { timeout: PATIENCE_SECONDS * 1000, ...(ca === '' ? {} : { ca }) },
    maxResponseSize: MOST_BYTES,
    headersTimeout: PATIENCE_SECONDS * 1000,
    bodyTimeout: PATIENCE_SECONDS * 1000,
  });
  return {
    fetch: async (url, options) => {
      if (!allowed.has(url)) throw new BerthError('forbidden', `${url} is none of the provider's addresses`);
      const { method, headers, body, signal } = options;
      const answer = await fetch(url, {
        ...{ method, headers, dispatcher, redirect: 'manual' },
        body: body instanceof URLSearchParams ? body.toString() : ((body ?? null) as string | null),
        ...(signal === undefined ? {} : { signal }),
      });
      return answer as unknown as Response;
    },
    close: () => dispatcher.destroy(),
  };
}

const CLOCKS = 'OAUTH_JWT_TIMESTAMP_CHECK_FAILED';

/** What went wrong, in one sentence for the person who logs in. */
function problemOf(thrown: unknown, issuer: string): BerthError {
  if (thrown instanceof BerthError) return thrown;
  if (thrown instanceof oidc.AuthorizationResponseError || thrown instanceof oidc.ResponseBodyError) {
    const said = clean(thrown.error_description ?? thrown.error);
    return new BerthError('forbidden', `${issuer} has refused: ${said}`, {
      hint: 'try again, or ask who runs the provider',
      cause: thrown,
    });
  }
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';
  if (code === CLOCKS)
    return new BerthError('unauthenticated', `${issuer} and the manager do not agree on the time`, {
      hint: 'look at the clocks of both: they may differ by 30 s',
      cause: thrown,
    });
  if (code.startsWith('OAUTH_') && code !== 'OAUTH_TIMEOUT')
    return new BerthError(
      'unauthenticated',
      `what ${issuer} has answered does not hold: ${messageOf(thrown)}`,
      {
        hint: 'try again; if it stays so, look at the settings of the log-in',
        cause: thrown,
      },
    );
  const cause = thrown instanceof Error && thrown.cause instanceof Error ? thrown.cause : thrown;
  return new BerthError('unavailable', `${issuer} does not answer: ${clean(messageOf(cause))}`, {
    hint: 'log in with a password meanwhile, or try again',
    cause: thrown,
  });
}

/** A stranger's text, on one line. */
function clean(text: string): string {
  return text.replace(/[^\x20-\x7e\u00a0-\uffff]+/g, ' ').slice(0, 200);
}
