import type { Store } from '../../../store/store.ts';

/**
 * Puts cluster IDs in place of engine IDs of containers in an engine's text, such as "container 0123456789ab is using
 * its referenced image": short and long ones.
 */
export function rewriteContainerIds(store: Store, hostId: string): (text: string) => string {
  return (text) =>
    text.replace(/\b[0-9a-f]{12,64}\b/g, (id) =>
      store.view((tx) => {
        for (const seen of tx.by('observedContainers', 'host', hostId)) {
          if (seen.clusterId !== undefined && seen.engineId.startsWith(id))
            return seen.clusterId.slice(0, id.length);
        }
        return id;
      }),
    );
}
