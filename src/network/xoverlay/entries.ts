import { VXLAN } from './device-names.ts';

/** What the kernel must know of members on other hosts: to which host frames for a MAC go, and whose an IP is. */
export type Entries = Readonly<{
  /** Host's data address by MAC. */
  forwarding: ReadonlyMap<string, string>;
  /** MAC by IP. */
  neighbours: ReadonlyMap<string, string>;
}>;

export const NO_ENTRIES: Entries = Object.freeze({ forwarding: new Map(), neighbours: new Map() });

/** Lines for `ip -batch -` and `bridge -batch -` in the network's namespace. */
export type EntryLines = Readonly<{ ip: readonly string[]; bridge: readonly string[] }>;

/**
 * From what the kernel has to what it should have. Compared by entry, not by member: where one member takes over the
 * address of another nothing is removed in between.
 * @param bridged the vxlan device is a port of a bridge, which has entries of its own
 */
export function linesBetween(before: Entries, after: Entries, { bridged = true } = {}): EntryLines {
  const tables = bridged ? ['self', 'master'] : ['self'];
  const bridge: string[] = [];
  const ip: string[] = [];
  // One line is two entries: of the vxlan device (to which host), and of the bridge (to the vxlan device; it learns nothing
  // from there, so that a host cannot draw another's frames to itself).
  for (const [mac, via] of after.forwarding)
    if (before.forwarding.get(mac) !== via)
      bridge.push(`fdb replace ${mac} dev ${VXLAN} dst ${via} ${tables.join(' ')} static`);
  for (const mac of before.forwarding.keys())
    if (!after.forwarding.has(mac))
      for (const table of tables) bridge.push(`fdb del ${mac} dev ${VXLAN} ${table}`);
  for (const [address, mac] of after.neighbours)
    if (before.neighbours.get(address) !== mac)
      ip.push(`neigh replace ${address} lladdr ${mac} dev ${VXLAN} nud permanent`);
  for (const address of before.neighbours.keys())
    if (!after.neighbours.has(address)) ip.push(`neigh del ${address} dev ${VXLAN}`);
  return { ip, bridge };
}
