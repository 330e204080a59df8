import { BerthError } from '../../../kit/errors.ts';
import type { ObservedImage } from '../../../model/objects.ts';
import { looksLikeImageId, normalImageRef } from '../../../scheduler/image-ref.ts';
import type { ReadTx } from '../../../store/store.ts';

/** Copies of what a reference names. */
export type FoundImage = Readonly<{
  /** The image that the reference stands for: where hosts differ under one tag, the newest. */
  imageId: string;
  /** Copies of that image, one for each host that has it. */
  copies: readonly ObservedImage[];
  /** Everything that the reference names on any host, other images under the same tag too. */
  all: readonly ObservedImage[];
  /** True where it was named by its ID, or the beginning of it. */
  byId: boolean;
}>;

/**
 * Finds an image as an engine does: by whole ID, by name and tag or digest, by the beginning of its ID.
 * @returns undefined where no host has it
 * @throws BerthError `bad_request` where the beginning of an ID fits several images
 */
export function findImage(tx: ReadTx, reference: string): FoundImage | undefined {
  const whole = reference.startsWith('sha256:') ? reference : `sha256:${reference}`;
  const byId = [...tx.by('observedImages', 'imageId', whole)];
  if (byId.length > 0) return found(byId, true);
  const wanted = normalImageRef(reference);
  const byName = [...tx.all('observedImages')].filter((image) => namesOf(image).includes(wanted));
  if (byName.length > 0) return found(byName, false);
  if (!looksLikeImageId(reference)) return undefined;
  const byPrefix = [...tx.all('observedImages')].filter(({ imageId }) => imageId.startsWith(whole));
  const ids = new Set(byPrefix.map(({ imageId }) => imageId));
  if (ids.size > 1) {
    throw new BerthError(
      'bad_request',
      `image ID "${reference}" is ambiguous: ${ids.size} images begin with it`,
      {
        hint: 'give more of its digits',
      },
    );
  }
  return byPrefix.length > 0 ? found(byPrefix, true) : undefined;
}

/** The error of an engine that does not have the image. */
export function noSuchImage(reference: string): BerthError {
  const named =
    looksLikeImageId(reference) && reference.startsWith('sha256:') ? reference : normalImageRef(reference);
  return new BerthError('not_found', `No such image: ${named}`);
}

/** Names with tag or digest, in the form that `normalImageRef` gives. */
export function namesOf(image: ObservedImage): string[] {
  return [...image.repoTags, ...image.repoDigests]
    .filter((name) => !name.startsWith('<none>'))
    .map(normalImageRef);
}

function found(all: readonly ObservedImage[], byId: boolean): FoundImage {
  const newest = all.reduce((best, image) => (image.created > best.created ? image : best));
  const { imageId } = newest;
  return { imageId, copies: all.filter((image) => image.imageId === imageId), all, byId };
}
