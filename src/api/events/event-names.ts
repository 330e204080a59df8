import type { EngineEvent } from '../../contract/link.ts';
import { LABEL_ID, userLabels } from '../../model/labels.ts';
import type { Store } from '../../store/store.ts';

/** How many engine IDs are remembered, and how many events to tell a repeat by. */
const MEMORY = 20_000;
/** Nanoseconds beyond which a number has no plain JSON form; no engine's clock gets there. */
const MAX_NANO = 9e18;

/** Gives engines' events the cluster's names: cluster IDs in place of engine IDs, and where it happened. */
export class EventNames {
  /** Engine ID of a container to its cluster ID: events outlive what the store knows of a container. */
  private readonly clusterIds = new Map<string, string>();
  private readonly seen = new Map<string, true>();

  constructor(private readonly store: Store) {}

  /** True where the host has sent this event before: an agent that lost its connection sends some once more. */
  isRepeat(hostId: string, event: EngineEvent): boolean {
    const key = [hostId, event.timeNano, event.Type, event.Action, event.Actor.ID].join(' ');
    if (this.seen.has(key)) return true;
    remember(this.seen, key, true);
    return false;
  }

  /**
   * The event as the cluster's: `node.*` attributes and `from` as classic Swarm writes them (its `cluster/events`),
   * Berth's own labels left out.
   */
  translate(hostId: string, event: EngineEvent): EngineEvent {
    const attributes = event.Actor.Attributes ?? {};
    const engineId = event.Actor.ID;
    const labelled = attributes[LABEL_ID];
    if (event.Type === 'container' && labelled !== undefined) remember(this.clusterIds, engineId, labelled);
    const id =
      event.Type === 'container'
        ? this.containerId(hostId, engineId)
        : event.Type === 'network'
          ? this.networkId(hostId, engineId)
          : engineId;
    const inner = attributes.container;
    const host = this.store.view((tx) => ({
      host: tx.get('hosts', hostId),
      status: tx.get('hostStatus', hostId),
    }));
    const name = host.host?.name ?? hostId;
    const address = host.status?.dataAddress ?? '';
    const timeNano = Math.min(MAX_NANO, Math.max(0, Math.trunc(event.timeNano)));
    return {
      ...event,
      timeNano,
      ...('id' in event ? { id: event.id === engineId ? id : event.id } : {}),
      from: `${typeof event.from === 'string' ? event.from : ''} node:${name}`.trimStart(),
      Actor: {
        ...event.Actor,
        ID: id,
        Attributes: {
          ...userLabels(attributes),
          ...(inner === undefined || event.Type === 'container'
            ? {}
            : { container: this.containerId(hostId, inner) }),
          'node.name': name,
          'node.id': hostId,
          'node.addr': host.status?.address ?? '',
          'node.ip': address,
        },
      },
    };
  }

  private containerId(hostId: string, engineId: string): string {
    const remembered = this.clusterIds.get(engineId);
    if (remembered !== undefined) return remembered;
    const known = this.store.view((tx) => tx.get('observedContainers', `${hostId}/${engineId}`));
    return known?.clusterId ?? engineId;
  }

  private networkId(hostId: string, engineId: string): string {
    const known = this.store.view((tx) => tx.get('observedNetworks', `${hostId}/${engineId}`));
    return known?.labels[LABEL_ID] ?? engineId;
  }
}

/** Puts the newest last and lets the oldest go. */
function remember<V>(map: Map<string, V>, key: string, value: V): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= MEMORY) return;
  for (const oldest of map.keys()) {
    map.delete(oldest);
    break;
  }
}
