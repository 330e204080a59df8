import type { ObservedContainer } from '../model/container.ts';
import type { Orphan } from '../model/life.ts';
import type { ReadTx } from '../store/store.ts';

/** The orphan that this container is, if it is one. */
export function orphanOf(
  tx: ReadTx,
  { hostId, clusterId }: Pick<ObservedContainer, 'hostId' | 'clusterId'>,
): Orphan | undefined {
  // There are hardly ever any, and lists of a hundred thousand containers ask for each.
  if (clusterId === undefined || tx.count('orphans') === 0) return undefined;
  return tx.get('orphans', `${hostId}/${clusterId}`);
}

/** True for what Berth did not make, and for what a state that was put back does not know: shown and left alone. */
export function isUnmanaged(tx: ReadTx, seen: Pick<ObservedContainer, 'hostId' | 'clusterId'>): boolean {
  return seen.clusterId === undefined || orphanOf(tx, seen) !== undefined;
}

/** Everything for which `isUnmanaged` holds. */
export function* unmanaged(tx: ReadTx): Iterable<ObservedContainer> {
  yield* tx.by('observedContainers', 'foreign', 'yes');
  for (const { id, hostId } of tx.all('orphans'))
    for (const seen of tx.by('observedContainers', 'clusterId', id)) if (seen.hostId === hostId) yield seen;
}
