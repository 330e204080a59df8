import { createSocket, type Socket } from 'node:dgram';
import { connect, createServer, type Server as TcpServer } from 'node:net';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RateLimit } from '../../kit/rate-limit.ts';
import { DnsServer } from './dns-server.ts';
import { type Exchanged, exchange } from './exchange.ts';
import { encodeReply, sizeLimit } from './message.ts';
import { dataOf, decoded, queryOf, questionBytes } from './query.fixture.ts';
import { TcpFrames, withLength } from './tcp-frames.ts';

let udp: Socket;
let tcp: TcpServer;
let port: number;

async function open(server: DnsServer): Promise<void> {
  tcp = createServer();
  await new Promise<void>((resolve) => tcp.listen(0, '127.0.0.1', resolve));
  ({ port } = tcp.address() as { port: number });
  udp = createSocket('udp4');
  await new Promise<void>((resolve) => udp.bind(port, '127.0.0.1', resolve));
  server.serveUdp(udp);
  server.serveTcp(tcp);
}

const many = new DnsServer({
  idleMs: 500,
  answer: (query, { transport }) => {
    if (query.question.name === 'broken') throw new Error('broken');
    const answers = Array.from({ length: 200 }, (_, n) => ({
      ...{ name: query.question.name, type: 'A' as const, ttl: 5, data: `10.0.0.${n}` },
    }));
    return encodeReply(
      query,
      { rcode: 0, authoritative: true, recursionAvailable: true, answers },
      sizeLimit(query, transport),
    );
  },
});

const ask = (name: string, transport: 'udp' | 'tcp'): Promise<Exchanged> => {
  const { question } = queryOf(name, 'A');
  const asked = { question, checkingDisabled: false, dnssecOk: false, edns: false };
  return exchange({ address: '127.0.0.1', port }, asked, { transport, timeoutMs: 1_000 });
};

beforeEach(() => open(many));
afterEach(async () => {
  udp.close();
  await new Promise((resolve) => tcp.close(resolve));
});

/** Sends bytes and gives what comes back within a moment. */
async function raw(bytes: Buffer): Promise<Buffer | undefined> {
  const socket = createSocket('udp4');
  const answer = new Promise<Buffer>((resolve) => socket.once('message', resolve));
  await new Promise((resolve) => socket.send(bytes, port, '127.0.0.1', resolve));
  const found = await Promise.race([
    answer,
    new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), 50)),
  ]);
  socket.close();
  return found;
}

describe('DnsServer', () => {
  it('answers by UDP as much as fits, and by TCP everything', async () => {
    const short = await ask('web', 'udp');
    expect(short.response.truncated).toBe(true);
    expect(dataOf((await ask('web', 'tcp')).bytes)).toHaveLength(200);
  });

  it('says FORMERR, NOTIMP, BADVERS and SERVFAIL where it must', async () => {
    const two = questionBytes('web', 'A');
    two.writeUInt16BE(2, 4);
    expect(decoded(await raw(two))).toMatchObject({ id: 4242, rcode: 'FORMERR' });
    const update = questionBytes('web', 'A');
    update.writeUInt16BE(5 << 11, 2);
    expect(decoded(await raw(update))).toMatchObject({ rcode: 'NOTIMP' });
    const version = questionBytes('web', 'A', { udpSize: 1232 });
    version.writeUInt8(1, version.length - 5);
    expect(decoded(await raw(version))).toMatchObject({ additionals: [{ extendedRcode: 1 }] });
    expect((await ask('broken', 'udp')).response.rcode).toBe(2);
  });

  it('survives garbage by UDP and by TCP', async () => {
    const socket = createSocket('udp4');
    socket.on('message', () => undefined);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        socket.send(Buffer.from(bytes), port, '127.0.0.1');
        const spoilt = questionBytes('web.shop', 'A', { udpSize: 1232 });
        for (const [at, byte] of bytes.entries()) spoilt[(at * 7 + byte) % spoilt.length] = byte;
        socket.send(spoilt, port, '127.0.0.1');
      }),
      { numRuns: 300 },
    );
    for (let n = 0; n < 20; n++) {
      const stream = connect(port, '127.0.0.1');
      stream.on('error', () => undefined);
      stream.end(Buffer.from(fc.sample(fc.uint8Array({ minLength: 3, maxLength: 500 }), 1)[0] ?? []));
    }
    expect(dataOf((await ask('web', 'tcp')).bytes)).toHaveLength(200);
    expect((await ask('web', 'udp')).response.truncated).toBe(true);
    socket.close();
  });

  it('answers many questions on one connection, some thousands too', async () => {
    const stream = connect(port, '127.0.0.1');
    const frames = new TcpFrames();
    let answers = 0;
    const all = new Promise<void>((resolve) =>
      stream.on('data', (chunk) => {
        answers += frames.push(chunk).length;
        if (answers === 3_000) resolve();
      }),
    );
    for (let n = 0; n < 3_000; n++) stream.write(withLength(questionBytes('web', 'A', { id: n })));
    await all;
    stream.destroy();
  });

  it('closes on who never reads, and on who says half a question', async () => {
    const stream = connect(port, '127.0.0.1').on('error', () => undefined);
    stream.pause();
    const question = withLength(questionBytes('web', 'A'));
    for (let n = 0; n < 20_000; n++) stream.write(question);
    const half = connect(port, '127.0.0.1').on('error', () => undefined);
    half.write(question.subarray(0, 9));
    const open = () => new Promise<number>((resolve) => tcp.getConnections((_, count) => resolve(count)));
    await expect.poll(open).toBe(2);
    await expect.poll(open, { timeout: 5_000 }).toBe(0);
    expect((await ask('web', 'tcp')).response.rcode).toBe(0);
    stream.destroy();
    half.destroy();
  });

  it('does not keep more connections than it has room for; a new one is served', async () => {
    const streams = Array.from({ length: 260 }, () =>
      connect(port, '127.0.0.1').on('error', () => undefined),
    );
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect((await ask('web', 'tcp')).response.rcode).toBe(0);
    for (const stream of streams) stream.destroy();
  });
});

it('serves one asker while another one floods', async () => {
  udp.close();
  await new Promise((resolve) => tcp.close(resolve));
  const limit = new RateLimit({ perSecond: 100, burst: 100 }, 10);
  const base = queryOf('web', 'A');
  let answered = 0;
  await open(
    new DnsServer({
      admit: (address) => limit.take(address, Date.now()),
      answer: (query) => {
        answered++;
        return encodeReply(
          { ...base, id: query.id },
          { rcode: 0, authoritative: true, recursionAvailable: true },
          512,
        );
      },
    }),
  );
  const flood = createSocket('udp4');
  await new Promise<void>((resolve) => flood.bind(0, '127.0.0.2', resolve));
  const question = questionBytes('web', 'A');
  let sent = 0;
  let stop = false;
  const flooding = (async () => {
    while (!stop) {
      for (let n = 0; n < 50; n++) flood.send(question, port, '127.0.0.1', () => undefined);
      sent += 50;
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  })();
  let good = 0;
  for (let n = 0; n < 50; n++) {
    const found = await ask('web', 'udp').catch(() => undefined);
    if (found !== undefined) good++;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  stop = true;
  await flooding;
  flood.close();
  expect(sent).toBeGreaterThan(2_000);
  expect(answered).toBeLessThan(1_500);
  expect(good).toBeGreaterThanOrEqual(45);
}, 30_000);
