import type { Address } from '../../model/address.ts';
import type { Container } from '../../model/container.ts';
import type { WriteTx } from '../../store/store.ts';

/** Nobody has the address any more: it waits for whom it is reserved for, or for the end of the grace time. */
export function giveBack(tx: WriteTx, address: Address, now: number, formerly?: string): void {
  const { kind, networkId, ip, mac, reservedFor } = address;
  tx.put('addresses', {
    ...{ kind, networkId, ip, mac, holder: { kind: 'none' }, releasedAt: now },
    ...(reservedFor === undefined ? {} : { reservedFor }),
    ...(formerly === undefined ? {} : { formerly }),
  });
}

/**
 * Returns what it had.
 * @param networkId all its networks, if left out
 */
export function giveBackOf(
  tx: WriteTx,
  { id, name }: Pick<Container, 'id' | 'name'>,
  now: number,
  networkId?: string,
): readonly Address[] {
  const had = [...tx.by('addresses', 'container', id)].filter(
    (address) => networkId === undefined || address.networkId === networkId,
  );
  for (const address of had) giveBack(tx, address, now, name);
  return had;
}

/** Takes a container's record away, and gives back what it had: the one way in which records of containers go. */
export function endContainer(tx: WriteTx, id: string, now: number): void {
  const container = tx.get('containers', id);
  if (container !== undefined) giveBackOf(tx, container, now);
  tx.delete('containers', id);
}
