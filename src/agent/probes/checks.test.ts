import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { Engine } from '../../engine/index.ts';
import { createCa, issueRouterCertificate, openCa } from '../../link/index.ts';
import type { CheckContext } from './check.ts';
import { httpCheck, judge } from './http-check.ts';
import { tcpCheck } from './tcp-check.ts';

const open: Server[] = [];
const sockets = new Set<Socket>();
afterEach(() => {
  for (const socket of sockets) socket.destroy();
  for (const server of open.splice(0)) server.close();
});

async function listen(server: Server): Promise<number> {
  open.push(server);
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}
const http = (listener: RequestListener) => listen(createHttpServer(listener));
const raw = (talk: (socket: Socket) => void) => listen(createServer(talk));

function context(timeoutMs = 2_000, address: string | undefined = '127.0.0.1'): CheckContext {
  return {
    target: { engineId: 'e', address: async () => address },
    ...{
      timeoutMs,
      signal: new AbortController().signal,
      stops: new Set(),
      engine: undefined as unknown as Engine,
    },
  };
}
const get = (port: number, path = '/', timeoutMs?: number) =>
  httpCheck({ kind: 'http', scheme: 'http', port, path }, context(timeoutMs));

describe('http', () => {
  it.each([
    [200, 'ok'],
    [204, 'ok'],
    [302, 'ok'],
    [400, 'failed'],
    [503, 'failed'],
  ])('%s is %s', async (status, kind) => {
    const port = await http((_, res) => res.writeHead(status, { location: 'http://127.0.0.1:1/' }).end());
    expect(await get(port)).toMatchObject({ kind, said: expect.stringContaining(`HTTP ${status}`) });
  });

  it('over TLS asks whoever answers, and does not look at certificates', async () => {
    const ca = await openCa(await createCa('nobody knows it', Date.now()));
    const { certificate, key } = await issueRouterCertificate(ca, ['elsewhere.example'], Date.now());
    const port = await listen(createHttpsServer({ cert: certificate, key }, (_, res) => res.end()));
    const asked = (scheme: 'http' | 'https') =>
      httpCheck({ kind: 'http', scheme, port, path: '/' }, context());
    expect((await asked('https')).kind).toBe('ok');
    expect((await asked('http')).kind).toBe('failed');
  });

  it('asks for the path, as one line whatever stands in it', async () => {
    const seen: (string | undefined)[] = [];
    const port = await http(({ url, headers }, res) => {
      seen.push(url, headers.host, headers['x-evil'] as string | undefined);
      res.end();
    });
    await get(port, '/a?b=1');
    await get(port, 'ä b\r\nX-Evil: 1');
    expect(seen).toEqual([
      ...['/a?b=1', `localhost:${port}`, undefined],
      ...['/%C3%A4%20b%0D%0AX-Evil:%201', `localhost:${port}`, undefined],
    ]);
  });

  it('reads no body: a server that sends for ever is let go of at once', async () => {
    let gone = false;
    const port = await http((_, res) => {
      res.writeHead(200);
      const timer = setInterval(() => res.write(Buffer.alloc(64 * 1024)), 1);
      res.once('close', () => {
        gone = true;
        clearInterval(timer);
      });
    });
    expect((await get(port)).kind).toBe('ok');
    await expect.poll(() => gone).toBe(true);
  });

  it.each([
    ['no HTTP', 'SSH-2.0-OpenSSH\r\n', 'no HTTP answer, but "SSH-2.0-OpenSSH'],
    ['no status', 'HTTP/1.1 okay\r\n\r\n', 'no HTTP answer'],
    [
      'a head without an end',
      `HTTP/1.1 100 Continue\r\nx: ${'y'.repeat(70_000)}`,
      'is longer than 16384 bytes',
    ],
    ['a line without an end', `HTTP/1.1 200 ${'y'.repeat(70_000)}`, 'is longer than 16384 bytes'],
  ])('%s is no answer', async (_, text, said) => {
    const port = await raw((socket) => socket.write(text));
    expect(await get(port)).toMatchObject({ kind: 'failed', said: expect.stringContaining(said) });
  });

  it('is cut at its time: no answer, or one byte at a time', async () => {
    const silent = await raw(() => undefined);
    expect(await get(silent, '/', 100)).toEqual({ kind: 'failed', said: 'no answer within 0.1 s' });
    const slow = await raw((socket) => {
      const timer = setInterval(() => socket.write('H'), 20);
      socket.once('close', () => clearInterval(timer));
    });
    // Without the cut it would go on for ever.
    expect((await get(slow, '/', 100)).kind).toBe('failed');
  });

  it('blames nobody for time in which this host itself stood still', async () => {
    const silent = await raw(() => undefined);
    const asked = get(silent, '/', 50);
    await new Promise((resolve) => setImmediate(resolve));
    for (const until = performance.now() + 1_300; performance.now() < until; );
    expect(await asked).toMatchObject({ kind: 'unknown', said: expect.stringContaining('was held up') });
  });

  it('a connection that is closed without a word is no answer', async () => {
    const port = await raw((socket) => socket.destroy());
    expect((await get(port)).kind).toBe('failed');
  });

  it('waits for the answer behind interim ones', () => {
    const early = 'HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n';
    for (let at = 0; at <= early.length; at++) expect(judge(early.slice(0, at))).toBeUndefined();
    expect(judge(`${early}HTTP/1.1 20`)).toBeUndefined();
    expect(judge(`${early}HTTP/1.1 503 No\r\n`)).toEqual({ kind: 'failed', said: 'HTTP 503 No' });
    expect(judge('HTTP/1.0 200\n')).toEqual({ kind: 'ok', said: 'HTTP 200' });
  });
});

describe('tcp', () => {
  it('is healthy where a connection opens', async () => {
    const port = await raw(() => undefined);
    expect(await tcpCheck({ kind: 'tcp', port }, context())).toEqual({
      ...{ kind: 'ok', said: `port ${port} is open` },
    });
    open[0]?.close();
    for (const socket of sockets) socket.destroy();
    const refused = await tcpCheck({ kind: 'tcp', port }, context());
    expect(refused).toMatchObject({ kind: 'failed', said: expect.stringContaining('ECONNREFUSED') });
  });

  it('ends when nobody wants to know any more', async () => {
    const about = context();
    const silent = await raw((socket) => socket.resume());
    const asked = httpCheck({ kind: 'http', scheme: 'http', port: silent, path: '/' }, about);
    await expect.poll(() => sockets.size).toBe(1);
    for (const stop of [...about.stops]) stop();
    expect((await asked).kind).toBe('unknown');
    await expect.poll(() => sockets.size).toBe(0);
    expect(about.stops.size).toBe(0);
  });

  it('says so where the host does not reach the container', async () => {
    const about = { ...context(), target: { engineId: 'e', address: async () => undefined } };
    const result = await tcpCheck({ kind: 'tcp', port: 1 }, about);
    expect(result).toMatchObject({ kind: 'failed', said: expect.stringContaining('has no address') });
  });
});
