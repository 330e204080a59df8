import type { HostPath } from '../model/host.ts';
import { say } from '../model/said/index.ts';
import type { ReadTx } from '../store/store.ts';

/** How many hosts are named before "and n more". */
const NAMED = 3;

export type DataPath = HostPath & Readonly<{ hostId: string; name: string; address: string }>;

/** What a host has told of its data paths to hosts with which it shares a network; sorted by name. */
export function dataPaths(
  tx: ReadTx,
  hostId: string,
  networksOf: HostNetworks = hostNetworks(tx),
): readonly DataPath[] {
  const told = tx.get('hostPaths', hostId);
  if (told === undefined) return [];
  const own = networksOf(hostId);
  return Object.entries(told.paths)
    .flatMap(([other, path]) => {
      const host = tx.get('hosts', other);
      // What was told before they parted says nothing any more.
      if (host === undefined || ![...networksOf(other)].some((id) => own.has(id))) return [];
      const address = tx.get('hostStatus', other)?.dataAddress ?? '';
      return [{ ...path, hostId: other, name: host.name, address }];
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Those of a host on which nothing comes through; hosts that are down are left out, as that is no mystery. */
export function brokenPaths(tx: ReadTx, hostId: string, paths: readonly DataPath[]): readonly DataPath[] {
  const isDown = (id: string) => tx.get('hostStatus', id)?.state === 'down';
  if (paths.length === 0 || isDown(hostId)) return [];
  return paths.filter(({ ms, hostId: other }) => ms === null && !isDown(other));
}

/** To which hosts the paths are broken on which containers speak with each other, and how, a sentence each. */
export function brokenTexts(broken: readonly DataPath[]): readonly string[] {
  const texts = broken.slice(0, NAMED).map(({ name, address, since, reason }) => {
    const time = new Date(since).toISOString().slice(11, 16);
    return say('hosts.path', { name, address, time, why: reason || say('hosts.path.silent') });
  });
  return broken.length > NAMED ? [...texts, say('hosts.paths', { n: broken.length - NAMED })] : texts;
}

/** IDs of the networks on which a host has somebody. */
export type HostNetworks = (hostId: string) => ReadonlySet<string>;

/** For one request: each host is looked at once, however many others have told of it. */
export function hostNetworks(tx: ReadTx): HostNetworks {
  const known = new Map<string, ReadonlySet<string>>();
  return (hostId) => {
    const found = known.get(hostId) ?? networksOf(tx, hostId);
    known.set(hostId, found);
    return found;
  };
}

function networksOf(tx: ReadTx, hostId: string): Set<string> {
  const ids = new Set<string>();
  for (const { networkId } of tx.by('addresses', 'host', hostId)) ids.add(networkId);
  for (const { id } of tx.by('containers', 'host', hostId))
    for (const { networkId } of tx.by('addresses', 'container', id)) ids.add(networkId);
  return ids;
}
