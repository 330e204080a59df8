/** A container that is to move, and what it is a replica of. */
export type Batched = Readonly<{ id: string; service: string | undefined; round: number }>;

/**
 * Containers that may be between two hosts at the same time: one of each service, and so many altogether. Who must be with
 * another container comes in a batch after it. A service loses
 * no more of itself at once than the failure of one container would take.
 */
export function batchesOf<T extends Batched>(
  containers: readonly T[],
  most: number,
): readonly (readonly T[])[] {
  const batches: T[][] = [];
  let left = containers;
  while (left.length > 0) {
    const services = new Set<string>();
    // Who is followed goes first, wherever in the list it stands.
    const round = Math.min(...left.map((one) => one.round));
    const batch: T[] = [];
    const later: T[] = [];
    for (const one of left) {
      const taken = one.service !== undefined && services.has(one.service);
      if (taken || batch.length >= most || one.round !== round) {
        later.push(one);
        continue;
      }
      if (one.service !== undefined) services.add(one.service);
      batch.push(one);
    }
    batches.push(batch);
    left = later;
  }
  return batches;
}
