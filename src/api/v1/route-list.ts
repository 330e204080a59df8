import { routeViews } from '../routing/route-view.ts';
import { ingressHosts } from '../routing/service-ways.ts';
import type { Handlers } from './handler.ts';

export const routeListHandlers: Handlers<'route.list'> = {
  'route.list': ({ deps }) =>
    deps.store.view((tx) => ({
      routes: routeViews(tx),
      ingress: ingressHosts(tx).map(({ id, name, dataAddress = '' }) => {
        const { serving = false, error = '' } = tx.get('hostRouters', id) ?? {};
        return { host: name, address: dataAddress, serving, error };
      }),
    })),
};
