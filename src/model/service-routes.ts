import { digestOf, stableJson } from '../kit/digest.ts';
import { rulesOf, wayOf } from './route-options.ts';
import {
  type CanaryRule,
  type HttpRoute,
  type Pool,
  type PoolServer,
  pathSchema,
  SERVICE_STICKY,
  type TcpRoute,
} from './router.ts';
import type { Listener, Route, Service } from './service.ts';

/** One container of a service, and where the router reaches a port of it. */
export type RoutedContainer = Readonly<{
  /** Number of the release that it is of, and what that was made from. */
  release: number;
  spec: Pick<Service, 'routes' | 'listeners'>;
  /** `maint`: it is leaving, and only its requests under way go on. */
  state: PoolServer['state'];
  /** Undefined where the router does not reach that port. */
  at(port: number): Readonly<{ address: string; port: number }> | undefined;
}>;

/** `none`: of neither the version that goes out nor the one before it. */
export type RequestSide = 'new' | 'old' | 'none';

/** How requests are shared between two versions that serve at once. */
export type RequestSplit = Readonly<{
  /** Per cent of the requests for the new one. */
  weight: number;
  /** Requests that go to the new one whatever the share is. */
  match?: Omit<CanaryRule, 'pool'>;
  /** Of containers of the release with that number. */
  sideOf(release: number): RequestSide;
}>;

/** Where ingress hosts listen for domains; 0: nowhere over TLS. */
export type RouterPorts = Readonly<{ routerPort: number; routerTlsPort: number }>;

/** The port that https has by itself, where routers have none: a balancer in front may end TLS. */
export const clientTlsPort = ({ routerTlsPort }: RouterPorts) => routerTlsPort || 443;

/** What a service has in the state of a router. */
export type ServedRoutes = Readonly<{ http: readonly HttpRoute[]; tcp: readonly TcpRoute[] }>;

/** A name under which requests for a service come. */
export type ServedName = Readonly<{ domain: string; path: string }>;

type Named = Readonly<{ stack: string; name: string; service: Service }>;

const NAMES_PER_ROUTE = 200;
const MOST_POOLS = 16;
const MOST_SERVERS = 2_000;
const MOST_WEIGHT = 100;

/** As the router takes it: decoded, without slashes at its end or doubled ones; undefined for what it does not take. */
export function servedPath(path: string): string | undefined {
  try {
    const plain = decodeURIComponent(path)
      .replace(/\/{2,}/g, '/')
      .replace(/(.)\/$/, '$1');
    return pathSchema.safeParse(plain).success ? plain : undefined;
  } catch {
    return undefined;
  }
}

/** Undefined for what is not served: a name inside of the cluster only, a prefix without a domain behind it. */
export function servedName({ host, path, scope }: Route, appsDomain: string): ServedName | undefined {
  const plain = servedPath(path);
  if (scope === 'cluster' || plain === undefined) return undefined;
  if (host.kind === 'domain') return { domain: host.name, path: plain };
  return appsDomain === '' ? undefined : { domain: `${host.name}.${appsDomain}`, path: plain };
}

/** Whether the router has that port for domains. */
export function isRouters(port: number, { routerPort, routerTlsPort }: RouterPorts): boolean {
  return port === routerPort || port === routerTlsPort;
}

/** Whether the router listens for it, byte for byte. TLS is not ended here, and UDP is not routed. */
export function isServed({ protocol, frontPort }: Listener, settings: RouterPorts): boolean {
  return (protocol === 'tcp' || protocol === 'http') && !isRouters(frontPort, settings);
}

type Settings = RouterPorts & Readonly<{ appsDomain: string }>;

const POOL = /^r(\d+)$/;

/** ID of the pool of a service's containers of one release. */
export function poolOfRelease(release: number): string {
  return `r${release}`;
}

/** Number of the release whose pool it is; undefined for one of a balancer. */
export function releaseOfPool(pool: string): number | undefined {
  const [, number] = POOL.exec(pool) ?? [];
  return number === undefined ? undefined : Number(number);
}

/** IDs of a service's routes; they do not depend on its containers. */
export function routeIds(named: Named, settings: Settings): readonly string[] {
  const { http, tcp } = servedRoutes(named, [], settings);
  return [...http, ...tcp].map(({ id }) => id);
}

/**
 * The service's part of a router's state. Each release is a pool whose share is that of its containers, so that all
 * containers get the same while a release goes out; with `split` the two versions have the shares that it says.
 */
export function servedRoutes(
  named: Named,
  containers: readonly RoutedContainer[],
  settings: Settings,
  split?: RequestSplit,
): ServedRoutes {
  const { service } = named;
  const groups = new Map<string, { route: Route; names: ServedName[] }>();
  for (const route of service.routes) {
    const name = servedName(route, settings.appsDomain);
    if (name === undefined) continue;
    const key = stableJson([route.port, route.sticky, route.options ?? {}]);
    const group = groups.get(key);
    const known = group?.names.some(({ domain, path }) => domain === name.domain && path === name.path);
    if (group === undefined) groups.set(key, { route, names: [name] });
    else if (known !== true) group.names.push(name);
  }
  const http = [...groups.values()].flatMap(({ route, names }) => {
    const pools = poolsOf(
      service,
      containers,
      split,
      ({ routes }) => routes.find((one) => isSame(one, route))?.port ?? route.port,
      ({ routes }) => wayOf((routes.find((one) => isSame(one, route)) ?? route).options ?? {}),
    );
    const canary = canaryOf(pools, split);
    return chunks(names).map((part) =>
      httpRoute(named, route, part, { pools, canary, tlsPort: clientTlsPort(settings) }),
    );
  });
  const tcp = service.listeners
    .filter((one) => isServed(one, settings))
    .map(
      (listener): TcpRoute => ({
        ...{ kind: 'tcp-route', port: listener.frontPort, names: listener.names ?? [] },
        id: idOf(named, [`:${listener.frontPort}`, ...(listener.names ?? [])].join(' ')),
        pools: poolsOf(
          service,
          containers,
          split,
          ({ listeners }) => listeners.find((one) => isSameListener(one, listener))?.port ?? listener.port,
          ({ listeners }) => {
            const { proxyProtocol } = listeners.find((one) => isSameListener(one, listener)) ?? listener;
            return wayOf({ proxyProtocol });
          },
        ),
      }),
    );
  return { http, tcp };
}

function isSame(one: Route, { host, path }: Route): boolean {
  return one.host.kind === host.kind && one.host.name === host.name && one.path === path;
}

function isSameListener(one: Listener, { frontPort, names }: Listener): boolean {
  return one.frontPort === frontPort && stableJson(one.names ?? []) === stableJson(names ?? []);
}

/** To one pool: the newest of those that have a container to lead to. */
function canaryOf(pools: readonly Pool[], split: RequestSplit | undefined): CanaryRule[] {
  if (split?.match === undefined) return [];
  const found = pools.find(
    ({ id, servers }) =>
      split.sideOf(Number(id.slice(1))) === 'new' && servers.some(({ state }) => state === 'ready'),
  );
  return found === undefined ? [] : [{ ...split.match, pool: found.id }];
}

function httpRoute(
  named: Named,
  { sticky, options }: Route,
  names: ServedName[],
  { pools, canary, tlsPort }: Pick<HttpRoute, 'pools' | 'canary'> & Readonly<{ tlsPort: number }>,
): HttpRoute {
  const [first] = names;
  const id = idOf(named, `${first?.domain}${first?.path}`);
  // Two routes of one domain would take each other's for one of a container that has gone.
  const cookie = names.every(({ path }) => path === '/') ? SERVICE_STICKY.cookie : `berth-${id.slice(-8)}`;
  return {
    ...{ kind: 'http-route', id, names, pools, canary },
    rules: {
      ...rulesOf(options ?? {}, tlsPort),
      ...(sticky ? { sticky: { ...SERVICE_STICKY, cookie } } : {}),
    },
  };
}

/** Readable, and unlike all others' whatever their names are. */
function idOf({ stack, name }: Named, what: string): string {
  const readable = `${stack}.${name}`
    .toLowerCase()
    .replace(/[^a-z0-9_.-]/g, '-')
    .slice(0, 50);
  return `${readable}-${digestOf([stack, name, what]).slice(0, 8)}`;
}

function poolsOf(
  { weight }: Service,
  containers: readonly RoutedContainer[],
  split: RequestSplit | undefined,
  portOf: (spec: RoutedContainer['spec']) => number,
  wayFor: (spec: RoutedContainer['spec']) => ReturnType<typeof wayOf>,
): Pool[] {
  const releases = new Map<number, Map<string, PoolServer>>();
  const ways = new Map<number, ReturnType<typeof wayOf>>();
  for (const { release, spec, state, at } of containers) {
    const way = at(portOf(spec));
    if (way === undefined) continue;
    const servers = releases.get(release) ?? new Map<string, PoolServer>();
    releases.set(release, servers);
    ways.set(release, wayFor(spec));
    const key = `${way.address} ${way.port}`;
    // Two that share their host's network are one way in, as long as one of them stays.
    if (servers.get(key)?.state !== 'ready') servers.set(key, { ...way, weight: 1, state });
  }
  const pools = [...releases]
    .sort(([a], [b]) => b - a)
    .slice(0, MOST_POOLS)
    .map(([release, servers]) => ({
      ...(ways.get(release) ?? wayOf({})),
      id: poolOfRelease(release),
      servers: [...servers.values()].slice(0, MOST_SERVERS),
    }));
  const ready = pools.map(({ servers }) => servers.filter(({ state }) => state === 'ready').length);
  const sides = pools.map(({ id }) => split?.sideOf(releaseOfPool(id) ?? 0) ?? 'none');
  const weights = split === undefined ? byCount(ready) : bySides(ready, sides, split.weight);
  return pools.map((pool, i) => ({
    ...pool,
    weight: weight === 0 ? 0 : (weights[i] ?? 0),
  }));
}

/** The same for each container. */
function byCount(ready: readonly number[]): number[] {
  const total = ready.reduce((sum, count) => sum + count, 0);
  return ready.map((count) => shareOf(count, total));
}

/** A version without a container that is ready leaves its share to the other one: an attempt is better than a page. */
function bySides(ready: readonly number[], sides: readonly RequestSide[], percent: number): number[] {
  const count = (side: RequestSide) => ready.reduce((sum, one, i) => sum + (sides[i] === side ? one : 0), 0);
  const [fresh, old] = [count('new'), count('old')];
  if (fresh + old === 0) return byCount(ready);
  const share = old === 0 ? 100 : fresh === 0 ? 0 : percent;
  const shares = { new: share / Math.max(1, fresh), old: (100 - share) / Math.max(1, old), none: 0 };
  return ready.map((one, i) => {
    const wanted = one * shares[sides[i] ?? 'none'];
    return wanted === 0 ? 0 : Math.max(1, Math.round(wanted));
  });
}

function shareOf(count: number, total: number): number {
  if (count === 0 || total <= MOST_WEIGHT) return count;
  return Math.max(1, Math.round((MOST_WEIGHT * count) / total));
}

function chunks(names: readonly ServedName[]): ServedName[][] {
  const count = Math.ceil(names.length / NAMES_PER_ROUTE);
  return Array.from({ length: count }, (_, i) => names.slice(i * NAMES_PER_ROUTE, (i + 1) * NAMES_PER_ROUTE));
}
