/**
 * Names of images (distribution's reference/normalize.go): `redis` is `docker.io/library/redis:latest`; kept here in the
 * short form that engines list, with the tag always written out.
 */
export function normalImageRef(ref: string): string {
  const short = ref.replace(/^(index\.)?docker\.io\//, '').replace(/^library\//, '');
  if (short.includes('@')) {
    // A digest says all; a tag beside it is ignored, as engines do.
    const [name, digest] = short.split('@', 2);
    return `${imageRepository(name ?? '')}@${digest}`;
  }
  return imageRepository(short) === short ? `${short}:latest` : short;
}

/** The reference without tag or digest: `localhost:5000/app:1` is `localhost:5000/app`. */
export function imageRepository(ref: string): string {
  const [name = ''] = ref.split('@', 1);
  const colon = name.lastIndexOf(':');
  return colon > name.lastIndexOf('/') ? name.slice(0, colon) : name;
}

/** True where `ref` may be an image's ID or the beginning of one. */
export function looksLikeImageId(ref: string): boolean {
  return /^(sha256:)?[0-9a-f]{4,64}$/.test(ref);
}
