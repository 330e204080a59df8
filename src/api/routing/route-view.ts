import type { RouteView } from '../../contract/v1/route-list.ts';
import { type Balancer, listenText } from '../../model/balancer.ts';
import { type ServiceRecord, serviceKey } from '../../model/deployment.ts';
import type { HttpRoute, PoolServer, TcpRoute } from '../../model/router.ts';
import { isServed, servedName, servedRoutes } from '../../model/service-routes.ts';
import { splitOf } from '../../store/releases.ts';
import { settingsOf } from '../../store/settings.ts';
import type { ReadTx } from '../../store/store.ts';
import type { AccessBook } from './access-book.ts';
import { balancerServed } from './route-owners.ts';
import { waysOf } from './service-ways.ts';
import { trafficView } from './traffic-view.ts';

type Access = Pick<AccessBook, 'ofRoute' | 'failing'>;

/** What is told of traffic is of the last minute. */
export const TRAFFIC_MS = 60_000;

/** All that routers serve: a domain and path, or a port, each. Sorted. */
export function routeViews(tx: ReadTx, access: Access): RouteView[] {
  const views = [
    ...[...tx.all('services')].flatMap((record) => serviceViews(tx, record, access)),
    ...[...tx.all('balancers')].flatMap((balancer) => balancerViews(tx, balancer, access)),
  ];
  return views.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** A sentence for each service and balancer whose routes lead nowhere. */
export function deadRoutes(tx: ReadTx): string[] {
  const services = [...tx.all('services')].flatMap((record) => {
    const dead = servedBy(tx, record).find(({ route }) => readyOf(route) === 0);
    const key = serviceKey(record.stack, record.name);
    return dead === undefined
      ? []
      : [`${dead.name} has no container to lead to: see "berth service ps ${key}"`];
  });
  const balancers = [...tx.all('balancers')].flatMap((balancer) => {
    const dead = servedByBalancer(tx, balancer).find(({ route }) => readyOf(route) === 0);
    return dead === undefined
      ? []
      : [`${dead.name} has no target to lead to: see "berth lb inspect ${balancer.name}"`];
  });
  return [...services, ...balancers];
}

function serviceViews(tx: ReadTx, record: ServiceRecord, access: Access): RouteView[] {
  const service = serviceKey(record.stack, record.name);
  return servedBy(tx, record).map(({ name, port, route }) => {
    const traffic = (release?: number) => trafficView(access.ofRoute(route?.id ?? '', release, TRAFFIC_MS));
    return {
      ...{ name, service, port, ready: readyOf(route), traffic: traffic() },
      pools: (route?.pools ?? []).map(({ id, weight, servers }) => {
        const release = Number(id.slice(1));
        return { ...{ release, weight, traffic: traffic(release) }, servers: servers.map(serverView) };
      }),
    };
  });
}

function balancerViews(tx: ReadTx, balancer: Balancer, access: Access): RouteView[] {
  const served = servedByBalancer(tx, balancer);
  const ids = served.flatMap(({ route }) => route?.id ?? []);
  const failing = new Set(access.failing(ids).map(({ address, port }) => `${address} ${port}`));
  const isWell = ({ address, port }: Readonly<{ address: string; port: number }>) =>
    !failing.has(`${address} ${port}`);
  return served.map(({ name, route }) => {
    const traffic = trafficView(access.ofRoute(route?.id ?? '', undefined, TRAFFIC_MS));
    return {
      ...{ name, balancer: balancer.name, ready: readyOf(route, isWell), traffic },
      pools: (route?.pools ?? []).map(({ weight, servers, named = [] }) => ({
        ...{ weight, traffic },
        servers: [
          ...servers.map(serverView),
          ...named.map(({ host, port, state }) => ({ address: host, port, state })),
        ],
      })),
    };
  });
}

const serverView = ({ address, port, state }: PoolServer) => ({ address, port, state });

type Served = Readonly<{ name: string; port: number; route: HttpRoute | TcpRoute | undefined }>;

function readyOf(
  route: Served['route'],
  isWell: (server: Readonly<{ address: string; port: number }>) => boolean = () => true,
): number {
  return (route?.pools ?? [])
    .flatMap(({ servers, named = [] }) => [
      ...servers,
      ...named.map(({ host, port, state }) => ({ address: host, port, state })),
    ])
    .filter((server) => server.state === 'ready' && isWell(server)).length;
}

function servedByBalancer(tx: ReadTx, balancer: Balancer): readonly Omit<Served, 'port'>[] {
  const { http, tcp } = balancerServed(tx, balancer);
  return balancer.listens.map((listen) => ({
    name: listenText(listen),
    route:
      listen.kind === 'http'
        ? http[0]
        : tcp.find(({ port, names }) => port === listen.port && names.join() === listen.names.join()),
  }));
}

/** Each name and port of a service that routers serve. */
function servedBy(tx: ReadTx, record: ServiceRecord): readonly Served[] {
  const { stack, name, service } = record;
  if (service.routes.length + service.listeners.length === 0) return [];
  const settings = settingsOf(tx);
  const { http, tcp } = servedRoutes(
    { stack, name, service },
    waysOf(tx, record),
    settings,
    splitOf(tx, record),
  );
  const names = service.routes.flatMap((one): Served[] => {
    const found = servedName(one, settings.appsDomain);
    if (found === undefined) return [];
    const { domain, path } = found;
    const route = http.find((each) => each.names.some((it) => it.domain === domain && it.path === path));
    return [{ name: `${domain}${path === '/' ? '' : path}`, port: one.port, route }];
  });
  const ports = service.listeners
    .filter((one) => isServed(one, settings))
    .map(({ frontPort, port, names = [] }) => ({
      ...{ name: [`:${frontPort}`, ...names].join(' '), port },
      route: tcp.find((each) => each.port === frontPort && each.names.join() === names.join()),
    }));
  return [...names, ...ports];
}
