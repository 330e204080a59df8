import { type Balancer, balancerRoutes } from '../../model/balancer.ts';
import { serviceKey } from '../../model/deployment.ts';
import { routeIds, type ServedRoutes, servedRoutes } from '../../model/service-routes.ts';
import { splitOf } from '../../store/releases.ts';
import { settingsOf } from '../../store/settings.ts';
import type { ReadTx } from '../../store/store.ts';
import { type ContainerWay, isUnheard, isUnheardName, wayByName, waysOf } from './service-ways.ts';

/** What has routes: a service, or a balancer. */
export type RouteOwner = Readonly<{
  /** Not all of its containers have been seen since the manager started. */
  unheard: boolean;
  /** IDs of its routes; they do not depend on containers. */
  ids(): readonly string[];
  served(): Readonly<{ routes: ServedRoutes; ways: readonly ContainerWay[] }>;
}>;

const BALANCER = ':';

/** Keys of services are STACK/NAME, which this is none of. */
export const balancerKey = (name: string) => `${BALANCER}${name}`;

/** Keys of all that may have routes. */
export function* ownerKeys(tx: ReadTx): Iterable<string> {
  for (const { stack, name } of tx.all('services')) yield serviceKey(stack, name);
  for (const { name } of tx.all('balancers')) yield balancerKey(name);
}

/** Undefined where it is gone. */
export function ownerOf(tx: ReadTx, key: string): RouteOwner | undefined {
  return key.startsWith(BALANCER) ? balancerOwner(tx, key) : serviceOwner(tx, key);
}

function serviceOwner(tx: ReadTx, key: string): RouteOwner | undefined {
  const record = tx.get('services', key);
  if (record === undefined) return undefined;
  const settings = settingsOf(tx);
  const { stack, name, service } = record;
  const named = { stack, name, service };
  return {
    unheard: isUnheard(tx, record),
    ids: () => routeIds(named, settings),
    served: () => {
      const ways = waysOf(tx, record);
      return { routes: servedRoutes(named, ways, settings, splitOf(tx, record)), ways };
    },
  };
}

function balancerOwner(tx: ReadTx, key: string): RouteOwner | undefined {
  const balancer = tx.get('balancers', key.slice(BALANCER.length));
  if (balancer === undefined) return undefined;
  return {
    unheard: balancer.targets.some((one) => one.kind === 'container' && isUnheardName(tx, one.name)),
    ids: () => {
      const { http, tcp } = balancerRoutes(balancer, () => undefined, settingsOf(tx));
      return [...http, ...tcp].map(({ id }) => id);
    },
    served: () => ({ routes: balancerServed(tx, balancer), ways: [] }),
  };
}

export function balancerServed(tx: ReadTx, balancer: Balancer): ServedRoutes {
  return balancerRoutes(
    balancer,
    (target) => {
      if (target.kind === 'address') return { address: target.address, port: target.port, state: 'ready' };
      const way = wayByName(tx, target.name, target.port);
      return typeof way === 'string' ? undefined : way;
    },
    settingsOf(tx),
  );
}
