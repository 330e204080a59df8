import { getRouteApi } from '@tanstack/react-router';
import { client } from '../../cluster/client.ts';
import { useLiveQuery } from '../../cluster/use-live-query.ts';

const route = getRouteApi('/stacks/$stack/services/$service');

/** The service that the page's address names. */
export function useServiceName(): Readonly<{ stack: string; service: string }> {
  return route.useParams();
}

/** That service as it is wanted and as it is, asked for again after each change. */
export function useService() {
  const { stack, service } = useServiceName();
  return useLiveQuery(['service', stack, service], (signal) =>
    client.call('service.get', { stack, service }, { signal }),
  );
}

/** What its compose file says of it, as its containers are made from. */
export type ServiceSpec = NonNullable<ReturnType<typeof useService>['data']>['spec'];
