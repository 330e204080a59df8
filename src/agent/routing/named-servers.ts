import { lookup } from 'node:dns/promises';
import type { Clock } from '../../kit/clock.ts';
import { messageOf } from '../../kit/errors.ts';
import type { Logger } from '../../kit/logger.ts';
import { normalIp } from '../../model/ip.ts';
import type { HttpRoute, Pool, PoolServer, RouterState, TcpRoute } from '../../model/router.ts';
import { say } from '../../model/said/index.ts';
import type { FailingServer } from '../../model/traffic.ts';

/** Addresses of a name. @throws where there are none */
type LookUp = (host: string) => Promise<readonly string[]>;

/** As this machine does it: its hosts file and resolver. */
const systemLookUp: LookUp = async (host) =>
  (await lookup(host, { all: true })).map(({ address }) => address);

type NamedServersDeps = Readonly<{
  clock: Clock;
  logger: Logger;
  /** A name leads elsewhere. */
  onChange(): void;
  lookUp?: LookUp;
}>;

/** getaddrinfo tells no time to live. */
const PERIOD_MS = 10_000;
const MOST_ADDRESSES = 64;

type Known = Readonly<{ addresses: readonly string[]; error: string }>;
type Route = HttpRoute | TcpRoute;

/**
 * Makes servers of the names that pools have, by what this machine is told of them, and follows that. HAProxy's own resolver
 * is not used: a server with a name cannot be added without a reload (2.6), and it knows neither the hosts file nor what
 * else the machine has for names. A name that cannot be looked up any more leads where it has led.
 */
export class NamedServers {
  private readonly known = new Map<string, Known>();
  private readonly stop = new AbortController();
  private wanted: ReadonlySet<string> = new Set();
  private readonly followed = new Set<string>();
  private made = new WeakMap<Route, Route>();
  private servers: ReadonlyMap<string, ReadonlySet<string>> = new Map();

  constructor(private readonly deps: NamedServersDeps) {}

  /** The state with servers in place of names. Routes without names, and those of which nothing has changed, are the same. */
  resolve(state: RouterState): RouterState {
    const routes = [...state.routes, ...state.tcpRoutes];
    this.wanted = new Set(routes.flatMap(({ pools }) => pools).flatMap(hostsOf));
    for (const host of this.known.keys()) if (!this.wanted.has(host)) this.known.delete(host);
    if (this.wanted.size === 0) return state;
    for (const host of this.wanted) {
      if (this.followed.has(host)) continue;
      this.followed.add(host);
      void this.follow(host).finally(() => this.followed.delete(host));
    }
    this.servers = this.serversOf(routes);
    return {
      ...state,
      routes: state.routes.map((route) => this.routeOf(route)),
      tcpRoutes: state.tcpRoutes.map((route) => this.routeOf(route)),
    };
  }

  /** What fails, by the names that targets have: the servers of a name as the name, and names that lead nowhere. */
  named(failing: readonly FailingServer[], { routes, tcpRoutes }: RouterState): FailingServer[] {
    const named = failing.map((one): FailingServer => {
      const host = [...(this.servers.get(`${one.route} ${one.address} ${one.port}`) ?? [])][0];
      return host === undefined
        ? one
        : { ...one, address: host, why: `${one.address}: ${one.why}`.slice(0, 200) };
    });
    const nowhere = [...routes, ...tcpRoutes].flatMap(({ kind, id: route, pools }) =>
      pools.flatMap(({ named: all = [] }) =>
        all.flatMap(({ host, port }): FailingServer[] => {
          const { addresses = [], error = '' } = this.known.get(host) ?? {};
          if (addresses.length > 0 || error === '') return [];
          return [{ kind: kind === 'http-route' ? 'http' : 'tcp', route, address: host, port, why: error }];
        }),
      ),
    );
    return [...named, ...nowhere];
  }

  close(): void {
    this.stop.abort(new Error('the agent is stopping'));
  }

  /** As long as it is wanted. */
  private async follow(host: string): Promise<void> {
    const { clock, onChange } = this.deps;
    const { signal } = this.stop;
    while (this.wanted.has(host) && !signal.aborted) {
      const changed = await this.lookAgain(host);
      if (signal.aborted) return;
      if (changed) {
        this.made = new WeakMap();
        onChange();
      }
      await clock.sleep(PERIOD_MS, signal).catch(() => undefined);
    }
  }

  /** @returns whether it leads elsewhere */
  private async lookAgain(host: string): Promise<boolean> {
    const before = this.known.get(host)?.addresses ?? [];
    try {
      const found = await (this.deps.lookUp ?? systemLookUp)(host);
      const addresses = [...new Set(found.flatMap((one) => normalIp(one) ?? []))]
        .sort()
        .slice(0, MOST_ADDRESSES);
      if (addresses.length === 0) throw new Error(say('hosts.target.name.empty'));
      this.known.set(host, { addresses, error: '' });
      return addresses.join() !== before.join();
    } catch (thrown) {
      const error = say('hosts.target.name', { why: messageOf(thrown) }).slice(0, 200);
      if (this.known.get(host)?.error !== error) this.deps.logger.warn({ host, error }, 'router');
      this.known.set(host, { addresses: before, error });
      return false;
    }
  }

  private routeOf<R extends Route>(route: R): R {
    if (route.pools.every((pool) => hostsOf(pool).length === 0)) return route;
    const made = this.made.get(route) ?? { ...route, pools: route.pools.map((pool) => this.poolOf(pool)) };
    this.made.set(route, made);
    return made as R;
  }

  private poolOf(pool: Pool): Pool {
    const servers = new Map(pool.servers.map((one) => [keyOf(one), one]));
    for (const { host, ...rest } of pool.named ?? [])
      for (const address of this.known.get(host)?.addresses ?? []) {
        const server = { ...rest, address };
        if (!servers.has(keyOf(server))) servers.set(keyOf(server), server);
      }
    return { ...pool, servers: [...servers.values()] };
  }

  /** Which names a server is of, by `ROUTE ADDRESS PORT`. */
  private serversOf(routes: readonly Route[]): ReadonlyMap<string, ReadonlySet<string>> {
    const names = new Map<string, Set<string>>();
    for (const { id, pools } of routes)
      for (const { named = [] } of pools)
        for (const { host, port } of named)
          for (const address of this.known.get(host)?.addresses ?? []) {
            const key = `${id} ${address} ${port}`;
            names.set(key, (names.get(key) ?? new Set()).add(host));
          }
    return names;
  }
}

const keyOf = ({ address, port }: Pick<PoolServer, 'address' | 'port'>) => `${address} ${port}`;
const hostsOf = ({ named = [] }: Pool) => named.map(({ host }) => host);
