import { keepPreviousData, type UseQueryResult, useQuery } from '@tanstack/react-query';
import { useRef } from 'react';
import { usePicture } from './use-cluster.tsx';

/** Between two questions are so many times as long as the first one took: many open pages are no load on a manager. */
const REST = 4;

/**
 * Asks again and again, for what changes without being told (figures), while the page is seen and the manager answers. What
 * was known under another key is shown until the answer has come.
 * @param everyMs at most so often; undefined: once
 */
export function usePolledQuery<T>(
  key: readonly unknown[],
  ask: (signal: AbortSignal) => Promise<T>,
  everyMs: number | undefined,
): UseQueryResult<T> {
  const { connection, isSeen } = usePicture();
  const took = useRef(0);
  const isAsked = everyMs !== undefined && connection.state === 'live' && isSeen;
  return useQuery({
    queryKey: key,
    queryFn: async ({ signal }) => {
      const began = Date.now();
      try {
        return await ask(signal);
      } finally {
        took.current = Date.now() - began;
      }
    },
    placeholderData: keepPreviousData,
    refetchInterval: () => isAsked && Math.max(everyMs, REST * took.current),
  });
}
