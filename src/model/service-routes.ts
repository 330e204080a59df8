import { digestOf, stableJson } from '../kit/digest.ts';
import { rulesOf, wayOf } from './route-options.ts';
import { type HttpRoute, type Pool, type PoolServer, pathSchema, type TcpRoute } from './router.ts';
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

/** What a service has in the state of a router. */
export type ServedRoutes = Readonly<{ http: readonly HttpRoute[]; tcp: readonly TcpRoute[] }>;

/** A name under which requests for a service come. */
export type ServedName = Readonly<{ domain: string; path: string }>;

type Named = Readonly<{ stack: string; name: string; service: Service }>;

/** So long a browser stays with a container: without a request, and in all. */
const STICKY = { idleSeconds: 1_800, lifeSeconds: 86_400 };
const TLS_PORT = 443;
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

/** Whether the router listens for it, byte for byte. TLS is not ended here, and UDP is not routed. */
export function isServed({ protocol, frontPort }: Listener, routerPort: number): boolean {
  return (protocol === 'tcp' || protocol === 'http') && frontPort !== routerPort;
}

type Settings = Readonly<{ appsDomain: string; routerPort: number }>;

/** IDs of a service's routes; they do not depend on its containers. */
export function routeIds(named: Named, settings: Settings): readonly string[] {
  const { http, tcp } = servedRoutes(named, [], settings);
  return [...http, ...tcp].map(({ id }) => id);
}

/**
 * The service's part of a router's state. Each release is a pool whose share is that of its containers, so that all
 * containers get the same while a release goes out.
 */
export function servedRoutes(
  named: Named,
  containers: readonly RoutedContainer[],
  settings: Settings,
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
      ({ routes }) => routes.find((one) => isSame(one, route))?.port ?? route.port,
      ({ routes }) => wayOf((routes.find((one) => isSame(one, route)) ?? route).options ?? {}),
    );
    return chunks(names).map((part) => httpRoute(named, route, part, pools));
  });
  const tcp = service.listeners
    .filter((one) => isServed(one, settings.routerPort))
    .map(
      (listener): TcpRoute => ({
        ...{ kind: 'tcp-route', port: listener.frontPort, names: listener.names ?? [] },
        id: idOf(named, [`:${listener.frontPort}`, ...(listener.names ?? [])].join(' ')),
        pools: poolsOf(
          service,
          containers,
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

function httpRoute(named: Named, { sticky, options }: Route, names: ServedName[], pools: Pool[]): HttpRoute {
  const [first] = names;
  const id = idOf(named, `${first?.domain}${first?.path}`);
  // A cookie of its own: two routes of one domain would take each other's for one of a container that has gone.
  const cookie = `berth-${id.slice(-8)}`;
  return {
    ...{ kind: 'http-route', id, names, pools, canary: [] },
    rules: { ...rulesOf(options ?? {}, TLS_PORT), ...(sticky ? { sticky: { cookie, ...STICKY } } : {}) },
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
      id: `r${release}`,
      servers: [...servers.values()].slice(0, MOST_SERVERS),
    }));
  const ready = pools.map(({ servers }) => servers.filter(({ state }) => state === 'ready').length);
  const total = ready.reduce((sum, count) => sum + count, 0);
  return pools.map((pool, i) => ({
    ...pool,
    weight: weight === 0 ? 0 : shareOf(ready[i] ?? 0, total),
  }));
}

function shareOf(count: number, total: number): number {
  if (count === 0 || total <= MOST_WEIGHT) return count;
  return Math.max(1, Math.round((MOST_WEIGHT * count) / total));
}

function chunks(names: readonly ServedName[]): ServedName[][] {
  const count = Math.ceil(names.length / NAMES_PER_ROUTE);
  return Array.from({ length: count }, (_, i) => names.slice(i * NAMES_PER_ROUTE, (i + 1) * NAMES_PER_ROUTE));
}
