import { say } from '../../model/said/index.ts';
import { replicaKey } from '../request.ts';
import { type Filter, sameForAll } from './filter.ts';

/** `max_replicas_per_node` of compose's `deploy.placement`. */
export const replicas: Filter = {
  name: 'replicas',
  prepare: (request, { view }) => {
    const most = request.maxReplicasPerHost;
    if (most === undefined) return [];
    const key = replicaKey(request);
    return [
      {
        passes: (host) => view.hostsWith(key).on(host) < most,
        reason: sameForAll(() => say('placement.replicas', { most })),
      },
    ];
  },
};
