import type { ImageView } from '../../../../src/contract/v1/images.ts';

/** By which people know it: its first tag, else its digest, else the beginning of its ID. */
export function imageName({ tags, digests, id }: Pick<ImageView, 'tags' | 'digests' | 'id'>): string {
  return tags[0] ?? digests[0] ?? shortId(id);
}

export function shortId(id: string): string {
  return id.replace(/^sha256:/, '').slice(0, 12);
}
