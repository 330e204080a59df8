import type { ImageView, imageRoutes } from '../../contract/v1/images.ts';
import type { ObservedImage } from '../../model/objects.ts';
import type { ReadTx } from '../../store/store.ts';
import { hostName } from '../docker/networks/find-network.ts';
import type { Handlers } from './handler.ts';

export const imageHandlers: Handlers<keyof typeof imageRoutes> = {
  'image.list': ({ deps }) => ({ images: deps.store.view(imageViews), fills: [...deps.images.fills()] }),

  'image.pull': ({ deps, body: { image, nodes }, about, failed }) => {
    about(image);
    const pull = deps.images.pull(image, nodes);
    return async function* (signal) {
      const without: string[] = [];
      for await (const item of pull(signal)) {
        if (item.kind === 'failed') without.push(`host ${item.host}: ${item.reason}`);
        yield item;
      }
      if (without.length > 0) failed(without.join('; '));
    };
  },

  'image.remove': ({ deps, params: { image }, query: { force = false }, about }) => {
    about(image);
    return deps.images.remove(image, force);
  },

  'image.prunable': ({ deps, query: { all = false } }) => {
    const images = deps.store
      .view(imageViews)
      .filter(({ users, tags }) => users.length === 0 && (all || tags.length === 0));
    return { images, bytes: images.reduce((sum, { size, hostNames }) => sum + size * hostNames.length, 0) };
  },

  'image.prune': ({ deps, body: { all = false } }) => deps.images.prune(all),

  'disk.usage': ({ deps, principal }) => deps.images.usage(principal.role),
};

/** One for each ID, the newest first. */
function imageViews(tx: ReadTx): ImageView[] {
  const users = imageUsers(tx);
  const copies = new Map<string, ObservedImage[]>();
  for (const image of tx.all('observedImages'))
    copies.set(image.imageId, [...(copies.get(image.imageId) ?? []), image]);
  return [...copies]
    .map(([id, all]) => ({
      id,
      tags: united(all, ({ repoTags }) => repoTags),
      digests: united(all, ({ repoDigests }) => repoDigests),
      size: Math.max(...all.map(({ size }) => size)),
      createdAt: Math.max(...all.map(({ created }) => created)) * 1000,
      hostNames: all.map(({ hostId }) => hostName(tx, hostId)).sort(),
      users: [...(users.get(id) ?? [])].sort(),
    }))
    .sort((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? -1 : 1));
}

function united(images: readonly ObservedImage[], of: (image: ObservedImage) => readonly string[]): string[] {
  return [...new Set(images.flatMap((image) => [...of(image)]))].sort();
}

/** Names of containers by the ID of their image; each container is looked at once. */
function imageUsers(tx: ReadTx): ReadonlyMap<string, ReadonlySet<string>> {
  const users = new Map<string, Set<string>>();
  for (const { imageId, clusterId, hostId, name } of tx.all('observedContainers')) {
    const own = clusterId === undefined ? undefined : tx.get('containers', clusterId)?.name;
    const shown = own ?? `${hostName(tx, hostId)}/${name}`;
    users.set(imageId, (users.get(imageId) ?? new Set()).add(shown));
  }
  return users;
}
