import { type UseQueryResult, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import type { Picture } from './live.ts';
import { useLive } from './use-cluster.tsx';

/** At most one question in this time, milliseconds. */
const EVERY_MS = 700;

/** Asks once, and again whenever the stream has told of a change, or is back. */
export function useLiveQuery<T>(
  key: readonly string[],
  ask: (signal: AbortSignal) => Promise<T>,
): UseQueryResult<T> {
  const live = useLive();
  const queries = useQueryClient();
  const own = key.join('\0');
  const asked = useRef<Picture>(live.snapshot());
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const unsubscribe = live.subscribe(() => {
      const { happened, connection } = live.snapshot();
      const { happened: before, connection: then } = asked.current;
      if (connection.state !== 'live' || (happened === before && connection === then)) return;
      timer ??= setTimeout(() => {
        timer = undefined;
        asked.current = live.snapshot();
        void queries.invalidateQueries({ queryKey: own.split('\0') });
      }, EVERY_MS);
    });
    return () => {
      clearTimeout(timer);
      unsubscribe();
    };
  }, [live, queries, own]);
  return useQuery({ queryKey: key, queryFn: ({ signal }) => ask(signal) });
}
