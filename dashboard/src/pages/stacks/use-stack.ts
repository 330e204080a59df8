import { client } from '../../cluster/client.ts';
import { useLiveQuery } from '../../cluster/use-live-query.ts';

/** A stack as it is deployed, asked for again after each change. */
export function useStack(stack: string) {
  return useLiveQuery(['stack', stack], (signal) => client.call('stack.get', { stack }, { signal }));
}
