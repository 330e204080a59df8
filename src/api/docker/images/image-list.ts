import type { ObservedImage } from '../../../model/objects.ts';
import { imageRepository } from '../../../scheduler/image-ref.ts';
import type { ReadTx } from '../../../store/store.ts';
import { type Filters, labelsMatch } from '../query.ts';
import { booleanFilter } from '../system/match.ts';
import { untilMs } from '../system/until-filter.ts';
import { atLeast } from '../version.ts';
import { findImage, noSuchImage } from './find-image.ts';
import { familiarMatch } from './path-match.ts';

/** What `docker images --filter` takes; `node` is Berth's and classic Swarm's. */
export const IMAGE_FILTERS = ['dangling', 'label', 'before', 'since', 'reference', 'until', 'node'] as const;

export type ImageEntry = Readonly<Record<string, unknown>>;

/**
 * The list of images, one entry for each ID, tags and digests of all hosts united; the newest first.
 * @param images what the hosts have, one for each host and ID
 * @throws BerthError `not_found` where `before` or `since` name no image; `bad_request`
 */
export function listImages(
  tx: ReadTx,
  images: Iterable<ObservedImage>,
  filters: Filters,
  options: Readonly<{ apiVersion: string; now: number }>,
): ImageEntry[] {
  const { apiVersion, now } = options;
  const wanted = imageTest(tx, filters, now);
  const byId = new Map<string, ObservedImage[]>();
  for (const image of images) {
    const nodes = filters.get('node') ?? [];
    if (nodes.length > 0 && !nodes.some((node) => isNode(tx, image.hostId, node))) continue;
    byId.set(image.imageId, [...(byId.get(image.imageId) ?? []), image]);
  }
  return [...byId.values()]
    .map((copies) => merge(copies))
    .filter(wanted)
    .map((image) => onlyMatching(image, filters.get('reference') ?? []))
    .sort((a, b) => b.created - a.created || (a.imageId < b.imageId ? -1 : 1))
    .map((image) => entryOf(image, apiVersion));
}

/** True where `text` is the host's name or ID. */
export function isNode(tx: ReadTx, hostId: string, text: string): boolean {
  return text === hostId || tx.get('hosts', hostId)?.name.toLowerCase() === text.toLowerCase();
}

/** One image from its copies on several hosts. */
function merge(copies: readonly ObservedImage[]): ObservedImage {
  const [first] = copies;
  if (first === undefined) throw new Error('no copy');
  const union = (lists: readonly (readonly string[])[]) => [...new Set(lists.flat())].sort();
  const containers = copies.map(({ raw }) => Number((raw as ImageEntry | null)?.Containers ?? -1));
  return {
    ...first,
    repoTags: union(copies.map(({ repoTags }) => repoTags)).filter((tag) => tag !== '<none>:<none>'),
    repoDigests: union(copies.map(({ repoDigests }) => repoDigests)).filter((one) => one !== '<none>@<none>'),
    raw: {
      ...(first.raw as ImageEntry),
      // -1 is the engine's word for "not counted".
      Containers: containers.every((count) => count >= 0) ? containers.reduce((a, b) => a + b, 0) : -1,
    },
  };
}

function imageTest(tx: ReadTx, filters: Filters, now: number): (image: ObservedImage) => boolean {
  const dangling = booleanFilter('dangling', filters.get('dangling'));
  const labels = filters.get('label') ?? [];
  const references = filters.get('reference') ?? [];
  const created = (name: string) => (filters.get(name) ?? []).map((reference) => createdOf(tx, reference));
  const before = Math.min(...created('before'));
  const since = Math.max(...created('since'));
  const until = untilMs(filters.get('until'), now) / 1000;
  return (image) =>
    (dangling === undefined ||
      dangling === (image.repoTags.length === 0 && image.repoDigests.length === 0)) &&
    labelsMatch(image.labels, labels) &&
    image.created < before &&
    image.created > since &&
    image.created < until &&
    (references.length === 0 ||
      names(image).some((name) => references.some((one) => familiarMatch(one, name))));
}

function createdOf(tx: ReadTx, reference: string): number {
  const image = findImage(tx, reference)?.copies[0];
  if (image === undefined) throw noSuchImage(reference);
  return image.created;
}

function names(image: ObservedImage): string[] {
  return [...image.repoTags, ...image.repoDigests];
}

/** With a `reference` filter engines list only the names that match. */
function onlyMatching(image: ObservedImage, references: readonly string[]): ObservedImage {
  if (references.length === 0) return image;
  const matching = (name: string) => references.some((one) => familiarMatch(one, name));
  return {
    ...image,
    repoTags: image.repoTags.filter(matching),
    repoDigests: image.repoDigests.filter((digest) => matching(digest) || matching(imageRepository(digest))),
  };
}

function entryOf(image: ObservedImage, apiVersion: string): ImageEntry {
  const nameless =
    image.repoTags.length === 0 && image.repoDigests.length === 0 && !atLeast(apiVersion, '1.43');
  return {
    ...(image.raw as ImageEntry),
    Id: image.imageId,
    RepoTags: nameless ? ['<none>:<none>'] : image.repoTags,
    RepoDigests: nameless ? ['<none>@<none>'] : image.repoDigests,
    Created: image.created,
    Size: image.size,
    // Left out by newer engines, asked for by older clients (docker-compose, docker-py).
    ...(atLeast(apiVersion, '1.44') ? {} : { VirtualSize: image.size }),
  };
}
