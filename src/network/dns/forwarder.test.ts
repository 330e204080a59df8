import { afterEach, describe, expect, it } from 'vitest';
import type { Server } from './exchange.ts';
import { Forwarder } from './forwarder.ts';
import { dataOf, queryOf } from './query.fixture.ts';
import { FakeUpstream } from './upstream.fixture.ts';

const opened: FakeUpstream[] = [];
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
});

async function upstream(...how: Parameters<typeof FakeUpstream.start>): Promise<FakeUpstream> {
  const one = await FakeUpstream.start(...how);
  opened.push(one);
  return one;
}

const a = (name: string, data = '192.0.2.7', ttl = 60) => [{ name, type: 'A' as const, ttl, data }];
/** Nobody listens there. */
const nowhere: Server = { address: '127.0.0.1', port: 1 };

async function ask(forwarder: Forwarder, servers: readonly Server[], name = 'a.example', source = 's') {
  const found = await forwarder.ask(queryOf(name, 'A'), servers, source);
  return found && { data: dataOf(found.answer.bytes), rcode: found.answer.rcode };
}

/** Questions of people; the probe for loops is not one. */
const asked = (one: FakeUpstream) => one.asked.filter(({ name }) => !name.endsWith('.berth-loop'));

describe('Forwarder', () => {
  it('asks the first server, and keeps what it said', async () => {
    const first = await upstream(({ name }) => a(name));
    const forwarder = new Forwarder();
    for (let n = 0; n < 3; n++)
      expect(await ask(forwarder, [first.server])).toEqual({ data: ['192.0.2.7'], rcode: 0 });
    expect(asked(first)).toHaveLength(1);
  });

  it('asks with a new port and a new ID each time', async () => {
    const first = await upstream(({ name }) => a(name));
    const forwarder = new Forwarder();
    await Promise.all(Array.from({ length: 30 }, (_, n) => ask(forwarder, [first.server], `n${n}.example`)));
    expect(new Set(asked(first).map(({ from }) => from)).size).toBeGreaterThan(25);
    expect(new Set(asked(first).map(({ id }) => id)).size).toBeGreaterThan(25);
  });

  it('asks the next one where a server is away, says nothing, or fails', async () => {
    const silent = await upstream(() => undefined);
    const failing = await upstream(() => ({ flags: 0x182 }));
    const good = await upstream(({ name }) => a(name));
    const forwarder = new Forwarder();
    const servers = [nowhere, silent.server, failing.server, good.server];
    expect(await ask(forwarder, servers)).toMatchObject({ data: ['192.0.2.7'] });
    // Those that did not answer come last now.
    const started = performance.now();
    expect(await ask(forwarder, servers, 'b.example')).toMatchObject({ data: ['192.0.2.7'] });
    expect(performance.now() - started).toBeLessThan(500);
    expect(asked(silent)).toHaveLength(1);
  });

  it('passes a refusal on where nobody knows more, and says nothing where nobody is there', async () => {
    const refusing = await upstream(() => ({ flags: 0x185 }));
    expect(await ask(new Forwarder(), [refusing.server])).toEqual({ data: [], rcode: 5 });
    expect(await ask(new Forwarder(), [nowhere])).toBeUndefined();
    expect(await ask(new Forwarder(), [])).toBeUndefined();
  });

  it('comes again by TCP where the answer is cut', async () => {
    const long = Array.from({ length: 300 }, (_, n) => a('a.example', `10.1.${n >> 8}.${n & 255}`)).flat();
    const first = await upstream((_, transport) => (transport === 'tcp' ? long : { flags: 0x380 }));
    expect((await ask(new Forwarder(), [first.server]))?.data).toHaveLength(300);
  });

  it('comes again without EDNS where a server does not know it', async () => {
    const old: FakeUpstream = await upstream(({ name }) =>
      old.asked.at(-1)?.edns === true ? { flags: 0x181 } : a(name),
    );
    expect(await ask(new Forwarder(), [old.server])).toMatchObject({ data: ['192.0.2.7'] });
  });

  it('takes no answer to another question, nor one with another ID', async () => {
    const first: FakeUpstream = await upstream(({ name, raw }, _, id) => {
      if (name.endsWith('.berth-loop')) return undefined;
      const other = Buffer.alloc(12);
      other.writeUInt16BE(id ^ 1, 0);
      other.writeUInt16BE(0x8180, 2);
      other.writeUInt16BE(1, 4);
      return Buffer.concat([other, raw]);
    });
    expect(await ask(new Forwarder(), [first.server])).toBeUndefined();
    const second = await upstream((_question, _, id) => {
      const other = Buffer.from(queryOf('b.example', 'A').question.raw);
      const head = Buffer.alloc(12);
      head.writeUInt16BE(id, 0);
      head.writeUInt16BE(0x8180, 2);
      head.writeUInt16BE(1, 4);
      return Buffer.concat([head, other]);
    });
    expect(await ask(new Forwarder(), [second.server])).toBeUndefined();
  });

  it('asks once for many who ask the same', async () => {
    const slow = await upstream(async ({ name }) => {
      await new Promise((resolve) => setTimeout(resolve, 100));
      return a(name);
    });
    const forwarder = new Forwarder();
    const all = await Promise.all(
      Array.from({ length: 50 }, (_, n) => ask(forwarder, [slow.server], 'a.example', `s${n}`)),
    );
    expect(all.every((one) => one?.data[0] === '192.0.2.7')).toBe(true);
    expect(asked(slow)).toHaveLength(1);
  });

  it('keeps answers of different servers apart', async () => {
    const one = await upstream(({ name }) => a(name, '192.0.2.1'));
    const two = await upstream(({ name }) => a(name, '192.0.2.2'));
    const forwarder = new Forwarder();
    expect(await ask(forwarder, [one.server])).toMatchObject({ data: ['192.0.2.1'] });
    expect(await ask(forwarder, [two.server])).toMatchObject({ data: ['192.0.2.2'] });
  });

  it('lets one source wait for a hundred answers at most, and others ask meanwhile', async () => {
    const slow = await upstream(({ name }) => (name.startsWith('slow') ? undefined : a(name)));
    const forwarder = new Forwarder();
    const flood = Array.from({ length: 500 }, (_, n) =>
      ask(forwarder, [slow.server], `slow${n}.example`, 'flood'),
    );
    const started = performance.now();
    expect(await ask(forwarder, [slow.server], 'quick.example', 'other')).toMatchObject({ rcode: 0 });
    expect(performance.now() - started).toBeLessThan(1_000);
    await Promise.all(flood);
    expect(asked(slow).filter(({ name }) => name.startsWith('slow')).length).toBeLessThanOrEqual(400);
  });

  it('finds a server that asks this host in turn, and leaves it out', async () => {
    const forwarder = new Forwarder();
    const circle: FakeUpstream = await upstream(async ({ name }) => {
      if (forwarder.loops.caught(name)) return { flags: 0x185 };
      return undefined;
    });
    const good = await upstream(({ name }) => a(name));
    const servers = [circle.server, good.server];
    expect(await ask(forwarder, servers)).toMatchObject({ data: ['192.0.2.7'] });
    expect(forwarder.loops.leadsHere(circle.server)).toBe(true);
    expect(forwarder.loops.leadsHere(good.server)).toBe(false);
    expect(await ask(forwarder, servers, 'b.example')).toMatchObject({ data: ['192.0.2.7'] });
    // Not even where it is the only one.
    expect(await ask(forwarder, [circle.server], 'c.example')).toBeUndefined();
    expect(asked(circle)).toHaveLength(1);
  });

  it('gives up before the resolver of a container does, however many servers are silent', async () => {
    let now = 0;
    const forwarder = new Forwarder({
      clock: { now: () => now, sleep: async () => undefined },
      exchange: async (_server, { question }, { timeoutMs }) => {
        // The look for loops takes its time beside the question.
        if (!question.name.endsWith('.berth-loop')) now += timeoutMs;
        throw new Error('silent');
      },
    });
    const servers = Array.from({ length: 6 }, (_, n) => ({ address: `192.0.2.${n}`, port: 53 }));
    expect(await ask(forwarder, servers)).toBeUndefined();
    expect(now).toBe(3_500);
  });
});
