import type { HostPath } from '../model/host.ts';
import type { ReadTx } from '../store/store.ts';

/** How many hosts are named before "and n more". */
const NAMED = 3;

type Path = HostPath & Readonly<{ hostId: string; name: string; address: string }>;

/** What a host has told of its data paths to hosts with which it shares a network; sorted by name. */
export function dataPaths(tx: ReadTx, hostId: string): readonly Path[] {
  const told = tx.get('hostPaths', hostId);
  if (told === undefined) return [];
  const own = networksOf(tx, hostId);
  return Object.entries(told.paths)
    .flatMap(([other, path]) => {
      const host = tx.get('hosts', other);
      // What was told before they parted says nothing any more.
      if (host === undefined || ![...networksOf(tx, other)].some((id) => own.has(id))) return [];
      const address = tx.get('hostStatus', other)?.dataAddress ?? '';
      return [{ ...path, hostId: other, name: host.name, address }];
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * Which hosts it cannot reach where containers speak with each other, a sentence each; hosts that are down are left out, as
 * that is no mystery.
 */
export function brokenPaths(tx: ReadTx, hostId: string): readonly string[] {
  if (tx.get('hostPaths', hostId) === undefined || tx.get('hostStatus', hostId)?.state === 'down') return [];
  const broken = dataPaths(tx, hostId).filter(
    ({ ms, hostId: other }) => ms === null && tx.get('hostStatus', other)?.state !== 'down',
  );
  const texts = broken.slice(0, NAMED).map(({ name, address, since, reason }) => {
    const time = new Date(since).toISOString().slice(11, 16);
    return `cannot reach the data address of ${name} (${address}) since ${time} UTC: ${reason || 'no answer'}`;
  });
  return broken.length > NAMED ? [...texts, `nor those of ${broken.length - NAMED} more hosts`] : texts;
}

/** IDs of the networks on which the host has somebody. */
function networksOf(tx: ReadTx, hostId: string): Set<string> {
  const ids = new Set<string>();
  for (const { networkId } of tx.by('addresses', 'host', hostId)) ids.add(networkId);
  for (const { id } of tx.by('containers', 'host', hostId))
    for (const { networkId } of tx.by('addresses', 'container', id)) ids.add(networkId);
  return ids;
}
