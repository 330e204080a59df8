import type { ServerResponse } from 'node:http';
import { Agent, request } from 'undici';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { principalOfCertificate } from '../docker/certificate.ts';
import { type ApiFixture, startApi } from './api.fixture.ts';
import { OidcChecks } from './oidc-checks.ts';
import { CLIENT, startProvider, type TestProvider } from './oidc-provider.fixture.ts';

let api: ApiFixture;
let provider: TestProvider;
let issuer: string;
let agent: Agent;

const ADDRESS = 'https://berth.example.com';

beforeEach(async () => {
  api = await startApi();
  provider = await startProvider({ address: '127.0.0.1', back: `${ADDRESS}/login/oidc` });
  issuer = provider.issuer;
  provider.person = 'ann';
  for (const [name, account] of Object.entries({
    ann: { preferred_username: 'Ann@example.com', groups: ['ops'] },
    bob: { preferred_username: 'bob', groups: ['staff'] },
    eve: { preferred_username: 'admin', groups: ['ops'] },
    sam: { preferred_username: 'sam' },
  }))
    provider.accounts.set(name, account);
  agent = new Agent({ connect: { ca: [provider.ca, api.caPem] } });
});
afterEach(async () => {
  await agent.close();
  await provider.close();
  await api.close();
});

const settings = () => ({
  ...{ issuer, clientId: CLIENT.id, address: ADDRESS, ca: provider.ca, label: 'Company' },
  roles: { admin: ['ops'], viewer: ['staff'] },
});
const set = (more = {}) => api.root.call('oidc.set', { ...settings(), clientSecret: CLIENT.secret, ...more });

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
    provider.accounts.set('ann', { preferred_username: 'ann-married', groups: ['staff'] });
    expect((await logIn()).body).toMatchObject({ user: 'ann', role: 'viewer' });
  });

  it('refuses who has no role, who would be somebody else, and what would leave no admin', async () => {
    await set();
    provider.person = 'sam';
    expect(await logIn()).toMatchObject({
      status: 403,
      body: { message: `your account at ${issuer} has no role here` },
    });
    provider.person = 'eve';
    expect((await logIn()).body.message).toContain('there is a user "admin" who is not your account');
    provider.person = 'nobody';
    expect((await logIn()).body.message).toBe(`${issuer} has refused: not today`);
    provider.person = 'ann';
    await logIn();
    for (const name of ['admin', 'test-admin'])
      await api.root.call('user.delete', { user: name }).catch(() => undefined);
    for (const { name, role } of (await api.root.call('user.list')).users)
      if (role === 'admin' && name !== 'ann') await api.root.call('user.delete', { user: name });
    provider.accounts.set('ann', { preferred_username: 'ann', groups: ['staff'] });
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

describe('a log-in by a provider, afterwards', () => {
  let checks: OidcChecks;
  beforeEach(async () => {
    checks = new OidcChecks(api.deps);
    await set();
  });
  afterEach(() => checks.close());
  const MINUTE = 60_000;
  const later = async (minutes: number) => {
    api.clock.time += minutes * MINUTE;
    await checks.round();
  };
  const enter = async (who: string) => {
    provider.person = who;
    const { own } = await logIn();
    return () =>
      api
        .client(own.get('__Host-berth'))
        .call('session.whoami')
        .then(
          ({ role }) => role,
          ({ message }) => message,
        );
  };
  const told = async (action: string) =>
    (await api.root.call('audit.list', { action })).entries.map(
      ({ user, target, outcome }) => `${user}: ${target}: ${outcome}`,
    );
  const tokenRequests = () => provider.asked.filter((one) => one === 'POST /token').length;

  it('has the role of today within fifteen minutes, and what was made by it has no more', async () => {
    const ann = await enter('ann');
    const { token } = await api.root.call('apiToken.create', { user: 'ann', name: 'ci' });
    provider.accounts.set('ann', { preferred_username: 'ann', groups: ['staff'] });
    await later(9);
    expect([await ann(), tokenRequests()]).toEqual(['admin', 1]);
    await later(1);
    expect([await ann(), tokenRequests()]).toEqual(['viewer', 2]);
    expect((await api.client(token).call('session.whoami')).role).toBe('viewer');
    expect(await told('user.role')).toEqual(['system: ann, viewer by the provider: ok']);
    // Its new refresh token is what it is asked by next, and a role that comes back comes back.
    provider.accounts.set('ann', { preferred_username: 'ann', groups: ['ops'] });
    await later(10);
    expect([await ann(), tokenRequests()]).toEqual(['admin', 3]);
    const written = JSON.stringify(api.store.view((tx) => [...tx.all('apiTokens')]));
    expect(written).toMatch(/"sealed":"v1\./);
  });

  it('is over where the account has no role any more, with all that stands for the user', async () => {
    const [ann, again] = [await enter('ann'), await enter('ann')];
    const { token } = await api.root.call('apiToken.create', { user: 'ann', name: 'ci' });
    const subject = { subject: { CN: 'ann', OU: 'admin' } } as never;
    expect(principalOfCertificate(api.store, subject, '').role).toBe('admin');
    provider.accounts.set('ann', { preferred_username: 'ann' });
    await later(10);
    expect([await ann(), await again()]).toEqual(Array(2).fill('this token is not known'));
    const no = `user "ann" has no role at ${issuer} any more`;
    await expect(api.client(token).call('session.whoami')).rejects.toMatchObject({ message: no });
    expect(() => principalOfCertificate(api.store, subject, '')).toThrow(no);
    const { users } = await api.root.call('user.list');
    expect(users.find(({ name }) => name === 'ann')).toMatchObject({ shutOut: true });
    expect(await told('user.shut-out')).toEqual([
      'system: ann, who has no role at the provider any more: ok',
    ]);
    expect((await logIn()).status).toBe(403);
    provider.accounts.set('ann', { preferred_username: 'ann', groups: ['staff'] });
    expect(await (await enter('ann'))()).toBe('viewer');
    expect((await api.client(token).call('session.whoami')).role).toBe('viewer');
  });

  it('shuts out who is found to have no role when logging in, until an admin says otherwise', async () => {
    const ann = await enter('ann');
    provider.accounts.set('ann', { preferred_username: 'ann' });
    expect((await logIn()).status).toBe(403);
    expect(await ann()).toBe('this token is not known');
    const { token } = await api.root.call('apiToken.create', { user: 'ann', name: 'ci' });
    await expect(api.client(token).call('session.whoami')).rejects.toMatchObject({ code: 'unauthenticated' });
    await api.root.call('user.role', { user: 'ann', role: 'operator' });
    expect((await api.client(token).call('session.whoami')).role).toBe('operator');
  });

  it('is over where the account is gone, and for that one alone', async () => {
    const [ann, bob] = [await enter('ann'), await enter('bob')];
    provider.accounts.delete('ann');
    await later(10);
    expect([await ann(), await bob()]).toEqual(['this token is not known', 'viewer']);
    expect(await told('session.end')).toEqual(['system: ann: it does not hold at the provider any more']);
  });

  it('outlives a provider that is down for a while, but not for ever', async () => {
    const [ann, bob] = [await enter('ann'), await enter('bob')];
    provider.lie = (_, res) => {
      res.writeHead(503).end();
      return true;
    };
    await later(10);
    await later(225);
    expect([await ann(), await bob()]).toEqual(['admin', 'viewer']);
    provider.lie = undefined;
    await later(2);
    provider.lie = (_, res) => {
      res.destroy();
      return true;
    };
    await later(235);
    expect([await ann(), await bob()]).toEqual(['admin', 'viewer']);
    await later(6);
    expect(await ann()).toMatch(/^this token ended at /);
  });

  it('is asked about for all others, too, where one cannot be asked about', async () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    for (const name of names) provider.accounts.set(name, { preferred_username: name, groups: ['staff'] });
    const people = new Map<string, () => Promise<string>>();
    for (const name of ['ann', ...names]) people.set(name, await enter(name));
    provider.accounts.clear();
    let count = 0;
    provider.lie = (req, res) => {
      // The first of each round, whoever it is, gets no answer.
      if (!req.url?.startsWith('/token') || count++ > 0) return false;
      res.destroy();
      return true;
    };
    await later(10);
    await later(1);
    await later(1);
    for (const [name, ask] of people) expect([name, await ask()]).toEqual([name, 'this token is not known']);
  });

  it('ends after an hour where the provider gives nothing to ask by, and after seven days anyway', async () => {
    provider.isRefreshed = false;
    const bob = await enter('bob');
    provider.isRefreshed = true;
    const ann = await enter('ann');
    await later(59);
    expect([await bob(), await ann()]).toEqual(['viewer', 'admin']);
    await later(2);
    expect([await bob(), await ann()]).toEqual([expect.stringMatching(/^this token ended at /), 'admin']);
    for (let hours = 0; hours < 7 * 24; hours += 3) await later(180);
    expect(await ann()).toMatch(/^this token ended at /);
  });

  it('leaves the last admin one, without the log-in', async () => {
    const ann = await enter('ann');
    for (const { name, role } of (await api.root.call('user.list')).users)
      if (role === 'admin' && name !== 'ann') await api.root.call('user.delete', { user: name });
    provider.accounts.set('ann', { preferred_username: 'ann', groups: ['staff'] });
    await later(10);
    expect(await ann()).toBe('this token is not known');
    const { users } = await api.root.call('user.list');
    expect(users.find(({ name }) => name === 'ann')?.role).toBe('admin');
  });

  it('is asked for by a manager that runs', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const other = await startApi({ store: api.store, vault: api.deps.vault, clock: api.deps.clock });
    try {
      await enter('ann');
      api.clock.time += 10 * MINUTE;
      vi.advanceTimersByTime(MINUTE);
      await expect.poll(() => tokenRequests()).toBe(2);
    } finally {
      vi.useRealTimers();
      await other.close();
    }
  });
});

describe('a provider that is set', () => {
  it('has to answer, over TLS that is good, and be who it says', async () => {
    await expect(set({ ca: '' })).rejects.toMatchObject({ code: 'unavailable' });
    await expect(set({ issuer: `${issuer}/other` })).rejects.toMatchObject({
      message: expect.stringContaining(issuer),
    });
    provider.lie = (_, res) => {
      const body = { issuer: 'https://evil.example', authorization_endpoint: 'https://evil.example/a' };
      res.setHeader('content-type', 'application/json').end(JSON.stringify(body));
      return true;
    };
    await expect(set()).rejects.toMatchObject({ message: expect.stringContaining('does not hold') });
    provider.lie = (_, res) => {
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
    provider.asked.length = 0;
    const own: Cookies = new Map();
    const query = await throughProvider(own);
    provider.lie = (req, res) => {
      if (!req.url?.startsWith('/token')) return false;
      res.writeHead(307, { location: '/secret-place' }).end();
      return true;
    };
    const { body } = await finish(new Map(own), query);
    expect(body.message).toContain(issuer);
    expect(provider.asked.filter((one) => one.includes('secret-place'))).toEqual([]);
    provider.lie = (req, res) => {
      if (!req.url?.startsWith('/token')) return false;
      res.setHeader('content-type', 'application/json').end(`{"x":"${'y'.repeat(2 * 1024 * 1024)}"}`);
      return true;
    };
    const again = await throughProvider(own);
    expect((await finish(new Map(own), again)).body.message).toContain(issuer);
  });

  it('says so where it does not answer, before anybody is sent there, and is asked once for many', async () => {
    await set();
    const begin = async () => (await send('POST', `${api.url}/v1/session/oidc`, new Map(), {})).text;
    provider.lie = (_, res) => {
      res.writeHead(503).end();
      return true;
    };
    provider.asked.length = 0;
    const said = await Promise.all([begin(), begin(), begin()]);
    for (const text of said) expect(text).toContain(`${issuer} does not answer: status 503`);
    expect(said[0]).toContain('log in with a password meanwhile');
    expect(provider.asked).toEqual(['GET /jwks']);
    provider.lie = undefined;
    api.clock.time += 5_000;
    expect(await begin()).toContain(`${issuer}/auth?`);
    await provider.close();
    api.clock.time += 5_000;
    expect(await begin()).toMatch(/does not answer: .*ECONNREFUSED/);
  });

  it('is not believed what it has said in an earlier log-in', async () => {
    await set();
    let kept: string | undefined;
    provider.lie = (req, res) => {
      if (req.url !== '/token') return false;
      if (kept === undefined) {
        const end = res.end.bind(res) as (chunk: unknown) => ServerResponse;
        res.end = ((chunk: unknown) => {
          kept = String(chunk);
          return end(chunk);
        }) as typeof res.end;
        return false;
      }
      res.setHeader('content-type', 'application/json').end(kept);
      return true;
    };
    expect((await logIn()).status).toBe(200);
    expect(JSON.parse(kept ?? '{}')).toHaveProperty('id_token');
    // A good token of the right person, signed and not too old, but for another question.
    expect(await logIn()).toMatchObject({
      ...{
        status: 401,
        body: { message: expect.stringContaining('does not hold: unexpected JWT claim value') },
      },
    });
  });

  it('is set over what another admin has set by nobody who has not seen that', async () => {
    const first = await set({ was: null });
    api.clock.time += 1000;
    await expect(set({ label: 'Mine', was: null })).rejects.toMatchObject({
      ...{ code: 'conflict', message: 'the log-in by a provider was set by root meanwhile' },
    });
    const second = await set({ label: 'Mine', was: first.at });
    expect(second.settings.label).toBe('Mine');
    await expect(set({ was: first.at })).rejects.toMatchObject({ code: 'conflict' });
    await api.root.call('oidc.delete');
    await expect(set({ was: second.at })).rejects.toMatchObject({
      message: 'the log-in by a provider was taken away meanwhile',
    });
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
