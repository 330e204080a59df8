import { createSocket } from 'node:dgram';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Member } from '../../model/span.ts';
import type { OpenSockets } from '../namespace-sockets.ts';
import { exchange } from './exchange.ts';
import { Forwarder } from './forwarder.ts';
import { HostNames } from './host-names.ts';
import { MemberIndex } from './member-index.ts';
import { MemberResolver } from './member-resolver.ts';
import { dataOf, decoded, queryOf } from './query.fixture.ts';
import { FakeUpstream } from './upstream.fixture.ts';

const x1 = { id: 'n1', name: 'x1', internal: false };
const inside = { id: 'n2', name: 'inside', internal: true };

function member(id: string, ipv4: string, more: Partial<Member> = {}): Member {
  return { id, hostId: 'h', via: '', mac: '02:be:00:00:00:01', ipv4, names: [id], up: true, ...more };
}

describe('MemberResolver', () => {
  const index = new MemberIndex();
  const put = [member('web', '10.0.0.1'), member('db', '10.0.0.2'), member('off', '10.0.0.3', { up: false })];
  put.push(member('both', '10.0.0.4'));
  index.change(x1, { whole: true, put, drop: [] });
  index.change(inside, {
    whole: true,
    put: [member('alone', '10.9.0.1'), member('db', '10.9.0.2'), member('both', '10.9.0.4')],
    drop: [],
  });
  let upstream: FakeUpstream;
  let resolver: MemberResolver;

  beforeEach(async () => {
    upstream = await FakeUpstream.start(({ name }) => [{ name, type: 'A', ttl: 60, data: '192.0.2.1' }]);
    resolver = new MemberResolver({
      ...{ index, forwarder: new Forwarder(), upstream: () => [upstream.server] },
      hasServers: (id) => id === 'db',
    });
  });
  afterEach(() => upstream.close());

  const ask = async (name: string, address: string, networkId = 'n1', type: 'A' | 'AAAA' = 'A') => {
    const query = queryOf(name, type);
    return decoded(await resolver.answer(query, { networkId, address, transport: 'udp' }));
  };
  const asked = () => upstream.asked.filter(({ name }) => !name.endsWith('.berth-loop'));

  it('answers a member, with an authority where there is nothing', async () => {
    expect(await ask('web', '10.0.0.2')).toMatchObject({
      flag_aa: true,
      answers: [{ data: '10.0.0.1', ttl: 5 }],
    });
    expect(await ask('web', '10.0.0.2', 'n1', 'AAAA')).toMatchObject({
      rcode: 'NOERROR',
      answers: [],
      authorities: [{ type: 'SOA', name: 'web', ttl: 5, data: { minimum: 5 } }],
    });
    expect(await ask('off.internal', '10.0.0.2')).toMatchObject({
      rcode: 'NXDOMAIN',
      authorities: [{ type: 'SOA', name: 'internal' }],
    });
    expect(asked()).toEqual([]);
  });

  it('sees all networks of the asker, through whichever it asks', async () => {
    expect(await ask('alone', '10.0.0.2', 'n1')).toMatchObject({ answers: [{ data: '10.9.0.1' }] });
    expect(await ask('web', '10.9.0.2', 'n2')).toMatchObject({ answers: [{ data: '10.0.0.1' }] });
  });

  it('knows no name of the cluster for strangers', async () => {
    expect(await ask('web', '10.0.0.99')).toMatchObject({ answers: [{ data: '192.0.2.1' }] });
    expect(await ask('web', '10.0.0.2', 'n3')).toMatchObject({ answers: [{ data: '192.0.2.1' }] });
  });

  it('leaves the rest to the servers that the user gave to the asker, at once', async () => {
    expect(await ask('web', '10.0.0.2')).toMatchObject({ answers: [{ data: '10.0.0.1' }] });
    expect(await ask('example.org', '10.0.0.2')).toMatchObject({ rcode: 'SERVFAIL' });
    expect(asked()).toEqual([]);
  });

  it('asks upstream for the rest, but not for who has no way out', async () => {
    expect(await ask('example.org', '10.0.0.1')).toMatchObject({
      flag_aa: false,
      answers: [{ data: '192.0.2.1' }],
    });
    expect(await ask('example.org', '10.9.0.4', 'n2')).toMatchObject({ answers: [{ data: '192.0.2.1' }] });
    expect(await ask('example.net', '10.9.0.1', 'n2')).toMatchObject({ rcode: 'SERVFAIL' });
    expect(await ask('example.net', '10.9.0.77', 'n2')).toMatchObject({ rcode: 'SERVFAIL' });
    expect(asked().map(({ name }) => name)).toEqual(['example.org']);
  });
});

describe("a member's name for something outside", () => {
  const index = new MemberIndex();
  index.change(x1, { whole: true, put: [member('web', '10.0.0.1'), member('db', '10.0.0.2')], drop: [] });
  index.change(inside, { whole: true, put: [member('alone', '10.9.0.1')], drop: [] });
  const outside: Record<string, string> = {
    ...{ mysql: 'DB.example.com', db: 'db.example.com', gone: 'gone.example.com', bad: 'a..b' },
    ...{ self: 'self', long: 'long.example.com' },
  };
  let upstream: FakeUpstream;
  let resolver: MemberResolver;
  beforeEach(async () => {
    upstream = await FakeUpstream.start(({ name }) => {
      if (name === 'db.example.com')
        return [
          { name, type: 'CNAME', ttl: 60, data: 'pool.example.com' },
          { name: 'pool.example.com', type: 'A', ttl: 20, data: '192.0.2.7' },
        ];
      if (name === 'long.example.com')
        return Array.from({ length: 30 }, (_, i) => ({
          name,
          type: 'A' as const,
          ttl: 60,
          data: `192.0.2.${i}`,
        }));
      return name === 'gone.example.com' ? [] : [{ name, type: 'A', ttl: 60, data: '192.0.2.1' }];
    });
    resolver = new MemberResolver({
      ...{ index, forwarder: new Forwarder(), upstream: () => [upstream.server], hasServers: () => false },
      outside: (id, name) => (id === 'db' ? undefined : outside[name]),
    });
  });
  afterEach(() => upstream.close());
  const ask = async (name: string, address = '10.0.0.1', networkId = 'n1') =>
    decoded(await resolver.answer(queryOf(name, 'A'), { networkId, address, transport: 'udp' }));

  it('is answered as an alias of it, with what upstream says', async () => {
    expect(await ask('mysql')).toMatchObject({
      ...{ rcode: 'NOERROR', flag_aa: false, flag_ra: true, questions: [{ name: 'mysql' }] },
      answers: [
        { name: 'mysql', type: 'CNAME', ttl: 20, data: 'db.example.com' },
        { name: 'db.example.com', type: 'CNAME', data: 'pool.example.com' },
        { name: 'pool.example.com', type: 'A', data: '192.0.2.7' },
      ],
    });
    expect(upstream.asked.map(({ name }) => name).filter((name) => !name.endsWith('.berth-loop'))).toEqual([
      'db.example.com',
    ]);
    expect(await ask('gone')).toMatchObject({ answers: [{ type: 'CNAME', data: 'gone.example.com' }] });
    const { flag_tc, answers } = await ask('long');
    expect([flag_tc, (answers ?? []).length < 31]).toEqual([true, true]);
  });

  it('is of that member alone, behind the names of containers, and not for who has no way out', async () => {
    expect(await ask('db')).toMatchObject({ answers: [{ type: 'A', data: '10.0.0.2' }] });
    expect(await ask('mysql', '10.0.0.2')).toMatchObject({ answers: [{ type: 'A', data: '192.0.2.1' }] });
    expect(await ask('mysql', '10.9.0.1', 'n2')).toMatchObject({ rcode: 'SERVFAIL' });
    for (const name of ['bad', 'self'])
      expect(await ask(name)).toMatchObject({ answers: [{ name, type: 'A', data: '192.0.2.1' }] });
  });
});

describe('HostNames', () => {
  let folder: string;
  let path: string;
  let port = 0;
  let opened = 0;
  let fail = 0;
  /** On the loopback instead of in a namespace. */
  const open: OpenSockets = async () => {
    opened++;
    if (fail-- > 0) throw new Error('address not there yet');
    const tcp = createServer();
    await new Promise<void>((resolve) => tcp.listen(port, '127.0.0.1', resolve));
    ({ port } = tcp.address() as { port: number });
    const udp = createSocket('udp4');
    await new Promise<void>((resolve) => udp.bind(port, '127.0.0.1', resolve));
    return { udp, tcp };
  };
  let names: HostNames;

  beforeEach(() => {
    [port, opened, fail] = [0, 0, 0];
    folder = mkdtempSync(join(tmpdir(), 'berth-names-'));
    path = join(folder, 'namespace');
    writeFileSync(path, '');
    names = new HostNames({ open, run: async () => '', hostServers: () => [], hasServers: () => false });
    names.members(x1, { whole: true, put: [member('me', '127.0.0.1'), member('web', '10.0.0.1')], drop: [] });
  });
  afterEach(async () => {
    await names.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const ask = async (name: string) => {
    const { question } = queryOf(name, 'A');
    const asked = { question, checkingDisabled: false, dnssecOk: false, edns: false };
    return exchange({ address: '127.0.0.1', port }, asked, { transport: 'udp', timeoutMs: 500 });
  };

  it('answers while a network is served, with the members of the moment', async () => {
    names.serve('n1', path);
    names.serve('n1', path);
    await expect.poll(() => names.serving('n1')).toBe(true);
    expect(dataOf((await ask('web')).bytes)).toEqual(['10.0.0.1']);
    names.members(x1, { whole: false, put: [member('web', '10.0.0.9')], drop: [] });
    expect(dataOf((await ask('web')).bytes)).toEqual(['10.0.0.9']);
    names.members(x1, { whole: false, put: [], drop: ['web'] });
    // Nobody upstream to ask.
    expect((await ask('web')).response.rcode).toBe(2);
    names.forget('n1');
    await names.unserve('n1');
    expect(names.serving('n1')).toBe(false);
    await expect(ask('web')).rejects.toMatchObject({ code: 'unavailable' });
    expect(opened).toBe(1);
  });

  it('tries again until the address is there', async () => {
    fail = 3;
    names.serve('n1', path);
    await expect.poll(() => names.serving('n1'), { timeout: 5_000 }).toBe(true);
    expect(opened).toBe(4);
  });

  it('has whoever joins wait for it, and for nothing that does not come', async () => {
    await names.untilServing('n1', 60_000);
    names.serve('n1', path);
    await names.untilServing('n1', 60_000);
    expect(names.serving('n1')).toBe(true);
    await names.unserve('n1');

    fail = Number.MAX_SAFE_INTEGER;
    names.serve('n1', path);
    await names.untilServing('n1', 60_000);
    expect(opened).toBeGreaterThan(3);
    await names.unserve('n1');

    const never: OpenSockets = (_path, _address, _port, signal) =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    const hanging = new HostNames({
      ...{ open: never, run: async () => '' },
      ...{ hostServers: () => [], hasServers: () => false },
    });
    hanging.serve('n1', path);
    await hanging.untilServing('n1', 20);
    const waiting = hanging.untilServing('n1', 60_000);
    await hanging.close();
    await waiting;
  });

  it('opens few at once', async () => {
    let under = 0;
    let most = 0;
    const slow: OpenSockets = async () => {
      most = Math.max(most, ++under);
      await new Promise((resolve) => setTimeout(resolve, 10));
      under--;
      throw new Error('not now');
    };
    const many = new HostNames({
      ...{ open: slow, run: async () => '' },
      ...{ hostServers: () => [], hasServers: () => false },
    });
    for (let n = 0; n < 30; n++) many.serve(`n${n}`, path);
    await new Promise((resolve) => setTimeout(resolve, 200));
    await many.close();
    expect(most).toBe(3);
  });

  it('lets go of a namespace that is gone, and opens in the new one', async () => {
    names.serve('n1', path);
    await expect.poll(() => names.serving('n1')).toBe(true);
    rmSync(path);
    await expect.poll(() => names.serving('n1'), { timeout: 5_000 }).toBe(false);
    writeFileSync(path, '');
    await expect.poll(() => names.serving('n1'), { timeout: 5_000 }).toBe(true);
    expect(opened).toBe(2);
  });
});
