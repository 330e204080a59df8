import { looksLikeImageId, normalImageRef } from '../image-ref.ts';
import type { Filter } from './filter.ts';

export const IMAGE_FILTER = 'image';

/**
 * Only hosts that have the image: creating a container pulls nothing. The last filter, so that a request which only
 * lacks its image is told from one that fits nowhere ("No such image" makes Docker's CLI pull and try again).
 */
export const image: Filter = {
  name: IMAGE_FILTER,
  prepare: ({ image: ref }) => {
    const normal = normalImageRef(ref);
    const id = looksLikeImageId(ref) ? ref : undefined;
    return [
      {
        passes: (host) => host.hasImage(normal, id),
        reason: () => `image ${ref} is not there`,
      },
    ];
  },
};
