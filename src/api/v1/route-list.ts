import { shownFields } from '../hidden-values.ts';
import { routeViews, TRAFFIC_MS } from '../routing/route-view.ts';
import { ingressHosts } from '../routing/service-ways.ts';
import type { Handlers } from './handler.ts';

export const routeListHandlers: Handlers<'route.list'> = {
  'route.list': ({ deps, query, principal }) =>
    deps.store.view((tx) => ({
      routes: shownFields(routeViews(tx, deps.access, query), principal.role),
      ingress: ingressHosts(tx).map(({ id, name, dataAddress = '' }) => {
        const { serving = false, error = '' } = tx.get('hostRouters', id) ?? {};
        return { host: name, address: dataAddress, serving, error };
      }),
      missing: [...deps.access.missing(TRAFFIC_MS)],
    })),
};
