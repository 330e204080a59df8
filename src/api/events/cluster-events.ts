import type { EngineEvent } from '../../contract/link.ts';

/** An engine's event with the cluster's names: IDs of Berth's containers are cluster IDs, `node.*` attributes added. */
export type ClusterEvent = EngineEvent;

export interface ClusterEvents {
  /** Adds what a host's agent sent. */
  add(hostId: string, events: readonly EngineEvent[]): void;
  /**
   * Events of all hosts in order of `timeNano`, from those kept (the newest 20,000), then live.
   * @param since nanoseconds since the epoch, undefined for live only
   */
  subscribe(since: bigint | undefined, listener: (event: ClusterEvent) => void): () => void;
}
