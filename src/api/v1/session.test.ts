import { Agent, request } from 'undici';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type ApiFixture, startApi } from './api.fixture.ts';

let api: ApiFixture;
let agent: Agent;
beforeEach(async () => {
  api = await startApi();
  agent = new Agent({ connect: { ca: api.caPem } });
});
afterEach(async () => {
  await agent.close();
  await api.close();
});

type Method = 'GET' | 'POST' | 'DELETE';
async function send(method: Method, path: string, headers: Record<string, string>, body?: unknown) {
  const answer = await request(`${api.url}${path}`, {
    method,
    dispatcher: agent,
    headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    body: body === undefined ? null : JSON.stringify(body),
  });
  const text = await answer.body.text();
  return { status: answer.statusCode, cookie: String(answer.headers['set-cookie'] ?? ''), text };
}

const PAGE = { 'berth-page': '1' };
async function opened(): Promise<string> {
  const { cookie } = await send('POST', '/v1/session', PAGE, { user: 'admin', password: api.adminPassword });
  return cookie.split(';')[0] ?? '';
}

it('gives a page a cookie that no script reads, and keeps its token out of the answer', async () => {
  const login = { user: 'admin', password: api.adminPassword };
  const { status, cookie, text } = await send('POST', '/v1/session', PAGE, login);
  expect(status).toBe(200);
  expect(cookie).toMatch(
    /^__Host-berth=berth_ses_[\w-]{43}; Path=\/; Max-Age=604800; Secure; HttpOnly; SameSite=Strict$/,
  );
  expect(JSON.parse(text)).toEqual({ user: 'admin', role: 'admin', expiresAt: expect.any(Number) });
  const wrong = await send('POST', '/v1/session', PAGE, { ...login, password: 'wrong' });
  expect([wrong.status, wrong.cookie]).toEqual([401, '']);
});

it('takes the cookie from the page itself alone', async () => {
  const cookie = await opened();
  const whoami = async (headers: Record<string, string>) =>
    (await send('GET', '/v1/whoami', { cookie, ...headers })).status;
  const host = api.url.replace('https://', '');
  expect(await whoami(PAGE)).toBe(200);
  expect(await whoami({ ...PAGE, cookie: `a=b; ${cookie}; c=d` })).toBe(200);
  expect(await whoami({ ...PAGE, origin: `https://${host}`, 'sec-fetch-site': 'same-origin' })).toBe(200);
  expect(await whoami({})).toBe(401);
  expect(await whoami({ ...PAGE, origin: 'https://evil.example' })).toBe(401);
  expect(await whoami({ ...PAGE, origin: `http://${host}` })).toBe(401);
  expect(await whoami({ ...PAGE, origin: 'null' })).toBe(401);
  for (const site of ['cross-site', 'same-site', 'none'])
    expect(await whoami({ ...PAGE, 'sec-fetch-site': site }), site).toBe(401);
  expect(await whoami({ ...PAGE, cookie: cookie.replace('__Host-berth', 'berth') })).toBe(401);
});

it('lets no other page act: a form cannot send what it takes, and nobody is told that they may', async () => {
  const cookie = await opened();
  const form = await send('POST', '/v1/join-tokens', { cookie, 'content-type': 'text/plain' });
  expect(form.status).toBe(401);
  const asked = await request(`${api.url}/v1/join-tokens`, {
    method: 'OPTIONS',
    dispatcher: agent,
    headers: { origin: 'https://evil.example', 'access-control-request-headers': 'berth-page' },
  });
  await asked.body.dump();
  expect(asked.headers['access-control-allow-origin']).toBeUndefined();
  expect(asked.headers['access-control-allow-headers']).toBeUndefined();
});

it('ends the session and takes the cookie away', async () => {
  const cookie = await opened();
  const closed = await send('DELETE', '/v1/session', { ...PAGE, cookie });
  expect([closed.status, closed.cookie]).toEqual([
    200,
    '__Host-berth=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Strict',
  ]);
  expect((await send('GET', '/v1/whoami', { ...PAGE, cookie })).status).toBe(401);
  const { entries } = await api.root.call('audit.list', { action: 'session.*' });
  expect(entries.map(({ action, user }) => `${action} ${user}`)).toEqual([
    'session.logout admin',
    'session.login admin',
  ]);
});

it('counts wrong passwords of both doors together', async () => {
  const wrong = { user: 'admin', password: 'not this one' };
  const tries: number[] = [];
  for (let i = 0; i < 6; i++)
    tries.push((await send('POST', i % 2 === 0 ? '/v1/session' : '/v1/login', PAGE, wrong)).status);
  expect(tries).toEqual([401, 401, 401, 401, 401, 429]);
});
