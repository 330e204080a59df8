import { client } from '../../cluster/client.ts';
import { useLiveQuery } from '../../cluster/use-live-query.ts';

/** Labels that say where a host stands, the widest first. */
export function useFailureDomains(): readonly string[] {
  const { data } = useLiveQuery(['settings'], (signal) => client.call('settings.get', undefined, { signal }));
  return data?.settings.failureDomains ?? [];
}
