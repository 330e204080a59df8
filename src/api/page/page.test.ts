import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { connect } from 'node:tls';
import { brotliCompressSync, brotliDecompressSync } from 'node:zlib';
import { Agent, request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiFixture, startApi } from '../v1/api.fixture.ts';

const SCRIPT = 'console.log("hello")'.repeat(50);
const folder = mkdtempSync(join(tmpdir(), 'berth-page-'));
let api: ApiFixture;
let agent: Agent;

beforeAll(async () => {
  mkdirSync(join(folder, 'assets'));
  writeFileSync(
    join(folder, 'index.html'),
    '<meta name="style-nonce" content="__STYLE_NONCE__"><h1>Berth</h1>',
  );
  writeFileSync(join(folder, 'favicon.svg'), '<svg/>');
  writeFileSync(join(folder, 'assets', 'main-1a2b.js'), SCRIPT);
  writeFileSync(join(folder, 'assets', 'main-1a2b.js.br'), brotliCompressSync(SCRIPT));
  writeFileSync(join(folder, 'notes.txt'), 'of no kind that a page has');
  api = await startApi({ pageFolder: folder });
  agent = new Agent({ connect: { ca: api.caPem } });
});
afterAll(async () => {
  await agent.close();
  await api.close();
  rmSync(folder, { recursive: true });
});

async function get(
  path: string,
  headers: Record<string, string> = {},
  method: 'GET' | 'HEAD' | 'POST' = 'GET',
) {
  const answer = await request(`${api.url}${path}`, { method, dispatcher: agent, headers });
  const bytes = Buffer.from(await answer.body.arrayBuffer());
  return { status: answer.statusCode, headers: answer.headers, bytes, text: bytes.toString('utf8') };
}
const BROWSER = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };

describe('the index', () => {
  it('is kept by nobody, and lets in nothing but files of this origin and styles with its number', async () => {
    const [one, other] = [await get('/', BROWSER), await get('/')];
    expect(one.status).toBe(200);
    expect(one.headers['cache-control']).toBe('no-store');
    const nonce = /content="([^"]+)"/.exec(one.text)?.[1] ?? '';
    expect(Buffer.from(nonce, 'base64').length).toBe(16);
    expect(one.headers['content-security-policy']).toBe(
      `default-src 'none'; script-src 'self'; style-src 'self' 'nonce-${nonce}'; img-src 'self' data:; ` +
        "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    );
    expect(other.text).not.toBe(one.text);
  });

  it('answers for every page that a person opens', async () => {
    for (const path of ['/hosts/h1', '/containers?state=running', '/index.html', '/whatever.js'])
      expect((await get(path, BROWSER)).text, path).toContain('<h1>Berth</h1>');
    const head = await get('/', BROWSER, 'HEAD');
    expect([head.status, head.text]).toEqual([200, '']);
  });

  it('leaves to the API what is there: metrics without a token are refused in words', async () => {
    for (const path of ['/metrics', '/metrics/']) {
      const { status, text } = await get(path, BROWSER);
      expect([status, text]).toEqual([401, expect.stringContaining('this needs a log-in')]);
    }
  });

  it.each(['/v1/nowhere', '/v1', '/v1.41/containers/json', '/v2/x', '/assets/gone-0000.js'])(
    'does not stand in for %s',
    async (path) => {
      const { status, text } = await get(path, BROWSER);
      expect(status).toBe(404);
      expect(JSON.parse(text).code).toBe('not_found');
    },
  );

  it.each([
    ['/containers/json', {}],
    ['/_ping', { accept: '*/*' }],
    ['/hosts', { accept: 'application/json' }],
  ])('is not given to a program that asks for %s', async (path, headers) => {
    const { status, text } = await get(path, headers as Record<string, string>);
    expect([status, JSON.parse(text).code]).toEqual([404, 'not_found']);
  });

  it('is only read, and by HTTP as it has been since it has headers', async () => {
    expect((await get('/', BROWSER, 'POST')).status).toBe(404);
    const socket = connect({ host: '127.0.0.1', port: api.port, ca: api.caPem });
    socket.write('GET /\r\n\r\n');
    expect(await textOf(socket)).toMatch(/^HTTP\/1\.1 4/);
  });
});

describe('files', () => {
  it('of which the name changes with what is in them are kept for a year', async () => {
    const { headers, text } = await get('/assets/main-1a2b.js');
    expect(text).toBe(SCRIPT);
    expect(headers['cache-control']).toBe('public, max-age=31536000, immutable');
    expect(headers['content-type']).toBe('text/javascript; charset=utf-8');
    expect(headers['content-encoding']).toBeUndefined();
  });

  it('come packed to who takes that', async () => {
    const { headers, bytes } = await get('/assets/main-1a2b.js', { 'accept-encoding': 'gzip, br' });
    expect(headers['content-encoding']).toBe('br');
    expect(brotliDecompressSync(bytes).toString()).toBe(SCRIPT);
    expect((await get('/assets/main-1a2b.js', { 'accept-encoding': 'gzip' })).text).toBe(SCRIPT);
  });

  it('that keep their names are asked for again', async () => {
    const { headers } = await get('/favicon.svg');
    expect(headers['cache-control']).toBe('no-cache');
    const again = await get('/favicon.svg', { 'if-none-match': String(headers.etag) });
    expect([again.status, again.text]).toEqual([304, '']);
  });

  it.each(['/notes.txt', '/../package.json', '/%2e%2e/package.json', '/assets/main-1a2b.js.br', '/assets'])(
    'are these alone: not %s',
    async (path) => {
      expect((await get(path)).status).toBeGreaterThanOrEqual(400);
    },
  );
});

it('is not there where nothing was built', async () => {
  const without = await startApi({ pageFolder: join(folder, 'nowhere') });
  const own = new Agent({ connect: { ca: without.caPem } });
  const { statusCode, body } = await request(`${without.url}/`, { dispatcher: own, headers: BROWSER });
  expect([statusCode, ((await body.json()) as { code: string }).code]).toEqual([404, 'not_found']);
  await own.close();
  await without.close();
});
