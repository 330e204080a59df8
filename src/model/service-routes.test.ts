import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { routerStateSchema, SERVICE_STICKY } from './router.ts';
import type { Route, Service } from './service.ts';
import {
  type RequestSide,
  type RequestSplit,
  type RoutedContainer,
  servedPath,
  servedRoutes,
} from './service-routes.ts';
import { defaultSettings } from './settings.ts';

const settings = { ...defaultSettings, appsDomain: 'apps.example.com' };
const route = (host: string, more: Partial<Route> = {}): Route => ({
  ...{ kind: 'route', port: 80, host: { kind: 'domain', name: host }, path: '/', scheme: 'http' },
  ...{ scope: 'public', sticky: false, ...more },
});
const service = (more: Partial<Service>): Service =>
  ({ name: 'web', routes: [], listeners: [], weight: 100, ...more }) as Service;
const named = (one: Service) => ({ stack: 'shop', name: one.name, service: one });
const container = (release: number, host: number, more: Partial<RoutedContainer> = {}): RoutedContainer => ({
  ...{ release, spec: { routes: [], listeners: [] }, state: 'ready', ...more },
  at: more.at ?? ((port) => ({ address: `192.0.2.${host}`, port: 30_000 + port })),
});

it('has a route for all names of a port, with a pool for each release whose share is that of its containers', () => {
  const one = service({
    routes: [route('a.example.com'), route('', { host: { kind: 'prefix', name: 'shop' }, path: '/api/' })],
  });
  const { http } = servedRoutes(named(one), [container(1, 1), container(1, 2), container(2, 3)], settings);
  expect(http).toHaveLength(1);
  expect(http[0]?.names).toEqual([
    { domain: 'a.example.com', path: '/' },
    { domain: 'shop.apps.example.com', path: '/api' },
  ]);
  expect(http[0]?.pools.map(({ id, weight, servers }) => [id, weight, servers.length])).toEqual([
    ['r2', 1, 1],
    ['r1', 2, 2],
  ]);
});

it('counts one that leaves for nothing, and keeps it for its requests under way', () => {
  const one = service({ routes: [route('a.example.com')] });
  const leaving = container(1, 1, { state: 'maint' });
  const [{ pools } = { pools: [] }] = servedRoutes(named(one), [leaving, container(1, 2)], settings).http;
  expect(pools).toMatchObject([{ weight: 1, servers: [{ state: 'maint' }, { state: 'ready' }] }]);
});

it('reaches containers of an earlier release by the port that these have', () => {
  const one = service({ routes: [route('a.example.com', { port: 81 })] });
  const old = container(1, 1, { spec: { routes: [route('a.example.com')], listeners: [] } });
  const [{ pools } = { pools: [] }] = servedRoutes(named(one), [old, container(2, 2)], settings).http;
  expect(pools.flatMap(({ servers }) => servers.map(({ port }) => port))).toEqual([30_081, 30_080]);
});

it('tells an earlier release’s port of one path from that of another', () => {
  const routes = (port: number) => [
    route('a.example.com', { port }),
    route('a.example.com', { port: port + 1, path: '/api' }),
  ];
  const old = container(1, 1, { spec: { routes: routes(80), listeners: [] } });
  const { http } = servedRoutes(named(service({ routes: routes(90) })), [old], settings);
  expect(http.map(({ pools }) => pools[0]?.servers[0]?.port)).toEqual([30_080, 30_081]);
});

it('is one way in for two containers in their host’s network, as long as one of them stays', () => {
  const one = service({ routes: [route('a.example.com')] });
  const [stays, leaves] = [container(1, 1), container(1, 1, { state: 'maint' })];
  for (const both of [
    [stays, leaves],
    [leaves, stays],
  ]) {
    const [{ pools } = { pools: [] }] = servedRoutes(named(one), both, settings).http;
    expect(pools).toMatchObject([{ weight: 1, servers: [{ state: 'ready' }] }]);
  }
});

it('has each of very many names once, in routes that a router takes', () => {
  const hosts = Array.from({ length: 401 }, (_, i) => `a${i}.example.com`);
  const routes = [...hosts, 'a7.example.com'].map((host) => route(host));
  const { http } = servedRoutes(named(service({ routes })), [], settings);
  expect(http.flatMap(({ names }) => names.map(({ domain }) => domain))).toEqual(hosts);
  expect(new Set(http.map(({ id }) => id)).size).toBe(http.length);
  const state = { kind: 'router', entries: [], routes: http, tcpRoutes: [], certificates: [] };
  routerStateSchema.parse({ ...state, pages: {}, cookieKey: '0123456789abcdef', drainSeconds: 10 });
});

it('has IDs that no service of another stack has, whatever their names are', () => {
  const one = service({ routes: [route('a.example.com')] });
  const idIn = (stack: string, name: string) =>
    servedRoutes({ stack, name, service: one }, [], settings).http[0]?.id;
  expect(idIn('a.b', 'c')).not.toBe(idIn('a', 'b.c'));
  expect(idIn('A', 'c')).not.toBe(idIn('a', 'c'));
});

it('has nothing beside servers and the cookie of all services where the file says no more', () => {
  const one = service({ routes: [route('a.example.com', { sticky: true })] });
  const [found] = servedRoutes(named(one), [container(1, 1)], settings).http;
  expect(found?.rules).toEqual({ allow: [], deny: [], gzip: false, sticky: SERVICE_STICKY });
});

it('gives two names of one domain cookies of their own, and routes that a router takes', () => {
  const sticky = [
    route('a.example.com', { sticky: true }),
    route('a.example.com', { sticky: true, port: 81, path: '/b' }),
  ];
  const one = service({
    routes: [...sticky, route('x.local', { scope: 'cluster' })],
    listeners: [
      { kind: 'listener', protocol: 'tcp', frontPort: 5432, port: 5432 },
      { kind: 'listener', protocol: 'tcp', frontPort: 80, port: 80 },
      { kind: 'listener', protocol: 'udp', frontPort: 53, port: 53 },
    ],
  });
  const served = servedRoutes({ ...named(one), stack: 'Shop*' }, [container(1, 1)], settings);
  expect(new Set(served.http.map(({ rules }) => rules.sticky?.cookie)).size).toBe(2);
  // As with the labels that it takes over: half an hour without a request, eight hours in all.
  expect(served.http[0]?.rules.sticky).toMatchObject({ idleSeconds: 1_800, lifeSeconds: 28_800 });
  expect(served.tcp.map(({ port }) => port)).toEqual([5432]);
  const state = { kind: 'router', entries: [], routes: served.http, tcpRoutes: served.tcp, certificates: [] };
  routerStateSchema.parse({ ...state, pages: {}, cookieKey: '0123456789abcdef', drainSeconds: 10 });
});

it('keeps shares within a router’s weights, and no container without one', () => {
  const many = Array.from({ length: 400 }, (_, i) =>
    container(1, 1, { at: () => ({ address: '192.0.2.1', port: 1000 + i }) }),
  );
  const one = service({ routes: [route('a.example.com')] });
  const [{ pools } = { pools: [] }] = servedRoutes(named(one), [...many, container(2, 2)], settings).http;
  expect(pools.map(({ weight }) => weight)).toEqual([1, 100]);
  const [none] = servedRoutes(named({ ...one, weight: 0 }), many, settings).http;
  expect(none?.pools.map(({ weight }) => weight)).toEqual([0]);
});

it.each([
  ['/', '/'],
  ['/a//b/', '/a/b'],
  ['/a%20b', undefined],
  ['/a/../b', undefined],
  ['/%zz', undefined],
])('takes the path %s as %s', (path, expected) => expect(servedPath(path)).toBe(expected));

it('has the rules of each route, and a port for each set of names', () => {
  const one = service({
    routes: [
      route('a.example.com', { options: { gzip: true } }),
      route('b.example.com'),
      route('c.example.com', { options: { gzip: true } }),
    ],
    listeners: [
      { kind: 'listener', protocol: 'tcp', frontPort: 8443, port: 443, names: ['x.example.com'] },
      {
        kind: 'listener',
        protocol: 'tcp',
        frontPort: 8443,
        port: 444,
        names: ['y.example.com'],
        proxyProtocol: true,
      },
    ],
  });
  const served = servedRoutes(named(one), [container(1, 1)], settings);
  expect(served.http.map(({ names, rules }) => [names.length, rules.gzip])).toEqual([
    [2, true],
    [1, false],
  ]);
  expect(
    served.tcp.map(({ port, names, pools }) => [
      port,
      names,
      pools[0]?.proxyProtocol,
      pools[0]?.servers[0]?.port,
    ]),
  ).toEqual([
    [8443, ['x.example.com'], false, 30_443],
    [8443, ['y.example.com'], true, 30_444],
  ]);
  expect(new Set(served.tcp.map(({ id }) => id)).size).toBe(2);
});

it('speaks to containers of an earlier release as that one said', () => {
  const one = service({ routes: [route('a.example.com', { options: { protocol: 'h2' } })] });
  const old = container(1, 1, { spec: { routes: [route('a.example.com')], listeners: [] } });
  const [{ pools } = { pools: [] }] = servedRoutes(named(one), [old, container(2, 2)], settings).http;
  expect(pools.map(({ id, protocol }) => [id, protocol])).toEqual([
    ['r2', 'h2'],
    ['r1', 'http1'],
  ]);
});

describe('two versions that serve at once', () => {
  const one = service({ routes: [route('a.example.com')], listeners: [] });
  const sideOf = (release: number): RequestSide => (release === 3 ? 'new' : release === 1 ? 'old' : 'none');
  const served = (containers: RoutedContainer[], split: Partial<RequestSplit>) =>
    servedRoutes(named(one), containers, settings, { weight: 20, sideOf, ...split }).http[0];
  const weights = (containers: RoutedContainer[], split: Partial<RequestSplit> = {}) =>
    Object.fromEntries(served(containers, split)?.pools.map(({ id, weight }) => [id, weight]) ?? []);
  const olds = [container(1, 1), container(1, 2), container(1, 3)];

  it('have the shares that are set, however many containers they have; one that was given up has none', () => {
    expect(weights([...olds, container(3, 4)])).toEqual({ r1: 80, r3: 20 });
    expect(weights([...olds, container(2, 4), container(3, 5)], { weight: 100 })).toEqual({
      ...{ r1: 0, r2: 0, r3: 100 },
    });
    expect(weights([...olds, container(3, 4)], { weight: 0 })).toEqual({ r1: 100, r3: 0 });
  });

  it('leave their share to the other one where they have no container that is ready', () => {
    const leaving = container(3, 4, { state: 'maint' });
    expect(weights([...olds, leaving])).toEqual({ r1: 100, r3: 0 });
    expect(weights([container(3, 4)], { weight: 0 })).toEqual({ r3: 100 });
    expect(weights([container(2, 4)])).toEqual({ r2: 1 });
  });

  it('leave no container that is ready without a share, however small theirs is', () => {
    const side = (release: number): RequestSide => (release > 2 ? 'new' : 'old');
    const news = [container(3, 4), ...[5, 6, 7].map((host) => container(4, host))];
    expect(weights([...olds, ...news], { weight: 1, sideOf: side })).toEqual({ r1: 99, r3: 1, r4: 1 });
  });

  it('never share more than there is, and nothing but what was set', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(1, 2, 3, 4), { maxLength: 30 }),
        fc.integer({ min: 0, max: 100 }),
        (releases, weight) => {
          const sides = (release: number): RequestSide =>
            release === 2 ? 'none' : release > 2 ? 'new' : 'old';
          const pools =
            served(
              releases.map((release, i) => container(release, i + 1)),
              { weight, sideOf: sides },
            )?.pools ?? [];
          const sum = (side: RequestSide) =>
            pools
              .filter(({ id }) => sides(Number(id.slice(1))) === side)
              .reduce((all, pool) => all + pool.weight, 0);
          if (!releases.includes(1) || !releases.some((one) => one > 2)) return;
          expect(sum('none')).toBe(0);
          // Of two pools of one version each has a whole number.
          expect(Math.abs(sum('new') - weight)).toBeLessThanOrEqual(1);
          expect(sum('old')).toBe(100 - weight);
        },
      ),
    );
  });

  it('are told apart by a header or cookie, as long as the new one has a container', () => {
    const match = { in: 'cookie', name: 'beta', value: '1' } as const;
    const both = served([...olds, container(3, 4)], { match });
    expect(both?.canary).toEqual([{ ...match, pool: 'r3' }]);
    expect(served(olds, { match })?.canary).toEqual([]);
    // Who asks for it would find nobody.
    expect(served([...olds, container(3, 4, { state: 'maint' })], { match })?.canary).toEqual([]);
  });
});
