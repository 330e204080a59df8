import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DOCKER_ROUTES } from '../../src/api/docker/routes.ts';
import { routes } from '../../src/contract/v1/routes.ts';
import { ensureImage } from '../images/bake.ts';
import { managerLog } from '../lab/cluster.ts';
import { type Lab, startLab } from '../lab/lab.ts';

/**
 * What no route may take for its own fault, to every route of both tables (a new one is covered by itself), on every
 * door of a real manager with a real engine behind it. A lab of its own: some of it prunes.
 */
let lab: Lab;
let pid: number | undefined;
const folder = mkdtempSync(join(tmpdir(), 'berth-bad-'));

beforeAll(async () => {
  lab = await startLab({ hosts: 1 });
  await ensureImage('busybox', lab.endpoint);
  await lab.berth(['bundle', '-o', folder]);
  pid = lab.managerPid;
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await lab?.down();
});

const pem = (name: string) => readFileSync(join(folder, `${name}.pem`));
type Door = 'docker.sock' | 'docker TLS' | 'api.sock' | 'api TLS';
const DOORS: readonly Door[] = ['docker.sock', 'docker TLS', 'api.sock', 'api TLS'];

function addressOf(door: Door) {
  const host = lab.plan.manager.address;
  if (door === 'docker TLS') return { host, port: 2376, ca: pem('ca'), cert: pem('cert'), key: pem('key') };
  if (door === 'api TLS') return { host, port: 8443, ca: pem('ca') };
  return { path: join(lab.addresses.dataDir, 'run', door) };
}

type Answer = Readonly<{ status: number; text: string }>;
type Sent = Readonly<{ body?: string | Buffer; headers?: Record<string, string>; endless?: boolean }>;

/** One request on a connection of its own; fails where it is not answered within 20 s. */
function send(
  door: Door,
  method: string,
  path: string,
  { body, headers = {}, endless }: Sent,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    // Kept open until the answer is there, as by clients that keep connections.
    const agent = door.endsWith('TLS') ? new HttpsAgent({ keepAlive: true }) : new Agent({ keepAlive: true });
    const { path: socketPath, ...rest } = { path: undefined, ...addressOf(door) };
    // Node sends the body of a DELETE without its length.
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    const options = {
      ...rest,
      socketPath,
      method,
      path,
      headers: { ...headers, ...length },
      agent,
      timeout: 20_000,
    };
    const answered = (answer: IncomingMessage) => {
      const status = answer.statusCode ?? 0;
      let text = '';
      answer.setEncoding('utf8').on('data', (part) => {
        text += part;
      });
      answer.on('close', () => {
        agent.destroy();
        resolve({ status, text });
      });
      answer.on('error', () => undefined);
      if (endless && status === 200) answer.destroy();
    };
    const asked = door.endsWith('TLS') ? httpsRequest(options, answered) : httpRequest(options, answered);
    asked.on('timeout', () => asked.destroy(new Error(`${method} ${path}: no answer within 20 s`)));
    // A refusal that comes before the whole body was sent ends the connection.
    let refused = false;
    asked.on('response', () => {
      refused = true;
    });
    asked.on('error', (error) => {
      if (!refused) reject(error);
    });
    asked.end(body);
  });
}

type Route = Readonly<{
  name: string;
  method: string;
  path: string;
  doors: readonly Door[];
  endless: boolean;
}>;
const ALL: readonly Route[] = [
  ...DOCKER_ROUTES.map(({ method, pattern }) => ({
    ...{ name: `docker ${method} ${pattern}`, method, path: pattern.replace(/:[a-zA-Z]+\*?/g, 'nobody') },
    ...{ doors: ['docker.sock', 'docker TLS'] as const, endless: pattern === '/events' },
  })),
  ...Object.entries(routes).map(([name, { method, path, answer }]) => ({
    ...{ name: `v1 ${name}`, method, path: path.replace(/:\w+/g, 'nobody') },
    ...{ doors: ['api.sock', 'api TLS'] as const, endless: answer.type === 'events' },
  })),
];
/** Take bytes of any kind and length. */
const STREAMS = [
  '/build',
  '/images/load',
  '/containers/nobody/archive',
  '/session',
  '/grpc',
  '/images/create',
];
const hasJson = ({ method, path, name }: Route) =>
  method !== 'GET' && method !== 'HEAD' && !(name.startsWith('docker') && STREAMS.includes(path));

const JSON_TYPE = { 'content-type': 'application/json' };
const BODIES: readonly (readonly [string, string | Buffer, Record<string, string>])[] = [
  ['malformed JSON', '{"Image":', JSON_TYPE],
  ['a list', '[1, 2]', JSON_TYPE],
  ['null', 'null', JSON_TYPE],
  [
    'wrong types',
    '{"Image": 5, "Env": {"a": 1}, "Labels": [], "HostConfig": "x", "user": null, "spec": [], "count": -1}',
    JSON_TYPE,
  ],
  ['nesting', `{"a":${'['.repeat(50_000)}${']'.repeat(50_000)}}`, JSON_TYPE],
  ['no UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0xc0, 0x22, 0x3a, 0x31]), JSON_TYPE],
  ['a prototype', '{"__proto__": {"x": 1}, "constructor": {"prototype": {"x": 1}}}', JSON_TYPE],
  ['another type', 'a=b', { 'content-type': 'application/x-www-form-urlencoded' }],
  ['a type that is none', '{}', { 'content-type': 'application/json/../x; charset="' }],
  ['a charset that nobody has', '{}', { 'content-type': 'application/json; charset=utf-99' }],
  [
    'bytes that are not the encoding that is declared',
    'not gzip',
    { ...JSON_TYPE, 'content-encoding': 'gzip' },
  ],
];
/** For a body that cannot be understood only a refusal will do. */
const REFUSED = ['malformed JSON', 'nesting', 'no UTF-8', 'another type'];
const QUERIES = [
  'filters=%7Bbad&limit=x&t=x&h=x&w=x&all=maybe&until=never&since=never&name=%00&fromImage=%20&repo=&tag=%2F&remote=x&buildargs=x&labels=x&path=&format=x',
  'filters=%7B%22label%22%3A5%7D&limit=-1&since=99999999999999999999&name=%ff%fe&tag=..%2F..%2F',
  `filters=${'x'.repeat(4000)}&limit=1e309&force=%00`,
  '&&&===&%zz&[]=1&a[b]=c&__proto__=1',
];

/** That of the world outside is not in reach is no answer to the input. */
const NO_REGISTRY =
  /"Get \\"https:\/\/(?:registry-1|index)\.docker\.io\/[^"]*": (?:dial tcp|net\/http|context deadline)/;
/** Known to Docker and not served, in so many words. */
const UNSERVED = 501;

describe.each(ALL.map((route) => [route.name, route] as const))('%s', (_, route) => {
  const auth = async (door: Door): Promise<Record<string, string>> =>
    door === 'api TLS' ? { authorization: `Bearer ${await token()}` } : {};

  it.each(route.doors)('on %s', async (door) => {
    const wrong: string[] = [];
    const check = (what: string, { status, text }: Answer, from: number) => {
      const fine = status === UNSERVED || (status >= from && status < 500) || NO_REGISTRY.test(text);
      const said = status < 400 || route.method === 'HEAD' || route.endless || isMessage(text);
      if (!fine || !said) wrong.push(`${what}: ${status} ${text.slice(0, 200)}`);
    };
    const ask = async (what: string, from: number, query: string, sent: Sent) => {
      const headers = { ...sent.headers, ...(await auth(door)) };
      const path = `${route.path}${query}`;
      check(what, await send(door, route.method, path, { ...sent, headers, endless: route.endless }), from);
    };
    if (hasJson(route)) {
      for (const [what, body, headers] of BODIES)
        await ask(what, REFUSED.includes(what) && takesBody(route) ? 400 : 200, '', { body, headers });
      const big = Buffer.alloc(5 * 1024 * 1024, ' ');
      await ask('over the limit', takesBody(route) ? 400 : 200, '', { body: big, headers: JSON_TYPE });
    }
    for (const query of QUERIES) await ask(`?${query.slice(0, 40)}`, 200, `?${query}`, {});
    expect(wrong).toEqual([]);
    expect(lab.managerPid).toBe(pid);
  });
});

/** Some of Docker's changes take none, and ignore one that is sent; the API refuses what it does not know. */
const takesBody = ({ name }: Route) => name.startsWith('v1') || name.endsWith('/create');

function isMessage(text: string): boolean {
  try {
    const { message } = JSON.parse(text) as { message?: unknown };
    return typeof message === 'string' && /^[^\n]+$/.test(message);
  } catch {
    return false;
  }
}

let kept: string | undefined;
/** Of a log-in; another one where the last has been ended by what was tried. */
async function token(): Promise<string> {
  const alive =
    kept === undefined
      ? 0
      : (await send('api TLS', 'GET', '/v1/whoami', { headers: { authorization: `Bearer ${kept}` } })).status;
  if (alive !== 200) {
    const body = JSON.stringify({ user: 'admin', password: lab.adminPassword });
    const { text } = await send('api TLS', 'POST', '/v1/login', { body, headers: JSON_TYPE });
    kept = (JSON.parse(text) as { token: string }).token;
  }
  return kept ?? '';
}

const POST = 'POST /v1/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n';
const CHUNKED = 'Transfer-Encoding: chunked\r\n';
/** What is no HTTP, or two kinds of it at once: never two answers, and no connection that is left open. */
const SHAPES: readonly (readonly [string, string])[] = [
  ['noise', '\x16\x03\x01\x00nonsense\r\n\r\n'],
  ['HTTP/2 without being asked', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ['HTTP/0.9', 'GET /\r\n\r\n'],
  ['a version that is none', 'GET / HTTP/9.9\r\nHost: x\r\n\r\n'],
  ['a method that is none', 'BREW /pot HTTP/1.1\r\nHost: x\r\n\r\n'],
  ['no host', 'GET /v1/version HTTP/1.1\r\n\r\n'],
  [
    'length and chunks',
    `${POST}Content-Length: 5\r\n${CHUNKED}\r\n0\r\n\r\nGET /v1/version HTTP/1.1\r\nHost: x\r\n\r\n`,
  ],
  [
    'two lengths',
    `${POST}Content-Length: 0\r\nContent-Length: 40\r\n\r\nGET /v1/version HTTP/1.1\r\nHost: x\r\n\r\n`,
  ],
  ['a length below zero', `${POST}Content-Length: -1\r\n\r\n`],
  ['a length without end', `${POST}Content-Length: 99999999999999999999999\r\n\r\n`],
  ['a length in hexadecimal', `${POST}Content-Length: 0x10\r\n\r\n`],
  ['chunks that are not last', `${POST}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n`],
  ['an encoding that is none', `${POST}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`],
  ['a chunk of garbage', `${POST}${CHUNKED}\r\nzz\r\n{}\r\n0\r\n\r\n`],
  ['a chunk without end', `${POST}${CHUNKED}\r\nffffffffffffffffff\r\n{}\r\n`],
  ['a space before the colon', `${POST}Content-Length : 2\r\n\r\n{}`],
  ['a folded header', `${POST}X-A: 1\r\n X-B: 2\r\nContent-Length : 2\r\n\r\n{}`],
  ['NUL in a header', `${POST}X-A: a\0b\r\n\r\n`],
  ['a head over the limit', `GET /${'x'.repeat(300_000)} HTTP/1.1\r\nHost: x\r\n\r\n`],
  ['a header over the limit', `GET /v1/version HTTP/1.1\r\nHost: x\r\nX-A: ${'x'.repeat(300_000)}\r\n\r\n`],
];
/** Understood, and refused. */
const ODD: readonly (readonly [string, string])[] = [
  ['CONNECT', 'CONNECT x:443 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'],
  ['TRACE', 'TRACE / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'],
  ['a path that is none', 'GET //..//../etc/passwd HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'],
  ['bytes in the path', 'GET /\xff\xfe HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'],
  [
    'an expectation that nobody meets',
    'GET /v1/version HTTP/1.1\r\nHost: x\r\nExpect: nonsense\r\nConnection: close\r\n\r\n',
  ],
];

async function raw(door: Door, text: string): Promise<string> {
  const socket: Socket = door.endsWith('TLS')
    ? connectTls(addressOf(door) as never)
    : connect(addressOf(door) as never);
  await once(socket, door.endsWith('TLS') ? 'secureConnect' : 'connect');
  let got = '';
  socket
    .on('error', () => undefined)
    .on('data', (part) => {
      got += part;
    });
  socket.write(Buffer.from(text, 'latin1'));
  const closed = new Promise<boolean>((resolve) => socket.once('close', () => resolve(true)));
  const timer = new Promise<boolean>((resolve) => setTimeout(() => resolve(false), 15_000).unref());
  if (!(await Promise.race([closed, timer]))) got += '[left open]';
  socket.destroy();
  return got;
}

describe.each(DOORS)('what is no HTTP, on %s', (door) => {
  it.each(SHAPES)('%s', async (_, text) => {
    // Where a reset overtakes the answer there is none.
    expect(await raw(door, text)).toMatch(/^(?:HTTP\/1\.1 (?:4\d\d|505) (?:(?!HTTP\/1\.1)[\s\S])*)?$/);
  });

  it.each(ODD)('%s', async (_, text) => {
    expect(await raw(door, text)).toMatch(/^(?:HTTP\/1\.1 4\d\d (?:(?!HTTP\/1\.1)[\s\S])*)?$/);
  });

  it('a body that is cut off half way', async () => {
    const where = door.startsWith('docker') ? '/containers/create' : '/v1/login';
    for (const body of ['Content-Length: 1000\r\n\r\n{"a":', `${CHUNKED}\r\n40\r\n{"a":`]) {
      const socket: Socket = door.endsWith('TLS')
        ? connectTls(addressOf(door) as never)
        : connect(addressOf(door) as never);
      await once(socket, door.endsWith('TLS') ? 'secureConnect' : 'connect');
      socket.on('error', () => undefined).resume();
      socket.end(`POST ${where} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n${body}`);
      await new Promise((resolve) => socket.once('close', resolve));
    }
    expect(lab.managerPid).toBe(pid);
  });
});

it('unknown fields: Docker’s go on to the engine, the API’s are refused by name', async () => {
  const spec = JSON.stringify({ Image: 'busybox', Surprise: 1, HostConfig: { Surprise: [2] } });
  const made = await send('docker.sock', 'POST', '/containers/create?name=surprise', {
    body: spec,
    headers: JSON_TYPE,
  });
  expect(made.status).toBe(201);
  const asked = { body: '{"surprise": 1}', headers: JSON_TYPE };
  const refused = await send('api.sock', 'POST', '/v1/login', asked);
  expect([refused.status, refused.text]).toEqual([400, expect.stringContaining('surprise')]);
});

it('after all that, the manager and its host are as they were', async () => {
  expect(lab.managerPid).toBe(pid);
  expect(await lab.docker(['run', '--rm', 'busybox', 'echo', 'fine'])).toBe('fine');
  expect(readFileSync(managerLog(lab.plan), 'utf8')).not.toContain('unexpected error');
});
