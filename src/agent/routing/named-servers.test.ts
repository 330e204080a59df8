import { afterEach, expect, it } from 'vitest';
import { silentLogger } from '../../kit/logger.ts';
import { type HttpRoute, type RouterState, routerStateSchema } from '../../model/router.ts';
import { NamedServers } from './named-servers.ts';

const addresses = new Map<string, readonly string[]>();
let named: NamedServers | undefined;
let changes = 0;
let sleepers: (() => void)[] = [];
const look = () => {
  for (const wake of sleepers.splice(0)) wake();
};

afterEach(() => named?.close());

/** Looks again when the test says so. */
function start(): NamedServers {
  [changes, sleepers] = [0, []];
  named = new NamedServers({
    logger: silentLogger,
    clock: {
      now: () => 0,
      sleep: (_, signal) =>
        new Promise((resolve, reject) => {
          sleepers.push(resolve);
          signal?.addEventListener('abort', () => reject(signal.reason));
        }),
    },
    onChange: () => changes++,
    lookUp: async (host) => {
      const found = addresses.get(host);
      if (found === undefined) throw new Error('ENOTFOUND');
      return found;
    },
  });
  return named;
}

const route = (id: string, hosts: readonly string[]): HttpRoute => ({
  ...{ kind: 'http-route', id, names: [{ domain: `${id}.com`, path: '/' }], canary: [] },
  rules: { allow: [], deny: [], gzip: false },
  pools: [
    {
      ...{ id: 'targets', weight: 100, proxyProtocol: false, protocol: 'http1', tls: { kind: 'none' } },
      servers: [{ address: '192.0.2.1', port: 80, weight: 100, state: 'ready' }],
      ...(hosts.length === 0
        ? {}
        : { named: hosts.map((host) => ({ host, port: 80, weight: 7, state: 'ready' as const })) }),
    },
  ],
});
const stateOf = (...routes: HttpRoute[]): RouterState =>
  routerStateSchema.parse({
    ...{ kind: 'router', entries: [], routes, tcpRoutes: [], certificates: [], pages: {} },
    ...{ cookieKey: '0123456789abcdef', drainSeconds: 1 },
  });
const shown = ({ routes }: RouterState) =>
  routes[0]?.pools[0]?.servers.map(({ address, weight }) => `${address}=${weight}`);

it('become servers at each of their addresses, and follow them; what has not changed is the same object', async () => {
  const all = start();
  addresses.set('a.internal', ['192.0.2.7', '2001:DB8::7', '192.0.2.1']);
  const state = stateOf(route('x', ['a.internal']), route('y', []));
  expect(shown(all.resolve(state))).toEqual(['192.0.2.1=100']);
  await expect.poll(() => changes, { timeout: 10_000 }).toBe(1);
  const first = all.resolve(state);
  expect(shown(first)).toEqual(['192.0.2.1=100', '192.0.2.7=7', '2001:db8::7=7']);
  expect(first.routes[1]).toBe(state.routes[1]);
  expect(all.resolve(state).routes[0]).toBe(first.routes[0]);
  addresses.set('a.internal', ['192.0.2.8']);
  look();
  await expect.poll(() => changes, { timeout: 10_000 }).toBe(2);
  expect(shown(all.resolve(state))).toEqual(['192.0.2.1=100', '192.0.2.8=7']);
  routerStateSchema.parse(all.resolve(state));
});

it('lead where they have led while nobody can say where they lead, and are told of where they lead nowhere', async () => {
  const all = start();
  addresses.set('a.internal', ['192.0.2.7']);
  const state = stateOf(route('x', ['a.internal', 'gone.internal']));
  all.resolve(state);
  await expect.poll(() => changes, { timeout: 10_000 }).toBe(1);
  addresses.delete('a.internal');
  look();
  await new Promise(setImmediate);
  expect(shown(all.resolve(state))).toEqual(['192.0.2.1=100', '192.0.2.7=7']);
  const failing = { kind: 'http', route: 'x', address: '192.0.2.7', port: 80, why: 'HTTP 500' } as const;
  const other = { ...failing, address: '192.0.2.1' };
  expect(all.named([failing, other], state)).toEqual([
    { ...failing, address: 'a.internal', why: '192.0.2.7: HTTP 500' },
    other,
    { ...failing, address: 'gone.internal', why: 'the name cannot be looked up: ENOTFOUND' },
  ]);
});
