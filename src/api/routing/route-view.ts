import type { RouteView } from '../../contract/v1/route-list.ts';
import { type ServiceRecord, serviceKey } from '../../model/deployment.ts';
import { isServed, servedName, servedRoutes } from '../../model/service-routes.ts';
import { settingsOf } from '../../store/settings.ts';
import type { ReadTx } from '../../store/store.ts';
import { waysOf } from './service-ways.ts';

/** All that routers serve: a domain and path, or a port, each. Sorted. */
export function routeViews(tx: ReadTx): RouteView[] {
  const views = [...tx.all('services')].flatMap((record) => viewsOf(tx, record));
  return views.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** A sentence for each service whose routes lead nowhere. */
export function deadRoutes(tx: ReadTx): string[] {
  const dead = new Map<string, string>();
  for (const { name, service, ready } of routeViews(tx))
    if (ready === 0 && !dead.has(service)) dead.set(service, name);
  return [...dead].map(
    ([service, name]) => `${name} has no container to lead to: see "berth service ps ${service}"`,
  );
}

function viewsOf(tx: ReadTx, record: ServiceRecord): RouteView[] {
  const { stack, name, service } = record;
  if (service.routes.length + service.listeners.length === 0) return [];
  const settings = settingsOf(tx);
  const { http, tcp } = servedRoutes({ stack, name, service }, waysOf(tx, record), settings);
  const view = (what: string, port: number, pools: (typeof tcp)[number]['pools']): RouteView => ({
    ...{ name: what, service: serviceKey(stack, name), port },
    ready: pools.flatMap(({ servers }) => servers).filter(({ state }) => state === 'ready').length,
    pools: pools.map(({ id, weight, servers }) => ({
      ...{ release: Number(id.slice(1)), weight },
      servers: servers.map(({ address, port: at, state }) => ({ address, port: at, state })),
    })),
  });
  const poolsOf = (domain: string, path: string) =>
    http.find(({ names }) => names.some((one) => one.domain === domain && one.path === path))?.pools ?? [];
  return [
    ...service.routes.flatMap((route) => {
      const found = servedName(route, settings.appsDomain);
      if (found === undefined) return [];
      const { domain, path } = found;
      return [view(`${domain}${path === '/' ? '' : path}`, route.port, poolsOf(domain, path))];
    }),
    ...service.listeners
      .filter((one) => isServed(one, settings.routerPort))
      .map((one) =>
        view(`:${one.frontPort}`, one.port, tcp.find(({ port }) => port === one.frontPort)?.pools ?? []),
      ),
  ];
}
