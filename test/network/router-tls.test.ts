import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect as connectHttp2 } from 'node:http2';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, connect as connectTcp, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls, createServer as createTlsServer } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Certificate, RouterState } from '../../src/model/router.ts';
import { ensureRequirements } from '../lab/requirements.ts';
import { run } from '../lab/run.ts';
import {
  ADDRESS,
  ask,
  PORT,
  pool,
  route,
  startContainer,
  stateOf,
  TCP_PORTS,
  TestRouter,
} from './haproxy.ts';

/** Certificates, TCP and the PROXY protocol, with a real HAProxy. */
const haproxy = new TestRouter();
const folder = mkdtempSync(join(tmpdir(), 'berth-router-tls-'));
const servers: Server[] = [];
const TLS_PORT = 8443;
const [DATABASE_PORT, SNI_PORT] = TCP_PORTS;
let http: Awaited<ReturnType<typeof startContainer>>;

async function certificate(name: string, ...domains: string[]): Promise<Certificate> {
  const [key, cert] = [join(folder, `${name}.key`), join(folder, `${name}.crt`)];
  await run([
    ...['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
    ...['-days', '10', '-subj', `/CN=${domains[0]}`, '-keyout', key, '-out', cert],
    ...['-addext', `subjectAltName=${domains.map((domain) => `DNS:${domain}`).join(',')}`],
  ]);
  return { name, pem: `${readFileSync(cert, 'utf8')}\n${readFileSync(key, 'utf8')}` };
}

async function listen<S extends Server>(server: S): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, ADDRESS, resolve));
  return (server.address() as AddressInfo).port;
}

beforeAll(async () => {
  await ensureRequirements([
    ['haproxy', 'haproxy'],
    ['openssl', 'openssl'],
  ]);
  http = await startContainer('http');
  servers.push(http.server);
  await haproxy.start(stateOf([]));
});

afterAll(async () => {
  await haproxy.stop();
  for (const server of servers) server.close();
  rmSync(folder, { recursive: true, force: true });
});

const web = () => route('web', ['a.test', 'b.test', 'c.test'], [pool('v', [http.port])]);
const entry = { address: ADDRESS, port: TLS_PORT, tls: true, proxyFrom: [], trust: [] };
const withCertificates = (certificates: Certificate[], more: Partial<RouterState> = {}) =>
  stateOf([web()], { entries: [entry], certificates, ...more });

/** How many certificates come behind the one that is shown for it. */
async function behind(servername: string): Promise<number> {
  const to = ['-connect', `${ADDRESS}:${TLS_PORT}`, '-servername', servername];
  const text = await run(['openssl', 's_client', ...to, '-showcerts'], { input: '' });
  return (text.match(/BEGIN CERTIFICATE/g)?.length ?? 0) - 1;
}

/** Fingerprint and protocol that a client gets. */
function shown(servername: string | undefined, port = TLS_PORT) {
  return new Promise<Readonly<{ sha256: string; alpn: unknown; names: string }>>((resolve, reject) => {
    const socket = connectTls(
      { host: ADDRESS, port, servername, rejectUnauthorized: false, ALPNProtocols: ['h2', 'http/1.1'] },
      () => {
        const { fingerprint256: sha256, subjectaltname: names = '' } = socket.getPeerCertificate();
        resolve({ sha256, alpn: socket.alpnProtocol, names });
        socket.destroy();
      },
    );
    socket.on('error', reject);
  });
}

describe('certificates', () => {
  it('are shown by name, and change, come and go without a reload', async () => {
    const [a1, a2, b, wild] = [
      await certificate('a', 'a.test'),
      await certificate('a', 'a.test'),
      await certificate('b', 'b.test'),
      await certificate('wild', '*.wild.test'),
    ];
    await haproxy.router.apply(withCertificates([a1, b], { defaultCertificate: 'b' }));
    const worker = await haproxy.worker();
    const first = await shown('a.test');
    expect(first).toMatchObject({ names: 'DNS:a.test', alpn: 'h2' });
    expect((await shown('b.test')).names).toBe('DNS:b.test');
    expect((await shown('other.test')).names).toBe('DNS:b.test');
    await haproxy.router.apply(withCertificates([a2, b, wild], { defaultCertificate: 'b' }));
    const second = await shown('a.test');
    expect(second.names).toBe('DNS:a.test');
    expect(second.sha256).not.toBe(first.sha256);
    expect((await shown('x.wild.test')).names).toBe('DNS:*.wild.test');
    await haproxy.router.apply(withCertificates([b], { defaultCertificate: 'b' }));
    expect((await shown('a.test')).names).toBe('DNS:b.test');
    // Another agent, which looks at what HAProxy has.
    haproxy.router.close();
    haproxy.router = haproxy.newRouter();
    expect(await haproxy.router.apply(withCertificates([a2, b], { defaultCertificate: 'b' }))).toMatchObject({
      kind: 'commands',
    });
    expect((await shown('a.test')).sha256).toBe(second.sha256);
    expect(await haproxy.router.apply(withCertificates([a2, b], { defaultCertificate: 'b' }))).toEqual({
      ...{ kind: 'commands', commands: 0 },
    });
    // The same with one behind it that was missing.
    const [a, key] = a2.pem.split(/(?=-----BEGIN PRIVATE)/);
    const [other] = b.pem.split(/(?=-----BEGIN PRIVATE)/);
    const whole = { name: 'a', pem: `${a}${other}${key}` };
    expect(await behind('a.test')).toBe(0);
    expect(
      await haproxy.router.apply(withCertificates([whole, b], { defaultCertificate: 'b' })),
    ).toMatchObject({
      kind: 'commands',
    });
    expect(await behind('a.test')).toBe(1);
    expect(await haproxy.router.apply(withCertificates([whole, b], { defaultCertificate: 'b' }))).toEqual({
      ...{ kind: 'commands', commands: 0 },
    });
    expect(await haproxy.worker()).toBe(worker);
  });

  it('are refused where the key is another one, and nothing changes then', async () => {
    const [a, b] = [await certificate('a', 'a.test'), await certificate('b', 'b.test')];
    const swapped = {
      name: 'a',
      pem: (a.pem.split('-----BEGIN PRIVATE')[0] ?? '') + b.pem.slice(b.pem.indexOf('-----BEGIN PRIVATE')),
    };
    const before = await shown('a.test');
    await expect(haproxy.router.apply(withCertificates([swapped]))).rejects.toMatchObject({
      ...{ code: 'bad_request', message: 'certificate a: its key belongs to another one' },
    });
    expect(await shown('a.test')).toEqual(before);
  });

  it('have HTTP/2 behind them, and containers that hear of it', async () => {
    await haproxy.router.apply(withCertificates([await certificate('a', 'a.test')]));
    const session = connectHttp2(`https://${ADDRESS}:${TLS_PORT}`, {
      servername: 'a.test',
      rejectUnauthorized: false,
    });
    const stream = session.request({ ':path': '/x', ':authority': 'a.test' });
    let body = '';
    stream.on('data', (bytes) => {
      body += bytes;
    });
    await new Promise((resolve) => stream.once('end', resolve));
    session.close();
    expect(JSON.parse(body)).toMatchObject({
      url: '/x',
      headers: { 'x-forwarded-proto': 'https', host: 'a.test' },
    });
  });
});

describe('containers', () => {
  it('may speak TLS, and hear who asks by the PROXY protocol', async () => {
    const { pem } = await certificate('inner', 'inner.test');
    const tls = createHttpsServer({ key: pem, cert: pem }, (_asked, answer) => answer.end('encrypted'));
    const heads: Buffer[] = [];
    const proxied = createServer((socket) => {
      socket.once('data', (bytes) => {
        heads.push(bytes);
        socket.end('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok');
      });
      socket.on('error', () => socket.destroy());
    });
    const [tlsPort, proxiedPort] = [await listen(tls), await listen(proxied)];
    await haproxy.router.apply(
      stateOf([
        route('tls', 'tls.test', [pool('v', [tlsPort], { tls: { kind: 'unverified' } })]),
        route('strict', 'strict.test', [
          pool('v', [tlsPort], { tls: { kind: 'verified', name: 'inner.test' } }),
        ]),
        route('proxy', 'proxy.test', [pool('v', [proxiedPort], { proxyProtocol: true })]),
      ]),
    );
    expect((await ask('tls.test')).text).toBe('encrypted');
    expect((await ask('strict.test')).status).toBe(503); // signed by nobody that the machine knows
    expect((await ask('proxy.test')).text).toBe('ok');
    // Version 2, TCP over IPv4, 127.0.0.1 as the source (proxy-protocol.txt, section 2.2).
    expect(heads[0]?.subarray(0, 12).toString('hex')).toBe('0d0a0d0a000d0a515549540a');
    expect([...(heads[0]?.subarray(16, 20) ?? [])]).toEqual([127, 0, 0, 1]);
  });
});

describe('an entry behind a balancer', () => {
  /** What comes back for bytes. */
  const raw = (bytes: string) =>
    new Promise<string>((resolve) => {
      const socket = connectTcp(PORT, ADDRESS, () => socket.write(bytes));
      let text = '';
      socket.on('data', (some) => {
        text += some;
      });
      socket.on('error', () => resolve(text));
      socket.on('close', () => resolve(text));
    });
  const request = 'GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n';
  const from = (proxyFrom: string[]) =>
    haproxy.router.apply(
      stateOf([web()], { entries: [{ address: ADDRESS, port: PORT, tls: false, proxyFrom, trust: [] }] }),
    );

  it('takes the PROXY protocol from it, and from nobody else', async () => {
    await from(['127.0.0.0/8']);
    const header = 'PROXY TCP4 192.0.2.9 192.0.2.1 5000 80\r\n';
    expect(await raw(header + request)).toContain('"x-forwarded-for":"192.0.2.9"');
    expect(await raw(request)).not.toContain('200 OK');
    await from(['192.0.2.0/24']);
    expect(await raw(request)).toContain('"x-forwarded-for":"127.0.0.1"');
    expect(await raw(header + request)).toContain('400 Bad');
  });
});

describe('a port', () => {
  /** The first bytes of the other side. */
  const greeting = (port: number) =>
    new Promise<string>((resolve) => {
      const socket = connectTcp(port, ADDRESS);
      socket.once('data', (bytes) => {
        resolve(String(bytes));
        socket.destroy();
      });
      socket.on('error', () => resolve(''));
      socket.on('close', () => resolve(''));
    });

  it('leads to containers byte for byte, and moves by weight without a reload', async () => {
    const ports = [
      await listen(createServer((socket) => socket.end('one'))),
      await listen(createServer((socket) => socket.end('two'))),
    ];
    const state = (one: number, two: number) =>
      stateOf([], {
        tcpRoutes: [
          {
            ...{ kind: 'tcp-route', id: 'db', port: DATABASE_PORT, names: [] },
            pools: [
              pool('one', [ports[0] ?? 0], { weight: one }),
              pool('two', [ports[1] ?? 0], { weight: two }),
            ],
          },
        ],
      });
    await haproxy.router.apply(state(100, 0));
    expect(await greeting(DATABASE_PORT)).toBe('one');
    expect(await haproxy.router.apply(state(0, 100))).toMatchObject({ kind: 'commands' });
    expect(await greeting(DATABASE_PORT)).toBe('two');
    await haproxy.router.apply(stateOf([]));
    expect(await greeting(DATABASE_PORT)).toBe('');
  });

  it('leads to the name that TLS asks for, and is not decrypted', async () => {
    const names = ['a.sni.test', 'b.sni.test', 'x.b.sni.test'];
    const ports: number[] = [];
    for (const name of names.slice(0, 2)) {
      const { pem } = await certificate(name, name);
      const server = createTlsServer({ key: pem, cert: pem });
      server.on('tlsClientError', () => {});
      ports.push(await listen(server));
    }
    const to = (id: string, own: string[], i: number) => ({
      ...{ kind: 'tcp-route' as const, id, port: SNI_PORT, names: own },
      pools: [pool('v', [ports[i] ?? 0])],
    });
    const state = (first: string[]) =>
      stateOf([], { tcpRoutes: [to('a', first, 0), to('b', ['b.sni.test', '*.b.sni.test'], 1)] });
    await haproxy.router.apply(state(['a.sni.test']));
    expect((await shown('a.sni.test', SNI_PORT)).names).toBe('DNS:a.sni.test');
    expect((await shown('b.sni.test', SNI_PORT)).names).toBe('DNS:b.sni.test');
    expect((await shown('x.y.b.sni.test', SNI_PORT)).names).toBe('DNS:b.sni.test');
    await expect(shown('c.sni.test', SNI_PORT)).rejects.toThrow();
    expect(await haproxy.router.apply(state(['a.sni.test', 'c.sni.test']))).toMatchObject({
      kind: 'commands',
    });
    expect((await shown('c.sni.test', SNI_PORT)).names).toBe('DNS:a.sni.test');
  });
});
