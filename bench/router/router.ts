import { systemClock } from '../../src/kit/clock.ts';
import { type HttpRoute, type RouterState, routerStateSchema } from '../../src/model/router.ts';
import { haproxyArgv, Router, SPARES } from '../../src/router/index.ts';
import { ensureRequirements } from '../../test/lab/requirements.ts';
import { type Benchmark, numberOption, type Run } from '../benchmark.ts';
import { median, quantile, round, timed } from '../stats.ts';
import {
  ADDRESS,
  BACKEND_PORTS,
  cpuSeconds,
  domain,
  newFolder,
  start,
  startBackends,
  startCaddy,
  startHandWritten,
  startNginxProxy,
  startNodeProxy,
  untilServed,
} from './proxies.ts';
import { type Load, load } from './wrk.ts';

/** Whose port is which; `many` have all routes, the others one. */
const PORTS = {
  berth: 8101,
  'hand-written': 8102,
  'berth, one route': 8103,
  'hand-written, one route': 8104,
  'hand-written, one route, short': 8108,
  nginx: 8105,
  caddy: 8106,
  node: 8107,
} as const;
type Proxy = keyof typeof PORTS;
const PROXIES = Object.keys(PORTS) as Proxy[];

/** With the proxy's own CPU time, microseconds a request. */
type Measured = Load & Readonly<{ cpuUs: number }>;

function routeOf(i: number, weight = 100, more: Partial<HttpRoute> = {}): HttpRoute {
  const servers = BACKEND_PORTS.map((port) => ({
    address: ADDRESS,
    port,
    weight: 1,
    state: 'ready' as const,
  }));
  const tls = { kind: 'none' as const };
  return {
    ...{ kind: 'http-route', id: `app${i}`, names: [{ domain: domain(i), path: '/' }], canary: [] },
    rules: { allow: [], deny: [], gzip: false },
    pools: [{ id: 'v1', weight, servers, proxyProtocol: false, protocol: 'http1', tls }],
    ...more,
  };
}

function stateOf(port: number, count: number): RouterState {
  return routerStateSchema.parse({
    kind: 'router',
    entries: [{ address: ADDRESS, port, tls: false, proxyFrom: [], trust: [] }],
    routes: Array.from({ length: count }, (_, i) => routeOf(i)),
    ...{ tcpRoutes: [], certificates: [], pages: {}, cookieKey: '0123456789abcdef', drainSeconds: 5 },
  });
}

async function startBerth(run: Run, port: number, count: number) {
  const folder = newFolder(run);
  const router = new Router({ folder, clock: systemClock });
  run.defer(() => router.close());
  const state = stateOf(port, count);
  await router.write(state);
  const pid = start(run, haproxyArgv(folder));
  await untilServed(port, domain(0));
  await router.apply(state);
  return { router, state, pid };
}

/** Milliseconds to change one route among all of them, in each of the ways that there are. */
async function changes(run: Run, router: Router, first: RouterState, times: number) {
  let state = first;
  const which = Math.floor(state.routes.length / 2);
  const changed = async (route: HttpRoute) => {
    state = { ...state, routes: state.routes.with(which, route) };
    return timed(() => router.apply(state));
  };
  const ways: Readonly<Record<string, (i: number) => HttpRoute>> = {
    'weight of a release': (i) => {
      const [pool] = routeOf(which).pools;
      if (pool === undefined) throw new Error('a route without a pool');
      const second = { ...pool, id: 'v2', weight: (i % 99) + 1 };
      return routeOf(which, 100 - second.weight, {
        pools: [{ ...pool, weight: 100 - second.weight }, second],
      });
    },
    'a container in, one out': (i) => {
      const [pool] = routeOf(which).pools;
      if (pool === undefined) throw new Error('a route without a pool');
      return routeOf(which, 100, {
        pools: [{ ...pool, servers: pool.servers.filter((_, k) => k !== i % 3) }],
      });
    },
    'a name': (i) => routeOf(which, 100, { names: [{ domain: `new${i}.example.com`, path: '/' }] }),
    'a rule (reload)': (i) =>
      routeOf(which, 100, {
        rules: { allow: [], deny: [], gzip: false, bodyLimit: 1000 + i },
      }),
  };
  const figures: Record<string, number> = {};
  for (const [name, way] of Object.entries(ways)) {
    const count = name.includes('reload') ? Math.min(5, times) : times;
    const took: number[] = [];
    // The first one sees to what the way before has left.
    await changed(way(0));
    for (let i = 1; i <= count; i++) took.push(await changed(way(i)));
    figures[`${name}, ms`] = round(median(took), 3);
    figures[`${name}, slowest ms`] = round(quantile(took, 1), 3);
    run.say(`${name}: median ${median(took).toFixed(1)} ms, slowest ${quantile(took, 1).toFixed(1)} ms`);
  }
  return { ...figures, ...(await newRoutes(run, router, state, times)) };
}

/** Milliseconds until a route that was not there before is served, beside all others. */
async function newRoutes(run: Run, router: Router, first: RouterState, times: number) {
  const took: number[] = [];
  let { routes } = first;
  // The reload before has left all spare backends free.
  for (let i = 0; i < Math.min(times, SPARES); i++) {
    routes = [...routes, routeOf(routes.length)];
    took.push(await timed(() => router.apply({ ...first, routes })));
  }
  run.say(`a new route: median ${median(took).toFixed(1)} ms, slowest ${quantile(took, 1).toFixed(1)} ms`);
  return {
    'a new route, ms': round(median(took), 3),
    'a new route, slowest ms': round(quantile(took, 1), 3),
  };
}

export const router: Benchmark = {
  name: 'router',
  summary: "requests through Berth's HAProxy, a hand-written one, nginx, Caddy and a Node proxy, in turns",
  unit: 'requests/s over hand-written HAProxy',
  better: 'higher',
  target: 0.99,
  limitSeconds: 1200,
  options: { routes: 10_000, rounds: 10, seconds: 3, connections: 32, changes: 30 },
  async run(run) {
    const option = (name: string) => numberOption(run, router, name);
    const [routes, rounds, seconds, connections] = [
      ...[option('routes'), option('rounds'), option('seconds')],
      option('connections'),
    ] as [number, number, number, number];
    await ensureRequirements([
      ...([
        ['haproxy', 'haproxy'],
        ['nginx', 'nginx-light'],
        ['caddy', 'caddy'],
        ['wrk', 'wrk'],
      ] as const),
    ]);
    startBackends(run);
    const berth = await startBerth(run, PORTS.berth, routes);
    const pids: Readonly<Record<Proxy, number>> = {
      berth: berth.pid,
      'hand-written': startHandWritten(run, PORTS['hand-written'], routes),
      'berth, one route': (await startBerth(run, PORTS['berth, one route'], 1)).pid,
      'hand-written, one route': startHandWritten(run, PORTS['hand-written, one route'], 1),
      'hand-written, one route, short': startHandWritten(
        run,
        PORTS['hand-written, one route, short'],
        1,
        'short',
      ),
      nginx: startNginxProxy(run, PORTS.nginx),
      caddy: startCaddy(run, PORTS.caddy),
      node: startNodeProxy(run, PORTS.node),
    };
    for (const proxy of PROXIES) await untilServed(PORTS[proxy], domain(0));
    const seen = new Map<Proxy, Measured[]>(PROXIES.map((proxy) => [proxy, []]));
    const many = (proxy: Proxy) => proxy === 'berth' || proxy === 'hand-written';
    for (let turn = 0; turn < rounds; turn++) {
      // Who begins changes, and those that are compared are next to each other.
      for (const proxy of turn % 2 === 0 ? PROXIES : [...PROXIES].reverse()) {
        const host = domain(many(proxy) ? Math.floor(routes / 2) : 0);
        const before = cpuSeconds(pids[proxy]);
        const loaded = await load(`http://${ADDRESS}:${PORTS[proxy]}/`, host, connections, seconds);
        const cpuUs = ((cpuSeconds(pids[proxy]) - before) / loaded.requests) * 1e6;
        seen.get(proxy)?.push({ ...loaded, cpuUs });
        run.say(
          `${proxy}: ${Math.round(loaded.perSecond)}/s, p99 ${loaded.p99Ms.toFixed(2)} ms, ${cpuUs.toFixed(1)} µs of CPU`,
        );
      }
    }
    const ratio = (a: Proxy, b: Proxy, figure: 'perSecond' | 'cpuUs' = 'perSecond') =>
      median((seen.get(a) ?? []).map((one, i) => one[figure] / (seen.get(b)?.[i]?.[figure] ?? Number.NaN)));
    const figures = Object.fromEntries(
      [...seen].flatMap(([proxy, loads]) => [
        [`${proxy}, requests/s`, Math.round(median(loads.map((one) => one.perSecond)))],
        [`${proxy}, µs of CPU a request`, round(median(loads.map((one) => one.cpuUs)), 3)],
        [`${proxy}, p99 ms`, round(median(loads.map((one) => one.p99Ms)), 3)],
      ]),
    );
    return {
      value: ratio('berth', 'hand-written'),
      also: {
        routes,
        'over hand-written, one route': round(ratio('berth, one route', 'hand-written, one route')),
        'over the short one': round(ratio('berth, one route', 'hand-written, one route, short')),
        ...Object.fromEntries(
          (['nginx', 'caddy', 'node'] as const).map((proxy) => [
            `over ${proxy}`,
            round(ratio('berth, one route', proxy)),
          ]),
        ),
        'CPU over hand-written': round(ratio('berth', 'hand-written', 'cpuUs')),
        'CPU over hand-written, one route': round(
          ratio('berth, one route', 'hand-written, one route', 'cpuUs'),
        ),
        ...figures,
        ...(await changes(run, berth.router, berth.state, option('changes'))),
      },
    };
  },
};
