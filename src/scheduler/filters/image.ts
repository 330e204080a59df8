import { say } from '../../model/said/index.ts';
import { HostSet } from '../host-set.ts';
import { looksLikeImageId, normalImageRef } from '../image-ref.ts';
import { type Filter, sameForAll } from './filter.ts';

/**
 * Only hosts that have the image: creating a container pulls nothing. The last filter, so that a request which only
 * lacks its image is told from one that fits nowhere ("No such image" makes Docker's CLI pull and try again).
 */
export const image: Filter = {
  name: 'image',
  prepare: ({ image: ref, anyImage }, { view }) => {
    // A build takes any host.
    if (ref === '' || anyImage) return [];
    const normal = normalImageRef(ref);
    const id = looksLikeImageId(ref) ? ref : undefined;
    // Most images are on all hosts: then no host's own list need be looked at.
    const having = view.hostsWithImage(normal);
    return [
      {
        pullHelps: true,
        passes: (host) => having.size === view.size || host.hasImage(normal, id),
        passing: () => (id === undefined ? HostSet.of(view.hosts.length, having) : undefined),
        kept: { key: `image ${ref}`, changesWith: 'host' },
        reason: sameForAll(() => say('placement.image', { image: ref })),
      },
    ];
  },
};
