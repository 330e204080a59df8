import type { Container, ObservedContainer } from '../model/container.ts';
import type { ReadTx } from './store.ts';

/** What is seen of the cluster's container of that ID on a host; undefined where no agent has reported it there. */
export function seenOn(tx: ReadTx, id: string, hostId: string): ObservedContainer | undefined {
  for (const seen of tx.by('observedContainers', 'clusterId', id)) if (seen.hostId === hostId) return seen;
  return undefined;
}

/** What is seen of a record's container on the host that it is assigned to. */
export function seenOf(tx: ReadTx, { id, assigned }: Pick<Container, 'id' | 'assigned'>) {
  return seenOn(tx, id, assigned.hostId);
}
