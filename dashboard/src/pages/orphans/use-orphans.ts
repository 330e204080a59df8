import { client } from '../../cluster/client.ts';
import { useLiveQuery } from '../../cluster/use-live-query.ts';

export function useOrphans() {
  return useLiveQuery(['orphans'], (signal) => client.call('orphan.list', undefined, { signal }));
}
