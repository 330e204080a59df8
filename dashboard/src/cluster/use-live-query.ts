import { type UseQueryResult, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { Again } from './again.ts';
import type { Picture } from './live.ts';
import { useLive } from './use-cluster.tsx';

/**
 * Asks once, and again whenever the stream has told of a change, or is back.
 * @param everyMs also so often, where it is of figures that no event tells of; while the page is looked at and connected
 */
export function useLiveQuery<T>(
  key: readonly string[],
  ask: (signal: AbortSignal) => Promise<T>,
  everyMs?: number,
): UseQueryResult<T> {
  const live = useLive();
  const queries = useQueryClient();
  const own = key.join('\0');
  const asked = useRef<Picture>(live.snapshot());
  useEffect(() => {
    const queryKey = own.split('\0');
    const again = new Again({
      isOld: () => isOther(asked.current, live.snapshot()),
      ask: async () => {
        // What is on its way may have been answered before the change. It is not broken off: where changes do not end, no
        // question would be answered.
        if (queries.isFetching({ queryKey }) > 0) return;
        asked.current = live.snapshot();
        await queries.invalidateQueries({ queryKey }, { cancelRefetch: false });
      },
    });
    const unsubscribe = live.subscribe(() => again.look());
    return () => {
      again.end();
      unsubscribe();
    };
  }, [live, queries, own]);
  return useQuery({
    queryKey: key,
    queryFn: ({ signal }) => ask(signal),
    ...(everyMs === undefined
      ? {}
      : { refetchInterval: () => live.snapshot().connection.state === 'live' && everyMs }),
  });
}

/** Something has happened, or may have without being told. */
function isOther(before: Picture, now: Picture): boolean {
  if (now.connection.state !== 'live') return false;
  const { happened, connection, reads } = now;
  return happened !== before.happened || connection !== before.connection || reads !== before.reads;
}
