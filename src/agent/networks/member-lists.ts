import type { Member, Span } from '../../model/span.ts';
import type { MembersChange, Tunnel } from '../../network/index.ts';

/** Makes a change in `members`, which are by ID: of ten thousand that are there no other one is looked at. */
export function changeMembers(members: Map<string, Member>, { whole, put, drop }: MembersChange): void {
  if (whole) members.clear();
  for (const id of drop) members.delete(id);
  for (const member of put) members.set(member.id, member);
}

/** The change as it concerns members on other hosts: one that has come here is none any more. */
export function elsewhere({ whole, put, drop }: MembersChange, hostId: string): MembersChange {
  const here = put.filter((member) => member.hostId === hostId).map(({ id }) => id);
  return { whole, put: put.filter((member) => member.hostId !== hostId), drop: [...drop, ...here] };
}

/** Another host as the packets of containers reach it. */
export type DataPeer = Readonly<{
  /** Its data address. */
  address: string;
  /** It has a probe device. */
  probed: boolean;
  /** Ways on which networks in common go, and bytes of the largest packet on each. */
  tunnels: ReadonlyMap<Tunnel, number>;
}>;

/**
 * By host ID the others on networks that go from data address to data address. A VLAN goes another way: who shares but one
 * with this host need not be reached there at all.
 */
export function dataPeers(
  networks: Iterable<Readonly<{ id: string; span: Span }>>,
  membersOf: (networkId: string) => Iterable<Member>,
  hostId: string,
): Map<string, DataPeer> {
  const peers = new Map<string, { address: string; probed: boolean; tunnels: Map<Tunnel, number> }>();
  for (const { id, span } of networks) {
    const tunnel = tunnelOf(span);
    if (tunnel === undefined) continue;
    const seen = new Set<string>();
    for (const { hostId: other, via, probed = false } of membersOf(id)) {
      if (via === '' || other === hostId || seen.has(other)) continue;
      seen.add(other);
      const { tunnels } = peers.get(other) ?? { tunnels: new Map<Tunnel, number>() };
      tunnels.set(tunnel, Math.max(span.mtu, tunnels.get(tunnel) ?? 0));
      peers.set(other, { address: via, probed, tunnels });
    }
  }
  return peers;
}

/** The way that a network's packets go from host to host; undefined where it is none of VXLAN. */
export function tunnelOf({ vni, encrypted }: Span): Tunnel | undefined {
  if (vni === undefined) return undefined;
  return encrypted === true ? 'encrypted' : 'clear';
}
