import type { RouteOptionsView, RouteView } from '../../contract/v1/route-list.ts';
import { BerthError } from '../../kit/errors.ts';
import { type Balancer, listenText } from '../../model/balancer.ts';
import { type ServiceRecord, serviceKey } from '../../model/deployment.ts';
import { routeOptionsOf } from '../../model/route-fields.ts';
import type { RouteOptions } from '../../model/route-options.ts';
import type { HttpRoute, PoolServer, TcpRoute } from '../../model/router.ts';
import { say } from '../../model/said/index.ts';
import { isServed, releaseOfPool, servedName, servedRoutes } from '../../model/service-routes.ts';
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

/** Which routes are told of, and how much. */
type Wanted = Readonly<{ name?: string | undefined; brief?: boolean | undefined }>;

/** All that routers serve: a domain and path, or a port, each. Sorted. */
export function routeViews(tx: ReadTx, access: Access, { name, brief }: Wanted = {}): RouteView[] {
  const shownFor = certificatesByDomain(tx);
  const finish = (view: View): RouteView => {
    const certificate = shownFor(view.name);
    return {
      ...view,
      ...(certificate === undefined ? {} : { certificate }),
      ...(brief === true ? { pools: [] } : {}),
    };
  };
  const views = [
    ...[...tx.all('services')].flatMap((record) => serviceViews(tx, record, access)),
    ...[...tx.all('balancers')].flatMap((balancer) => balancerViews(tx, balancer, access)),
  ];
  return views
    .filter((view) => name === undefined || view.name === name)
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(finish);
}

/**
 * The route of that name: its ID, and STACK and name of the service that it leads to, which a balancer's has none of.
 * @throws BerthError `not_found`
 */
export function findRoute(
  tx: ReadTx,
  wanted: string,
): Readonly<{ id: string; service: Pick<ServiceRecord, 'stack' | 'name'> | undefined }> {
  for (const record of tx.all('services')) {
    const found = servedBy(tx, record).find(({ name }) => name === wanted);
    if (found !== undefined) return { id: found.route?.id ?? '', service: record };
  }
  for (const balancer of tx.all('balancers')) {
    const found = servedByBalancer(tx, balancer).find(({ name }) => name === wanted);
    if (found !== undefined) return { id: found.route?.id ?? '', service: undefined };
  }
  throw new BerthError('not_found', `there is no route "${wanted}"`, { hint: '"berth route ls" lists them' });
}

type View = Omit<RouteView, 'certificate'>;

/** The name of the certificate that is shown for a domain: its own one, else one of `*` in place of its first label. */
function certificatesByDomain(tx: ReadTx): (name: string) => string | undefined {
  if (settingsOf(tx).routerTlsPort === 0) return () => undefined;
  const byDomain = new Map<string, string>();
  for (const { name, domains } of tx.all('certificates'))
    for (const domain of domains) byDomain.set(domain, name);
  return (name) => {
    if (name.startsWith(':')) return undefined;
    const [domain = ''] = name.split('/');
    return byDomain.get(domain) ?? byDomain.get(`*.${domain.slice(domain.indexOf('.') + 1)}`);
  };
}

function optionsView({ auth, ...options }: RouteOptions, sticky: boolean): RouteOptionsView {
  return { ...options, sticky, ...(auth === undefined ? {} : { users: auth.users.length }) };
}

/** The first route of each service and balancer that leads nowhere, and a sentence about it. */
export function deadRoutes(tx: ReadTx): Readonly<{ name: string; text: string }>[] {
  const services = [...tx.all('services')].flatMap((record) => {
    const dead = servedBy(tx, record).find(({ route }) => readyOf(route) === 0);
    const key = serviceKey(record.stack, record.name);
    return dead === undefined
      ? []
      : [
          {
            name: dead.name,
            text: say('hosts.route.service', { name: dead.name, key }),
          },
        ];
  });
  const balancers = [...tx.all('balancers')].flatMap((balancer) => {
    const dead = servedByBalancer(tx, balancer).find(({ route }) => readyOf(route) === 0);
    return dead === undefined
      ? []
      : [
          {
            name: dead.name,
            text: say('hosts.route.balancer', { name: dead.name, balancer: balancer.name }),
          },
        ];
  });
  return [...services, ...balancers];
}

function serviceViews(tx: ReadTx, record: ServiceRecord, access: Access): View[] {
  const service = serviceKey(record.stack, record.name);
  return servedBy(tx, record).map(({ name, port, route, options }) => {
    const traffic = (release?: number) => trafficView(access.ofRoute(route?.id ?? '', release, TRAFFIC_MS));
    return {
      ...{ name, service, port, options, ready: readyOf(route), traffic: traffic() },
      pools: (route?.pools ?? []).map(({ id, weight, servers }) => {
        const release = releaseOfPool(id);
        return { ...{ release, weight, traffic: traffic(release) }, servers: servers.map(serverView) };
      }),
    };
  });
}

function balancerViews(tx: ReadTx, balancer: Balancer, access: Access): View[] {
  const served = servedByBalancer(tx, balancer);
  const ids = served.flatMap(({ route }) => route?.id ?? []);
  const failing = new Set(access.failing(ids).map(({ address, port }) => `${address} ${port}`));
  const isWell = ({ address, port }: Readonly<{ address: string; port: number }>) =>
    !failing.has(`${address} ${port}`);
  const { rules, sticky } = balancer;
  const options = optionsView(routeOptionsOf((field) => rules[field]).options, sticky);
  return served.map(({ name, route }) => {
    const traffic = trafficView(access.ofRoute(route?.id ?? '', undefined, TRAFFIC_MS));
    return {
      ...{ name, balancer: balancer.name, options, ready: readyOf(route, isWell), traffic },
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

type Served = Readonly<{
  name: string;
  port: number;
  route: HttpRoute | TcpRoute | undefined;
  options: RouteOptionsView;
}>;

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

function servedByBalancer(tx: ReadTx, balancer: Balancer): readonly Pick<Served, 'name' | 'route'>[] {
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
    const options = optionsView(one.options ?? {}, one.sticky);
    return [{ name: `${domain}${path === '/' ? '' : path}`, port: one.port, route, options }];
  });
  const ports = service.listeners
    .filter((one) => isServed(one, settings))
    .map(({ frontPort, port, proxyProtocol, names = [] }) => ({
      ...{ name: [`:${frontPort}`, ...names].join(' '), port },
      options: optionsView(proxyProtocol === true ? { proxyProtocol } : {}, false),
      route: tcp.find((each) => each.port === frontPort && each.names.join() === names.join()),
    }));
  return [...names, ...ports];
}
