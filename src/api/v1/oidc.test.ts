import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { Provider } from 'oidc-provider';
import { Agent, request } from 'undici';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createCa, issueServerCertificate, openCa } from '../../link/index.ts';
import { type ApiFixture, startApi } from './api.fixture.ts';

/** A real provider, over TLS with a CA of its own; accounts by name, with what is said of them. */
type Account = Readonly<Record<string, unknown>>;

let api: ApiFixture;
let server: Server;
let agent: Agent;
let issuer: string;
let providerCa: string;
let accounts: Map<string, Account>;
/** Answers in the provider's place, where a test wants a lie. */
let lie: ((req: IncomingMessage, res: ServerResponse) => boolean) | undefined;
let asked: string[];
/** Who logs in at the provider next. */
let person: string;

const ADDRESS = 'https://berth.example.com';

beforeEach(async () => {
  api = await startApi();
  [lie, asked, person] = [undefined, [], 'ann'];
  accounts = new Map([
    ['ann', { preferred_username: 'Ann@example.com', groups: ['ops'] }],
    ['bob', { preferred_username: 'bob', groups: ['staff'] }],
    ['eve', { preferred_username: 'admin', groups: ['ops'] }],
    ['sam', { preferred_username: 'sam' }],
  ]);
  const ca = await openCa(await createCa('provider', Date.now()));
  providerCa = ca.certificate;
  const { key, certificate } = await issueServerCertificate(ca, ['127.0.0.1'], Date.now());
  let handle: (req: IncomingMessage, res: ServerResponse) => void = () => undefined;
  server = createServer({ key, cert: certificate }, (req, res) => {
    asked.push(`${req.method} ${req.url?.split('?')[0]}`);
    if (lie?.(req, res) !== true) handle(req, res);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  issuer = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  handle = newProvider();
  agent = new Agent({ connect: { ca: [providerCa, api.caPem] } });
});
afterEach(async () => {
  await agent.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await api.close();
});

function newProvider() {
  const provider = new Provider(issuer, {
    clients: [
      {
        ...{ client_id: 'berth', client_secret: 'the secret of the client' },
        redirect_uris: [`${ADDRESS}/login/oidc`],
      },
    ],
    claims: { profile: ['preferred_username', 'groups'] },
    pkce: { required: () => true },
    features: { devInteractions: { enabled: false } },
    interactions: { url: () => '/interaction' },
    findAccount: (_: unknown, id: string) => ({
      accountId: id,
      claims: () => ({ sub: `subject-of-${id}`, ...accounts.get(id) }),
    }),
    cookies: { keys: ['a key for tests'] },
  });
  const own = provider.callback();
  /** The person at the provider: says who they are, and agrees. */
  const interact = async (req: IncomingMessage, res: ServerResponse) => {
    const { prompt } = await provider.interactionDetails(req, res);
    if (person === 'nobody')
      return provider.interactionFinished(req, res, {
        error: 'access_denied',
        error_description: 'not today',
      });
    if (prompt.name === 'login')
      return provider.interactionFinished(req, res, { login: { accountId: person } });
    const grant = new provider.Grant({ accountId: person, clientId: 'berth' });
    grant.addOIDCScope('openid profile email');
    return provider.interactionFinished(req, res, { consent: { grantId: await grant.save() } });
  };
  return (req: IncomingMessage, res: ServerResponse) => {
    if (req.url?.startsWith('/interaction')) void interact(req, res);
    else own(req, res);
  };
}

const settings = () => ({
  ...{ issuer, clientId: 'berth', address: ADDRESS, ca: providerCa, label: 'Company' },
  roles: { admin: ['ops'], viewer: ['staff'] },
});
const set = (more = {}) =>
  api.root.call('oidc.set', { ...settings(), clientSecret: 'the secret of the client', ...more });

type Cookies = Map<string, string>;

async function send(method: 'GET' | 'POST', url: string, cookies: Cookies, body?: unknown) {
  const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  const answer = await request(url, {
    ...{ method, dispatcher: agent },
    headers: {
      ...(cookie === '' ? {} : { cookie }),
      ...(body === undefined ? {} : { 'content-type': 'application/json', 'berth-page': '1' }),
    },
    body: body === undefined ? null : JSON.stringify(body),
  });
  for (const line of [answer.headers['set-cookie'] ?? []].flat()) {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
    if (value === '' || /expires=Thu, 01 Jan 1970|Max-Age=0/i.test(line)) cookies.delete(name);
    else cookies.set(name, value);
  }
  return { status: answer.statusCode, headers: answer.headers, text: await answer.body.text() };
}

/** From the page's button until the provider sends the browser back: the query of where it sends it. */
async function throughProvider(own: Cookies): Promise<string> {
  const begun = await send('POST', `${api.url}/v1/session/oidc`, own, {});
  let { url } = JSON.parse(begun.text) as { url: string };
  const theirs: Cookies = new Map();
  for (let step = 0; step < 10 && url.startsWith(issuer); step++) {
    const { headers } = await send('GET', url, theirs);
    url = new URL(String(headers.location), url).href;
  }
  expect(url.startsWith(`${ADDRESS}/login/oidc?`)).toBe(true);
  return new URL(url).search;
}

const finish = async (own: Cookies, query: string) => {
  const { status, text } = await send('POST', `${api.url}/v1/session/oidc/callback`, own, { query });
  return { status, body: JSON.parse(text) as Record<string, string> };
};

async function logIn() {
  const own: Cookies = new Map();
  const query = await throughProvider(own);
  return { own, query, ...(await finish(own, query)) };
}

describe('log-in by a provider', () => {
  it('makes a user with the role of its groups, and a session like any other', async () => {
    const shown = await set();
    expect(shown).toMatchObject({ hasSecret: true, redirect: `${ADDRESS}/login/oidc` });
    expect(JSON.stringify([shown, await api.root.call('oidc.get')])).not.toContain('the secret');
    expect(JSON.stringify(api.store.view((tx) => [...tx.all('oidcProviders')]))).not.toContain('the secret');
    expect(await api.client().call('session.ways')).toEqual({ oidc: { label: 'Company', address: ADDRESS } });
    const { own, query, status, body } = await logIn();
    expect([status, body]).toEqual([200, { user: 'ann', role: 'admin', expiresAt: expect.any(Number) }]);
    expect([...own.keys()]).toEqual(['__Host-berth']);
    const token = own.get('__Host-berth');
    expect(await api.client(token).call('session.whoami')).toMatchObject({ user: 'ann', role: 'admin' });
    const users = (await api.root.call('user.list')).users;
    expect(users.find(({ name }) => name === 'ann')).toMatchObject({ role: 'admin', provider: issuer });
    // Without a password, whatever is tried.
    await expect(api.client().call('session.login', { user: 'ann', password: 'x' })).rejects.toMatchObject({
      code: 'unauthenticated',
    });
    // Once is all that its code is good for, and all that the browser's cookie is.
    expect((await finish(own, query)).body.message).toContain('has begun no log-in');
    const { entries } = await api.root.call('audit.list', { action: 'session.login' });
    expect(entries.filter(({ outcome }) => outcome === 'ok')).toMatchObject([{ user: 'ann', target: 'ann' }]);
  });

  it('has the role of today, and the same user under another name', async () => {
    await set();
    await logIn();
    accounts.set('ann', { preferred_username: 'ann-married', groups: ['staff'] });
    expect((await logIn()).body).toMatchObject({ user: 'ann', role: 'viewer' });
  });

  it('refuses who has no role, who would be somebody else, and what would leave no admin', async () => {
    await set();
    person = 'sam';
    expect(await logIn()).toMatchObject({
      status: 403,
      body: { message: `your account at ${issuer} has no role here` },
    });
    person = 'eve';
    expect((await logIn()).body.message).toContain('there is a user "admin" who is not your account');
    person = 'nobody';
    expect((await logIn()).body.message).toBe(`${issuer} has refused: not today`);
    person = 'ann';
    await logIn();
    for (const name of ['admin', 'test-admin'])
      await api.root.call('user.delete', { user: name }).catch(() => undefined);
    for (const { name, role } of (await api.root.call('user.list')).users)
      if (role === 'admin' && name !== 'ann') await api.root.call('user.delete', { user: name });
    accounts.set('ann', { preferred_username: 'ann', groups: ['staff'] });
    expect((await logIn()).body.message).toContain('"ann" is the last admin');
  });

  it('takes no answer that is of another browser, of another log-in, or late', async () => {
    await set();
    const [mine, others]: [Cookies, Cookies] = [new Map(), new Map()];
    const query = await throughProvider(mine);
    await throughProvider(others);
    expect((await finish(new Map(), query)).body.message).toContain('has begun no log-in');
    expect((await finish(new Map(others), query)).body.message).toContain('does not hold');
    const forged = new Map([['__Host-berth-oidc', 'v1.k.AAAA']]);
    expect((await finish(forged, query)).body.message).toContain('is not known here');
    api.clock.time += 11 * 60_000;
    expect((await finish(new Map(mine), query)).body.message).toContain('too long ago');
    expect(api.store.view((tx) => [...tx.all('users')].some(({ oidc }) => oidc !== undefined))).toBe(false);
  });

  it('slows down who tries again and again', async () => {
    await set();
    for (let i = 0; i < 5; i++) await finish(new Map(), '?code=x&state=y');
    expect(await finish(new Map(), '?code=x&state=y')).toMatchObject({ status: 429 });
  });
});

describe('a provider that is set', () => {
  it('has to answer, over TLS that is good, and be who it says', async () => {
    await expect(set({ ca: '' })).rejects.toMatchObject({ code: 'unavailable' });
    await expect(set({ issuer: `${issuer}/other` })).rejects.toMatchObject({
      message: expect.stringContaining(issuer),
    });
    lie = (_, res) => {
      const body = { issuer: 'https://evil.example', authorization_endpoint: 'https://evil.example/a' };
      res.setHeader('content-type', 'application/json').end(JSON.stringify(body));
      return true;
    };
    await expect(set()).rejects.toMatchObject({ message: expect.stringContaining('does not hold') });
    lie = (_, res) => {
      const inside = 'http://169.254.169.254/latest';
      const body = { issuer, authorization_endpoint: inside, token_endpoint: inside, jwks_uri: inside };
      res.setHeader('content-type', 'application/json').end(JSON.stringify(body));
      return true;
    };
    await expect(set()).rejects.toMatchObject({
      message: `${issuer} names no authorization_endpoint with https`,
    });
    expect((await api.root.call('oidc.get')).provider).toBeUndefined();
    await expect(api.client(api.tokens.operator).call('oidc.get')).rejects.toMatchObject({
      code: 'forbidden',
    });
  });

  it('leads nowhere else afterwards, and its lies are told in a sentence', async () => {
    await set();
    asked.length = 0;
    const own: Cookies = new Map();
    const query = await throughProvider(own);
    lie = (req, res) => {
      if (!req.url?.startsWith('/token')) return false;
      res.writeHead(307, { location: '/secret-place' }).end();
      return true;
    };
    const { body } = await finish(new Map(own), query);
    expect(body.message).toContain(issuer);
    expect(asked.filter((one) => one.includes('secret-place'))).toEqual([]);
    lie = (req, res) => {
      if (!req.url?.startsWith('/token')) return false;
      res.setHeader('content-type', 'application/json').end(`{"x":"${'y'.repeat(2 * 1024 * 1024)}"}`);
      return true;
    };
    const again = await throughProvider(own);
    expect((await finish(new Map(own), again)).body.message).toContain(issuer);
  });

  it('keeps its secret where other things of it are changed, and none for another client', async () => {
    await set();
    expect(await api.root.call('oidc.set', { ...settings(), label: 'New' })).toMatchObject({
      hasSecret: true,
    });
    expect((await logIn()).status).toBe(200);
    expect(await api.root.call('oidc.set', { ...settings(), clientId: 'other' })).toMatchObject({
      hasSecret: false,
    });
    await api.root.call('oidc.delete');
    expect(await api.client().call('session.ways')).toEqual({});
  });
});
