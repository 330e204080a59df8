import { useMemo } from 'react';
import { containerCounts } from '../cluster/container-counts.ts';
import { usePicture } from '../cluster/use-cluster.tsx';
import { useText } from '../i18n/text.tsx';

/** Which containers are there besides those that the cluster's number counts; empty where there are none. */
export function useNotCounted(): string {
  const t = useText();
  const { containers } = usePicture();
  const { plain, routers } = useMemo(() => containerCounts(containers), [containers]);
  return [
    ...(plain === 0 ? [] : [t('containers.plain', { n: plain })]),
    ...(routers === 0 ? [] : [t('containers.routers', { n: routers })]),
  ].join(t('containers.and'));
}
