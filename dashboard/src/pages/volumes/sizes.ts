import { useMemo } from 'react';
import { useDiskUsage } from '../images/disk-usage.tsx';

/** Bytes of each volume by its name, on all its hosts together; none before they were asked for. */
export function useVolumeSizes() {
  const { data, error, isFetching, refetch } = useDiskUsage();
  const byName = useMemo(() => {
    const sizes = new Map<string, number>();
    for (const { name, bytes } of data?.volumes ?? []) sizes.set(name, (sizes.get(name) ?? 0) + bytes);
    return sizes;
  }, [data]);
  return { byName, error, isFetching, measure: () => void refetch() };
}
