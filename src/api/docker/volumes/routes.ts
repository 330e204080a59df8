import type { DockerRoute } from '../call.ts';
import { createVolume } from './create.ts';
import { inspectVolume, volumes } from './read.ts';
import { pruneVolumes, removeVolume } from './remove.ts';

/** Volumes. A name may be `node/name`: it takes the rest of the path. */
export const VOLUME_ROUTES: readonly DockerRoute[] = [
  { method: 'GET', pattern: '/volumes', role: 'viewer', handle: volumes },
  {
    method: 'POST',
    pattern: '/volumes/create',
    role: 'operator',
    action: 'volume.create',
    handle: createVolume,
  },
  {
    method: 'POST',
    pattern: '/volumes/prune',
    role: 'operator',
    action: 'volume.prune',
    handle: pruneVolumes,
  },
  { method: 'GET', pattern: '/volumes/:name*', role: 'viewer', handle: inspectVolume },
  {
    method: 'DELETE',
    pattern: '/volumes/:name*',
    role: 'operator',
    action: 'volume.remove',
    handle: removeVolume,
  },
];
