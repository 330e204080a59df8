import { type EventEmitter, once } from 'node:events';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { BerthError } from '../../kit/errors.ts';
import { type ApiFixture, containerRecord, hostRecord, startApi } from './api.fixture.ts';
import type { ContainerHands } from './container-hands.ts';

let api: ApiFixture;
let agent: Agent;
beforeEach(async () => {
  await begin(await startApi());
});
afterEach(async () => {
  agent.destroy();
  await api.close();
});

async function begin(started: ApiFixture): Promise<void> {
  api = started;
  agent = new Agent({ ca: api.caPem, keepAlive: true });
  await api.store.update((tx) => {
    tx.put('hosts', hostRecord('id-1', 'h1'));
    tx.put('containers', containerRecord('c1', 'web', 'id-1'));
  });
}

/** The same API over hands that take files in another way. */
async function beginAgain(upload: ContainerHands['upload']): Promise<void> {
  const { deps } = api;
  agent.destroy();
  await api.close();
  await begin(await startApi({ containers: { ...deps.containers, upload } }));
}

type Asked = Readonly<{ query?: string; headers?: Record<string, string>; token?: string }>;

/** An upload whose body is still to come. */
function open({ query = 'path=/data&name=x', headers = {}, token = api.tokens.operator }: Asked = {}) {
  const req = request(`${api.url}/v1/containers/c1/files?${query}`, {
    ...{ method: 'PUT', agent },
    headers: {
      'content-type': 'application/octet-stream',
      ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
      ...headers,
    },
  });
  req.on('error', () => undefined);
  return req;
}

async function answerOf(req: ClientRequest) {
  const [res] = (await once(req, 'response')) as [IncomingMessage];
  return { status: res.statusCode, body: JSON.parse(await text(res)) as Record<string, unknown> };
}

async function put(asked: Asked = {}, body: string | Buffer = 'hello') {
  const req = open(asked);
  const answer = answerOf(req);
  req.end(body);
  return answer;
}

const audited = async () =>
  (await api.root.call('audit.list', { action: 'container.upload' })).entries.map(
    ({ user, target, outcome }) => `${user} ${target} ${outcome}`,
  );

it('are put where they are to go, of any length, and written down with their size', async () => {
  const large = Buffer.alloc(20 * 1024 * 1024);
  expect(await put({}, large)).toEqual({ status: 200, body: { path: '/data/x', size: large.length } });
  const name = encodeURIComponent('-名 <b>?.txt');
  expect(await put({ query: `path=/data&name=${name}` })).toMatchObject({ status: 200 });
  expect(await put({ query: 'path=/etc&name=empty' }, '')).toMatchObject({ body: { size: 0 } });
  expect(await put({ headers: { 'transfer-encoding': 'chunked' } })).toMatchObject({ body: { size: 5 } });
  expect(await audited()).toEqual([
    'the-operator web: /data/x, 5 bytes ok',
    'the-operator web: /etc/empty, 0 bytes ok',
    'the-operator web: /data/-名 <b>?.txt, 5 bytes ok',
    'the-operator web: /data/x, 20971520 bytes ok',
  ]);
});

it('are refused with a name that is none, and of another type', async () => {
  const long = encodeURIComponent('é'.repeat(128));
  for (const name of ['', '.', '..', 'a%2fb', '%00', long])
    expect(await put({ query: `path=/data&name=${name}` })).toMatchObject({
      ...{ status: 400, body: { code: 'bad_request', message: expect.stringContaining('name') } },
    });
  for (const query of ['path=data&name=x', 'name=x', 'path=/data', 'path=/data&name=x&replace=perhaps'])
    expect((await put({ query })).status).toBe(400);
  for (const type of ['application/json', 'text/plain', 'multipart/form-data; boundary=x'])
    expect((await put({ headers: { 'content-type': type } })).status).toBe(400);
  expect(await audited()).toEqual([]);
});

it('are for who may exec, and from this page alone', async () => {
  expect((await put({ token: api.tokens.viewer })).status).toBe(403);
  expect((await put({ token: '' })).status).toBe(401);
  const cookie = `__Host-berth=${api.tokens.operator}`;
  // A form of another site can send the cookie, and bytes of its choice, but not this header.
  expect((await put({ token: '', headers: { cookie } })).status).toBe(401);
  const elsewhere = { cookie, 'berth-page': '1', origin: 'https://evil.example' };
  expect((await put({ token: '', headers: elsewhere })).status).toBe(401);
  const page = { cookie, 'berth-page': '1', 'sec-fetch-site': 'same-origin', origin: api.url };
  expect((await put({ token: '', headers: page })).status).toBe(200);
});

it('are refused in words that reach who is still sending', async () => {
  await beginAgain(async () => {
    throw new BerthError('conflict', '"/data/x" was not written: there is no space left');
  });
  const req = open({ headers: { 'content-length': String(50_000_000) } });
  const answer = answerOf(req);
  req.write(Buffer.alloc(1_000_000));
  expect(await answer).toMatchObject({ status: 409, body: { message: expect.stringContaining('no space') } });
  req.destroy();
  expect(await audited()).toEqual([expect.stringMatching(/^the-operator web: \/data\/x.*no space left$/)]);
});

it('that break off are no whole ones, and are written down as that', async () => {
  const heard: string[] = [];
  await beginAgain(async (_ref, { folder, name }, sent) => {
    try {
      let size = 0;
      for await (const part of sent) {
        size += part.length;
        heard.push('part');
      }
      heard.push('end');
      return { path: `${folder}/${name}`, size };
    } catch (thrown) {
      heard.push('broken');
      throw thrown;
    }
  });
  const req = open({ headers: { 'content-length': '10000' } });
  req.write('half');
  await expect.poll(() => heard).toEqual(['part']);
  req.destroy();
  await expect.poll(() => heard).toEqual(['part', 'broken']);
  await expect
    .poll(audited)
    .toEqual([
      'the-operator web: /data/x, ended after 4 bytes the connection was closed before the whole body had come',
    ]);
});

it('of one user are four at a time, and others have theirs', async () => {
  const four = [1, 2, 3, 4].map(() => open({ headers: { 'content-length': '5' } }));
  const answers = four.map(answerOf);
  for (const req of four) req.write('h');
  // They are under way once each is counted: then a fifth is too many.
  await expect.poll(async () => (await put()).status, { timeout: 10_000 }).toBe(429);
  expect((await put({ token: api.tokens.admin })).status).toBe(200);
  for (const req of four) req.end('ello');
  for (const answer of await Promise.all(answers)) expect(answer.status).toBe(200);
  expect((await put()).status).toBe(200);
});

it('answer at once to what is refused, and leave the connection to who still sends it', async () => {
  const req = open({ headers: { 'content-type': 'application/json', 'content-length': '100000' } });
  const answer = once(req, 'response');
  req.write(Buffer.alloc(50_000));
  const [res] = (await answer) as [IncomingMessage];
  expect(res.statusCode).toBe(400);
  expect(res.headers.connection).not.toBe('close');
  const { socket } = req;
  const free = once(socket as EventEmitter, 'free');
  req.end(Buffer.alloc(50_000));
  expect(JSON.parse(await text(res))).toMatchObject({ code: 'bad_request' });
  await free;
  // What it has sent is not taken for another request.
  const next = open();
  const stored = answerOf(next);
  next.end('hello');
  expect(await stored).toMatchObject({ status: 200 });
  expect(next.socket).toBe(socket);
});
