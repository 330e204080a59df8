import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import type { NetworkView } from '../../../src/contract/v1/networks.ts';
import type { VolumeView } from '../../../src/contract/v1/volumes.ts';
import { client } from './client.ts';

/** For as long what was read lately is good enough to find something by its name. */
const FRESH_MS = 30_000;

/** Networks and volumes, which are not in the picture: read when somebody looks for one. Empty until then. */
export function useResources(): Readonly<{
  networks: readonly NetworkView[];
  volumes: readonly VolumeView[];
}> {
  const networks = useQuery({
    queryKey: ['networks'],
    queryFn: ({ signal }) => client.call('network.list', undefined, { signal }),
    staleTime: FRESH_MS,
  });
  const volumes = useQuery({
    queryKey: ['volumes'],
    queryFn: ({ signal }) => client.call('volume.list', {}, { signal }),
    staleTime: FRESH_MS,
  });
  return useMemo(
    () => ({ networks: networks.data?.networks ?? [], volumes: volumes.data?.volumes ?? [] }),
    [networks.data, volumes.data],
  );
}
