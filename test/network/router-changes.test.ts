import { Agent, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type RouterState, SERVICE_STICKY } from '../../src/model/router.ts';
import { TIME_BOUNDS, type Traffic } from '../../src/model/traffic.ts';
import { ensureRequirements } from '../lab/requirements.ts';
import { ADDRESS, ask, PORT, pool, route, startContainer, stateOf, TestRouter } from './haproxy.ts';

/** How a real HAProxy goes from one state to the next. */
const haproxy = new TestRouter();
type Container = Awaited<ReturnType<typeof startContainer>>;
const containers: Container[] = [];

async function container(name: string): Promise<Container> {
  const one = await startContainer(name);
  containers.push(one);
  return one;
}

let a: Container;
let b: Container;

beforeAll(async () => {
  await ensureRequirements([['haproxy', 'haproxy']]);
  [a, b] = [await container('a'), await container('b')];
  await haproxy.start(stateOf([]));
});

afterAll(async () => {
  await haproxy.stop();
  for (const { server } of containers) {
    server.close();
    server.closeAllConnections();
  }
});

const shop = (old: number, fresh: number, more: object = {}) =>
  stateOf([
    route(
      'shop',
      'x.com',
      [pool('old', [a.port], { weight: old }), pool('new', [b.port], { weight: fresh })],
      more,
    ),
  ]);

/** How many of so many requests each container had. */
async function shares(count: number): Promise<Record<string, number>> {
  const had: Record<string, number> = {};
  for (let i = 0; i < count; i++) {
    const by = (await ask('x.com')).seen?.by ?? 'nobody';
    had[by] = (had[by] ?? 0) + 1;
  }
  return had;
}

it('asks servers itself where it is told to, those that come later too, and sends nothing to one that fails', async () => {
  const [c, d] = [await container('c'), await container('d')];
  const check = { kind: 'http', path: '/up' } as const;
  const state = (...ports: number[]) =>
    stateOf([route('checked', 'checked.com', [pool('v1', ports, { check })])]);
  await haproxy.router.apply(state(c.port));
  const applied = await haproxy.router.apply(state(c.port, d.port));
  expect(applied.kind).toBe('commands');
  const had = async () => {
    const by = new Set<string>();
    for (let i = 0; i < 8; i++) by.add((await ask('checked.com')).seen?.by ?? 'nobody');
    return [...by].sort();
  };
  expect(await had()).toEqual(['c', 'd']);
  const failing = async () =>
    (await haproxy.router.takeTraffic()).failing.filter(({ route: id }) => id === 'checked');
  expect(await failing()).toEqual([]);
  const sick = (asked: IncomingMessage, answer: ServerResponse) => {
    if (asked.url === '/up') answer.writeHead(500).end();
    else answer.setHeader('content-type', 'application/json').end('{"by":"sick"}');
  };
  d.server.removeAllListeners('request').on('request', sick);
  await vi.waitFor(async () => expect(await had()).toEqual(['c']), { timeout: 60_000, interval: 500 });
  const one = { kind: 'http', route: 'checked', address: ADDRESS, port: d.port, why: 'HTTP 500' };
  expect(await failing()).toEqual([one]);
  c.server.removeAllListeners('request').on('request', sick);
  await vi.waitFor(
    async () => {
      const { status, text } = await ask('checked.com');
      expect([status, text.split('\n')[0]]).toEqual([503, 'No healthy container for checked.com.']);
    },
    { timeout: 60_000, interval: 500 },
  );
});

describe('by the runtime socket alone', () => {
  let worker: number | undefined;
  beforeEach(async () => {
    await haproxy.router.apply(shop(100, 0));
    worker = await haproxy.worker();
  });
  const sameWorker = async () => expect(await haproxy.worker()).toBe(worker);

  it('weights move requests, exactly', async () => {
    for (const [old, fresh, expected] of [
      [100, 0, { a: 100 }],
      [99, 1, { a: 99, b: 1 }],
      [50, 50, { a: 50, b: 50 }],
      [10, 30, { a: 25, b: 75 }],
      [0, 100, { b: 100 }],
    ] as const) {
      expect(await haproxy.router.apply(shop(old, fresh))).toMatchObject({ kind: 'commands' });
      await shares(100); // of the weights before, a cycle may not have ended
      const had = await shares(100);
      for (const name of ['a', 'b'] as const)
        expect(
          Math.abs((had[name] ?? 0) - ((expected as Record<string, number>)[name] ?? 0)),
          JSON.stringify(had),
        ).toBeLessThanOrEqual(1);
    }
    expect(await haproxy.router.apply(shop(0, 100))).toEqual({ kind: 'commands', commands: 0 });
    await sameWorker();
  });

  it('servers and names come and go', async () => {
    const c = await container('c');
    const other = route('other', '*.w.com', [pool('other', [a.port])]);
    const state = (names: string[], pools: ReturnType<typeof pool>[]) =>
      stateOf([route('shop', names, pools), other]);
    // The first wildcard of all is a reload.
    await haproxy.router.apply(state(['x.com'], []));
    worker = await haproxy.worker();
    await haproxy.router.apply(
      state(['x.com', 'y.com', '*.z.com'], [pool('old', [a.port]), pool('new', [b.port, c.port])]),
    );
    expect(Object.keys(await shares(20)).sort()).toEqual(['a', 'b', 'c']);
    expect((await ask('y.com')).status).toBe(200);
    expect((await ask('q.z.com')).status).toBe(200);
    await haproxy.router.apply(state(['x.com'], [pool('new', [c.port])]));
    expect(await shares(20)).toEqual({ c: 20 });
    expect((await ask('y.com')).status).toBe(404);
    expect((await ask('q.z.com')).status).toBe(404);
    // Deleted by and by; one that comes back before is taken in again.
    await haproxy.router.apply(state(['x.com'], [pool('old', [a.port])]));
    expect(await shares(20)).toEqual({ a: 20 });
    await haproxy.router.whenDrained(ADDRESS, c.port);
    await sameWorker();
  });

  it('a route without rules comes and goes, and is known again to an agent that starts', async () => {
    const { routes } = shop(100, 0);
    const late = route('late', 'late.com', [pool('v1', [b.port])]);
    const later = route('later', 'later.com', [pool('v1', [a.port])]);
    expect((await ask('late.com')).status).toBe(404);
    expect(await haproxy.router.apply(stateOf([...routes, late]))).toMatchObject({ kind: 'commands' });
    expect((await ask('late.com')).seen?.by).toBe('b');
    haproxy.router.close();
    haproxy.router = haproxy.newRouter();
    expect(await haproxy.router.apply(stateOf([...routes, late]))).toEqual({ kind: 'commands', commands: 0 });
    await haproxy.router.takeTraffic();
    for (let i = 0; i < 3; i++) await ask('late.com');
    const had = [0, 0, 0, 0, 0, 0];
    const responses = async () => {
      const { traffic } = await haproxy.router.takeTraffic();
      const one = traffic.find(({ route: id, pool: name }) => id === 'late' && name === 'v1');
      for (const [i, count] of (one?.responses ?? []).entries()) had[i] = (had[i] ?? 0) + count;
      return had;
    };
    await expect.poll(responses, { timeout: 30_000 }).toEqual([0, 3, 0, 0, 0, 0]);
    expect(await haproxy.router.apply(stateOf([...routes, later]))).toMatchObject({ kind: 'commands' });
    expect((await ask('late.com')).status).toBe(404);
    expect((await ask('later.com')).seen?.by).toBe('a');
    await sameWorker();
    // An HAProxy that starts by itself has it too; rules of its own need another configuration.
    await haproxy.kill();
    await haproxy.startHaproxy();
    expect((await ask('later.com')).seen?.by).toBe('a');
    const ruled = route('later', 'later.com', [pool('v1', [a.port])], { rules: { gzip: true } });
    expect(await haproxy.router.apply(stateOf([...routes, ruled]))).toMatchObject({ kind: 'reload' });
    expect((await ask('later.com')).seen?.by).toBe('a');
  });

  it('a sticky route comes and goes, its clients keep their container, behind a reload too', async () => {
    const { routes } = shop(100, 0);
    const sticky = { rules: { sticky: SERVICE_STICKY } };
    const late = route('sticky', 'sticky.com', [pool('v1', [a.port, b.port])], sticky);
    expect(await haproxy.router.apply(stateOf([...routes, late]))).toMatchObject({ kind: 'commands' });
    const first = await ask('sticky.com');
    const cookie = String(first.headers['set-cookie']).split(';')[0] ?? '';
    expect(cookie).toMatch(/^berth-sticky=[0-9a-f]{16}/);
    const asked = async () => (await ask('sticky.com', '/', { headers: { cookie } })).seen?.by;
    for (let i = 0; i < 4; i++) expect(await asked()).toBe(first.seen?.by);
    const ruled = route('ruled', 'ruled.com', [pool('v1', [a.port])], { rules: { gzip: true } });
    const both = stateOf([...routes, late, ruled]);
    expect(await haproxy.router.apply(both)).toMatchObject({ kind: 'reload' });
    for (let i = 0; i < 4; i++) expect(await asked()).toBe(first.seen?.by);
    // Those with backends of their own go, and come back.
    expect(await haproxy.router.apply(stateOf(routes))).toMatchObject({ kind: 'commands' });
    expect((await ask('sticky.com')).status).toBe(404);
    expect((await ask('ruled.com')).status).toBe(404);
    expect(await haproxy.router.apply(both)).toMatchObject({ kind: 'commands' });
    for (let i = 0; i < 4; i++) expect(await asked()).toBe(first.seen?.by);
    expect((await ask('ruled.com')).seen?.by).toBe('a');
  });

  it('hundreds of names change in one step', async () => {
    const names = (from: number) => Array.from({ length: 200 }, (_, i) => `n${from + i}.x.com`);
    const pools = [pool('old', [a.port])];
    const routes = (from: number) => [
      route('shop', names(from), pools),
      route('other', names(from + 1000), [pool('other', [b.port])]),
    ];
    await haproxy.router.apply(stateOf(routes(0)));
    const now = await haproxy.worker();
    expect(await haproxy.router.apply(stateOf(routes(100)))).toEqual({ kind: 'commands', commands: 1 });
    expect((await ask('n99.x.com')).status).toBe(404);
    expect((await ask('n299.x.com')).seen?.by).toBe('a');
    expect((await ask('n1299.x.com')).seen?.by).toBe('b');
    expect(await haproxy.worker()).toBe(now);
  });

  it('a client with a cookie stays with its container, at weight 0 too, until that has left', async () => {
    const sticky = { rules: { sticky: { cookie: 'BERTH_SHOP', idleSeconds: 600, lifeSeconds: 3600 } } };
    await haproxy.router.apply(shop(100, 0, sticky));
    // Servers that come in later have cookies as well.
    const c = await container('late');
    const state = (weight: number) =>
      stateOf([
        route(
          'shop',
          'x.com',
          [pool('old', [a.port], { weight: 100 - weight }), pool('late', [c.port], { weight })],
          sticky,
        ),
      ]);
    await haproxy.router.apply(state(100));
    const first = await ask('x.com');
    expect(first.seen?.by).toBe('late');
    const cookie = String(first.headers['set-cookie']).split(';')[0] ?? '';
    expect(cookie).toMatch(/^BERTH_SHOP=[0-9a-f]{16}/);
    const asked = async () => (await ask('x.com', '/', { headers: { cookie } })).seen?.by;
    await haproxy.router.apply(state(0));
    expect(await asked()).toBe('late');
    expect((await ask('x.com')).seen?.by).toBe('a');
    await haproxy.router.apply(stateOf([route('shop', 'x.com', [pool('old', [a.port])], sticky)]));
    expect(await asked()).toBe('a');
  });

  it('what an earlier agent left half way is found and made good', async () => {
    // Killed between files and commands: another router object knows nothing of what this one did.
    const before = haproxy.newRouter();
    await before.apply(shop(50, 50));
    const next = stateOf([route('shop', ['x.com', 'new.com'], [pool('new', [b.port])])]);
    await haproxy.newRouter().write(next);
    expect((await ask('new.com')).status).toBe(404);
    before.close();
    haproxy.router.close();
    haproxy.router = haproxy.newRouter();
    expect(await haproxy.router.apply(next)).toMatchObject({ kind: 'commands' });
    expect((await ask('new.com')).seen?.by).toBe('b');
    expect(await shares(10)).toEqual({ b: 10 });
    await sameWorker();
  });
});

describe('what goes through', () => {
  it('is counted by route and release, with the time that it took', async () => {
    const slow = await container('slow');
    const rules = { rateLimit: { requests: 8, seconds: 600 } };
    const pools = [pool('old', [b.port]), pool('new', [slow.port], { weight: 0 })];
    const canary = [{ in: 'header', name: 'X-New', value: '1', pool: 'new' }];
    await haproxy.router.takeTraffic();
    await haproxy.router.apply(stateOf([route('counted', 'x.com', pools, { rules, canary })]));
    for (let i = 0; i < 5; i++) await ask('x.com');
    for (let i = 0; i < 2; i++) await ask('x.com', '/slow', { headers: { 'x-new': '1' } });
    for (let i = 0; i < 7; i++) await ask('x.com');
    const all: Traffic[] = [];
    const read = async () => {
      all.push(...(await haproxy.router.takeTraffic()).traffic.filter(({ route: id }) => id === 'counted'));
      const sum = (name: string | undefined, of: (one: Traffic) => readonly number[]) =>
        all
          .filter(({ pool: id }) => id === name)
          .map(of)
          .reduce((sums, counts) => counts.map((count, i) => count + (sums[i] ?? 0)), []);
      const responses = (name?: string) => sum(name, (one) => one.responses);
      const above = (name: string, ms: number) =>
        sum(name, ({ times }) => times)
          .filter((_, i) => (TIME_BOUNDS[i] ?? Number.POSITIVE_INFINITY) > ms)
          .reduce((one, other) => one + other, 0);
      return {
        ...{ old: responses('old'), new: responses('new'), whole: responses() },
        // Times are a sample for shares, not counts: one may be missing.
        ...{ oldTimes: Math.min(above('old', 0), 7), slowTimes: above('new', 50) > 0 },
      };
    };
    await expect.poll(read, { timeout: 30_000 }).toEqual({
      ...{ old: [0, 8, 0, 0, 0, 0], new: [0, 2, 0, 0, 0, 0], whole: [0, 10, 0, 4, 0, 0] },
      ...{ oldTimes: 7, slowTimes: true },
    });
    for (let i = 0; i < 3; i++) await ask('x.com', '/', { headers: { 'x-new': '1' } });
    const counted = route('counted', 'x.com', pools, { rules, canary });
    // The counters begin anew, and nothing is lost or counted twice.
    const other = route('other', 'y.com', pools, { rules: { gzip: true } });
    const applied = await haproxy.router.apply(stateOf([counted, other]));
    expect(applied.kind).toBe('reload');
    await ask('x.com', '/', { headers: { 'x-new': '1' } });
    await expect
      .poll(read, { timeout: 30_000 })
      .toMatchObject({ new: [0, 6, 0, 0, 0, 0], whole: [0, 14, 0, 4, 0, 0] });
  });
});

describe('an HAProxy', () => {
  it('that was killed reads what it had', async () => {
    await haproxy.router.apply(shop(0, 100));
    await haproxy.kill();
    await expect(haproxy.router.apply(shop(100, 0))).rejects.toMatchObject({ code: 'unavailable' });
    await haproxy.startHaproxy();
    // The files of the state that it did not hear of were written.
    expect(await shares(4)).toEqual({ a: 4 });
    expect(await haproxy.router.apply(shop(0, 100))).toMatchObject({ kind: 'commands' });
    expect(await shares(4)).toEqual({ b: 4 });
  });

  it('goes on with the old configuration where it cannot take the new one', async () => {
    await haproxy.router.apply(shop(100, 0));
    const entry = { address: '192.0.2.1', port: PORT, tls: false, proxyFrom: [], trust: [] }; // nobody's
    const bad = stateOf([], { entries: [entry] });
    await expect(haproxy.router.apply(bad)).rejects.toThrow('goes on with the old one');
    expect(await shares(4)).toEqual({ a: 4 });
    await haproxy.router.apply(shop(0, 100));
    expect(await shares(4)).toEqual({ b: 4 });
  });

  it('fails no request while containers come and go and configurations are replaced', async () => {
    const [c, d] = [await container('c2'), await container('d2')];
    const agent = new Agent({ keepAlive: true, maxSockets: 20 });
    const failed: string[] = [];
    let done = 0;
    let stopping = false;
    const state = (ports: readonly number[], value: string) => {
      const rules = { response: { set: [{ name: 'X-Version', value }], remove: [] } };
      return stateOf([route('shop', 'x.com', [pool('v', ports)], { rules })]);
    };
    await haproxy.router.apply(state([a.port, b.port], '1'));
    const client = async (i: number) => {
      while (!stopping) {
        const began = performance.now();
        const answer = await ask('x.com', '/', i % 2 === 0 ? { agent } : {}).catch((error) => error as Error);
        if (answer instanceof Error || answer.status !== 200)
          failed.push(answer instanceof Error ? String(answer) : `${answer.status} ${answer.text}`);
        done++;
        await setTimeout(Math.max(0, 50 - (performance.now() - began)));
      }
    };
    const clients = Array.from({ length: 16 }, (_, i) => client(i));
    const leave = async (one: Container) => {
      await haproxy.router.whenDrained(ADDRESS, one.port);
      one.server.close();
      one.server.closeAllConnections();
    };
    const kinds: string[] = [];
    for (let turn = 0; turn < 3; turn++) {
      kinds.push((await haproxy.router.apply(state([a.port, b.port, c.port], String(turn)))).kind);
      await setTimeout(150);
      kinds.push((await haproxy.router.apply(state([b.port, d.port], String(turn)))).kind);
      await setTimeout(150);
    }
    await leave(a);
    await leave(c);
    kinds.push((await haproxy.router.apply(state([d.port], 'last'))).kind);
    await leave(b);
    await setTimeout(300);
    stopping = true;
    await Promise.all(clients);
    agent.destroy();
    expect(failed).toEqual([]);
    expect(done).toBeGreaterThan(100);
    expect(kinds.filter((kind) => kind === 'reload').length).toBeGreaterThanOrEqual(3);
    expect(kinds).toContain('commands');
  });
});

describe('connections that stay', () => {
  /** An echo behind an upgrade, through HAProxy. */
  function webSocket(): Promise<Socket> {
    return new Promise((resolve, reject) => {
      const headers = {
        host: 'ws.com',
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
        'sec-websocket-version': '13',
      };
      const sent = request({ host: ADDRESS, port: PORT, headers, agent: false });
      sent.on('upgrade', (_answer, socket) => resolve(socket));
      sent.on('response', ({ statusCode }) => reject(new Error(`no upgrade: ${statusCode}`)));
      sent.on('error', reject);
      sent.end();
    });
  }

  function accept(asked: IncomingMessage, socket: Duplex): void {
    const key = 'ICX+Yqv66kxgM0FcWaLWlFLwTAI='; // of the key above (RFC 6455, section 4.2.2)
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${key}\r\n\r\n`,
    );
    socket.on('error', () => socket.destroy());
    socket.pipe(socket);
    expect(asked.headers['x-forwarded-host']).toBe('ws.com');
  }

  const echo = (socket: Socket, text: string) =>
    new Promise<string>((resolve) => {
      socket.once('data', (bytes) => resolve(String(bytes)));
      socket.write(text);
    });

  it('are upgraded, go on when their container leaves and through a reload, and are cut when the limit is over', async () => {
    const one = await container('ws');
    one.server.on('upgrade', accept);
    const live = await container('ws2');
    const state = (ports: readonly number[], drainSeconds = 30) =>
      stateOf([route('ws', 'ws.com', [pool('v', ports)])], { drainSeconds });
    await haproxy.router.apply(state([one.port]));
    const socket = await webSocket();
    expect(await echo(socket, 'one')).toBe('one');
    await haproxy.router.apply(state([live.port]));
    const soon = () => haproxy.router.whenDrained(ADDRESS, one.port, AbortSignal.timeout(500));
    await expect(soon()).rejects.toThrow('aborted');
    expect(await echo(socket, 'two')).toBe('two');
    expect((await ask('ws.com')).seen?.by).toBe('ws2');
    // A reload does not begin to count anew, and ends nothing by itself.
    const closed = new Promise((resolve) => socket.once('close', resolve));
    const ruled = route('other', 'other.com', [pool('v', [live.port])], { rules: { gzip: true } });
    const others = (drainSeconds: number) =>
      stateOf([route('ws', 'ws.com', [pool('v', [live.port])]), ruled], { drainSeconds });
    expect(await haproxy.router.apply(others(30))).toMatchObject({ kind: 'reload' });
    expect(await echo(socket, 'three')).toBe('three');
    await expect(soon()).rejects.toThrow('aborted');
    expect(await haproxy.router.apply(others(1))).toMatchObject({ kind: 'commands' });
    await closed;
    await haproxy.router.whenDrained(ADDRESS, one.port);
    // A limit of the route's own, for one that says nothing.
    const limited = route('quiet', 'ws.com', [pool('v', [one.port])], {
      rules: { timeouts: { responseSeconds: 30, tunnelSeconds: 2 } },
    });
    await haproxy.router.apply(stateOf([limited], { drainSeconds: 4 }));
    const second = await webSocket();
    const ended = new Promise((resolve) => second.once('close', resolve));
    expect(await echo(second, 'said')).toBe('said');
    await ended;
    // The limit, by the runtime socket: the container leaves, and who does not go is cut.
    await haproxy.router.apply(state([one.port], 4));
    const third = await webSocket();
    const cut = new Promise((resolve) => third.once('close', resolve));
    await haproxy.router.apply(state([live.port], 4));
    expect(await echo(third, 'four')).toBe('four');
    await cut;
    await haproxy.router.whenDrained(ADDRESS, one.port);
  });

  it('stay through reloads for as long as their container does, and are cut in old workers once it has left', async () => {
    const one = await container('stays');
    one.server.on('upgrade', accept);
    const live = await container('stays2');
    const state = (ports: readonly number[], value: string, more: readonly number[] = []) =>
      stateOf(
        [
          route('ws', 'ws.com', [pool('v', ports)]),
          route('other', 'other.com', [pool('v', [live.port, ...more])], {
            rules: { response: { set: [{ name: 'X-Value', value }], remove: [] } },
          }),
        ],
        { drainSeconds: 3 },
      );
    await haproxy.router.apply(state([one.port], '1'));
    const [first, second] = [await webSocket(), await webSocket()];
    const closed = Promise.all(
      [first, second].map((socket) => new Promise((end) => socket.once('close', end))),
    );
    // The same server in another route is another one, also where it leaves that.
    await haproxy.router.apply(state([one.port], '1', [one.port]));
    for (const value of ['2', '3']) {
      expect(await haproxy.router.apply(state([one.port], value))).toMatchObject({ kind: 'reload' });
      await setTimeout(4_000);
      expect(await echo(first, value)).toBe(value);
    }
    // Out for a moment, as one is that is not ready.
    await haproxy.router.apply(state([live.port], '3'));
    await setTimeout(500);
    await haproxy.router.apply(state([one.port], '3'));
    await setTimeout(4_000);
    expect(await echo(second, 'still')).toBe('still');
    expect(await haproxy.router.apply(state([live.port], '3'))).toMatchObject({ kind: 'commands' });
    expect(await echo(second, 'last')).toBe('last');
    await closed;
    await haproxy.router.whenDrained(ADDRESS, one.port);
    // Where the reload itself is what takes it away.
    await haproxy.router.apply(state([one.port], '3'));
    const third = await webSocket();
    const ended = new Promise((end) => third.once('close', end));
    expect(await haproxy.router.apply(state([live.port], '4'))).toMatchObject({ kind: 'reload' });
    expect(await echo(third, 'here')).toBe('here');
    await ended;
  });

  it('are cut and kept as is right where a state was refused, or the agent has started anew', async () => {
    const [one, live] = [await container('moody'), await container('moody2')];
    one.server.on('upgrade', accept);
    const state = (ports: readonly number[], value: string, more: Partial<RouterState> = {}) =>
      stateOf(
        [
          route('ws', 'ws.com', [pool('v', ports)]),
          route('other', 'other.com', [pool('v', [live.port])], {
            rules: { response: { set: [{ name: 'X-Value', value }], remove: [] } },
          }),
        ],
        { drainSeconds: 3, ...more },
      );
    const entry = { address: '192.0.2.1', port: PORT, tls: false, proxyFrom: [], trust: [] }; // nobody's
    const refused = () =>
      expect(haproxy.router.apply(state([one.port], 'no', { entries: [entry] }))).rejects.toThrow('goes on');
    const over = (socket: Socket) => new Promise((end) => socket.once('close', end));
    // It leaves, and is back with the reload behind a refused one.
    await haproxy.router.apply(state([one.port], '1'));
    const held = await webSocket();
    await haproxy.router.apply(state([live.port], '1'));
    await refused();
    expect(await haproxy.router.apply(state([one.port], '2'))).toMatchObject({ kind: 'reload' });
    const fresh = await webSocket();
    const cut = over(fresh);
    await setTimeout(4_500);
    expect(await echo(fresh, 'fresh')).toBe('fresh');
    // It goes with the reload behind a refused one.
    await refused();
    expect(await haproxy.router.apply(state([live.port], '3'))).toMatchObject({ kind: 'reload' });
    await cut;
    held.destroy();
    // It goes with a reload, and the agent at once.
    await haproxy.router.apply(state([one.port], '3'));
    const last = await webSocket();
    const gone = over(last);
    expect(await haproxy.router.apply(state([live.port], '4'))).toMatchObject({ kind: 'reload' });
    haproxy.router.close();
    haproxy.router = haproxy.newRouter();
    expect(await haproxy.router.apply(state([live.port], '4'))).toEqual({ kind: 'commands', commands: 0 });
    expect(await echo(last, 'last')).toBe('last');
    await gone;
    // A route that has gone is known to an agent that starts.
    const [ws] = state([live.port], '4').routes;
    expect(await haproxy.router.apply(stateOf(ws === undefined ? [] : [ws]))).toMatchObject({
      kind: 'commands',
    });
    haproxy.router.close();
    haproxy.router = haproxy.newRouter();
    const same = await haproxy.router.apply(stateOf(ws === undefined ? [] : [ws]));
    expect(same).toEqual({ kind: 'commands', commands: 0 });
  });

  it('bring their next request to what is there now, behind a reload', async () => {
    const [old, fresh] = [await container('before'), await container('behind')];
    const entry = { address: ADDRESS, port: PORT, tls: false, proxyFrom: [], trust: [`${ADDRESS}/32`] };
    const state = (ports: readonly number[], value: string) =>
      stateOf(
        [
          route('kept', 'kept.com', [pool('v', ports)], {
            rules: { response: { set: [{ name: 'X-Value', value }], remove: [] } },
          }),
        ],
        { entries: [entry] },
      );
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const headers = { 'x-forwarded-for': '192.0.2.9', 'x-forwarded-proto': 'https' };
    const asked = () => ask('kept.com', '/', { agent, headers, localAddress: ADDRESS });
    await haproxy.router.apply(state([old.port], '1'));
    expect((await asked()).seen?.by).toBe('before');
    expect(await haproxy.router.apply(state([old.port], '2'))).toMatchObject({ kind: 'reload' });
    expect(await haproxy.router.apply(state([fresh.port], '2'))).toMatchObject({ kind: 'commands' });
    await haproxy.router.whenDrained(ADDRESS, old.port);
    old.server.close();
    old.server.closeAllConnections();
    const { status, seen, headers: got } = await asked();
    expect([status, seen?.by, got['x-value']]).toEqual([200, 'behind', '2']);
    expect(seen?.headers).toMatchObject({ 'x-forwarded-for': '192.0.2.9', 'x-forwarded-proto': 'https' });
    expect(got.connection).toBe('close');
    agent.destroy();
  });

  it('may be HTTP/2, without TLS too', async () => {
    await haproxy.router.apply(stateOf([route('h2', 'h2.com', [pool('v', [(await container('h2')).port])])]));
    const session = connectHttp2(`http://${ADDRESS}:${PORT}`);
    const stream = session.request({ ':path': '/', ':authority': 'h2.com' });
    const status = new Promise((resolve) =>
      stream.once('response', (headers) => resolve(headers[':status'])),
    );
    stream.resume();
    expect(await status).toBe(200);
    session.close();
  });
});
