import { createSocket } from 'node:dgram';
import { createServer } from 'node:http';
import { connect, createServer as createTcpServer } from 'node:net';
import { decode } from 'dns-packet';
import { afterEach, describe, expect, it } from 'vitest';
import type { DnsRecord, DnsZone } from '../../../model/dns.ts';
import { exchange } from '../exchange.ts';
import { dataOf, queryOf, questionBytes } from '../query.fixture.ts';
import { TcpFrames, withLength } from '../tcp-frames.ts';
import { probeOnce } from './health-checks.ts';
import { NameServer } from './name-server.ts';
import { a, record, zone } from './zone.fixture.ts';
import { isListed } from './zone-transfer.ts';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function start(
  zones: readonly DnsZone[],
  records: readonly DnsRecord[],
  more = {},
): Promise<NameServer> {
  const server = new NameServer({ onHealth: () => undefined, ...more });
  server.update(zones, records);
  await server.listen('127.0.0.1', 0);
  closers.push(() => server.close());
  return server;
}

function ask(
  server: NameServer,
  name: string,
  type: Parameters<typeof queryOf>[1],
  transport: 'udp' | 'tcp' = 'udp',
) {
  const { question } = queryOf(name, type);
  const asked = { question, checkingDisabled: false, dnssecOk: false, edns: true };
  return exchange({ address: '127.0.0.1', port: server.port }, asked, { transport, timeoutMs: 1_000 });
}

/** All that comes back on a connection within a moment. */
async function fetchZone(server: NameServer, name: string): Promise<ReturnType<typeof decode>[]> {
  const frames = new TcpFrames();
  const messages: Buffer[] = [];
  const socket = connect(server.port, '127.0.0.1');
  socket.on('data', (chunk) => messages.push(...frames.push(chunk)));
  socket.write(withLength(questionBytes(name, 'AXFR')));
  await new Promise((resolve) => setTimeout(resolve, 200));
  socket.destroy();
  return messages.map((one) => decode(one));
}

describe('NameServer', () => {
  it('answers for its zones by UDP and TCP, and refuses all others', async () => {
    const server = await start([zone], [a('*', '192.0.2.1')]);
    for (const transport of ['udp', 'tcp'] as const)
      expect(dataOf((await ask(server, 'X.apps.example', 'A', transport)).bytes)).toEqual(['192.0.2.1']);
    expect((await ask(server, 'example.org', 'A')).response.rcode).toBe(5);
    server.update([zone], [a('*', '192.0.2.2')]);
    expect(dataOf((await ask(server, 'x.apps.example', 'A')).bytes)).toEqual(['192.0.2.2']);
  });

  it('gives the zone only to who may have it, whole, in as many messages as it takes', async () => {
    const many = Array.from({ length: 450 }, (_, n) => a(`n${n}`, `10.0.${n >> 8}.${n & 255}`));
    const long = Array.from({ length: 60 }, (_, n) =>
      record(`t${n}`, { type: 'TXT', text: 'x'.repeat(4_000) }),
    );
    const server = await start([{ ...zone, transfer: ['127.0.0.0/8'] }], [...many, ...long]);
    const messages = await fetchZone(server, 'apps.example');
    const records = messages.flatMap(({ answers = [] }) => answers);
    expect(messages.length).toBeGreaterThan(4);
    expect([records[0]?.type, records.at(-1)?.type]).toEqual(['SOA', 'SOA']);
    // Two SOA, two NS.
    expect(records).toHaveLength(450 + 60 + 4);
    server.update([{ ...zone, transfer: ['192.0.2.1'] }], many);
    expect(await fetchZone(server, 'apps.example')).toMatchObject([{ rcode: 'REFUSED', answers: [] }]);
    expect(await fetchZone(server, 'below.apps.example')).toMatchObject([{ rcode: 'NOTAUTH' }]);
    expect((await ask(server, 'apps.example', 'AXFR')).response.rcode).not.toBe(0);
  });

  it('tells secondaries of each change, until they have heard', async () => {
    const heard: Buffer[] = [];
    const secondary = createSocket('udp4');
    secondary.on('message', (bytes, { port, address }) => {
      heard.push(Buffer.from(bytes));
      if (heard.length === 1) return;
      bytes.writeUInt16BE(bytes.readUInt16BE(2) | 0x8000, 2);
      secondary.send(bytes, port, address);
    });
    await new Promise<void>((resolve) => secondary.bind(0, '127.0.0.1', resolve));
    closers.push(() => secondary.close());
    const told = { ...zone, notify: [{ address: '127.0.0.1', port: secondary.address().port }] };
    const server = await start([told], []);
    await expect.poll(() => heard.length, { timeout: 5_000 }).toBe(2);
    expect(decode(heard[0] as Buffer)).toMatchObject({
      ...{ opcode: 'NOTIFY', flag_aa: true },
      questions: [{ name: 'apps.example', type: 'SOA' }],
    });
    server.update([told], [a('www', '192.0.2.1')]);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(heard).toHaveLength(2);
    server.update([{ ...told, serial: 8 }], [a('www', '192.0.2.1')]);
    await expect.poll(() => heard.length).toBe(3);
  });

  it('leaves an unhealthy address out, after three failures, and takes it in again after two successes', async () => {
    const check = { kind: 'tcp', port: 80 } as const;
    const records = [a('eu', '192.0.2.1', { check, id: 'one' }), a('eu', '192.0.2.2', { check, id: 'two' })];
    let works = true;
    let looks = 0;
    const changed: string[] = [];
    const server = await start([zone], records, {
      checkEveryMs: 20,
      probe: async ({ id }: DnsRecord) => {
        if (id !== 'two') return;
        looks++;
        if (!works) throw new Error('refused');
      },
      onHealth: (name: string) => {
        // The serial may not get to the disk: answers must not wait for it.
        changed.push(`${name} ${looks}`);
      },
    });
    const told = async () => dataOf((await ask(server, 'eu.apps.example', 'A')).bytes).sort();
    await expect.poll(() => looks).toBeGreaterThan(2);
    expect(await told()).toEqual(['192.0.2.1', '192.0.2.2']);
    works = false;
    looks = 0;
    await expect.poll(told).toEqual(['192.0.2.1']);
    expect(changed).toEqual(['apps.example 3']);
    works = true;
    looks = 0;
    await expect.poll(told).toEqual(['192.0.2.1', '192.0.2.2']);
    expect(changed[1]).toBe('apps.example 2');
  });
});

it('knows who is listed', () => {
  const list = ['192.0.2.7', '198.51.100.0/24', '2001:db8::/32', 'nonsense'];
  for (const yes of ['192.0.2.7', '198.51.100.99', '2001:db8::5']) expect(isListed(list, yes)).toBe(true);
  for (const no of ['192.0.2.8', '198.51.101.1', '2001:db9::5', 'nonsense', ''])
    expect(isListed(list, no)).toBe(false);
  expect(isListed([], '127.0.0.1')).toBe(false);
});

describe('a look at a record', () => {
  const look = (port: number, kind: 'tcp' | 'http', path = '/') =>
    probeOnce(
      a('www', '127.0.0.1', { check: kind === 'tcp' ? { kind, port } : { kind, port, path } }),
      AbortSignal.timeout(500),
    );

  it('by HTTP: a status under 400, asked for by name', async () => {
    const hosts: (string | undefined)[] = [];
    const server = createServer(({ url, headers }, answer) => {
      hosts.push(headers.host);
      if (url === '/slow') return;
      answer.writeHead(url === '/bad' ? 503 : url === '/moved' ? 302 : 200).end('ok');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closers.push(
      () => server.closeAllConnections(),
      () => server.close(),
    );
    const { port } = server.address() as { port: number };
    await look(port, 'http', '/');
    await look(port, 'http', '/moved');
    await expect(look(port, 'http', '/bad')).rejects.toThrow('status 503');
    await expect(look(port, 'http', '/slow')).rejects.toThrow();
    expect(hosts[0]).toBe('www.apps.example');
  });

  it('by TCP: a connection', async () => {
    const server = createTcpServer((socket) => socket.on('error', () => undefined));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    await look(port, 'tcp');
    await new Promise((resolve) => server.close(resolve));
    await expect(look(port, 'tcp')).rejects.toThrow('ECONNREFUSED');
  });
});
