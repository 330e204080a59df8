import type { Member, Span } from '../../model/span.ts';
import type { MembersChange } from '../../network/index.ts';

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

/**
 * Data addresses by host ID of the others on networks that go from data address to data address. A VLAN goes another way:
 * who shares but one with this host need not be reached there at all.
 */
export function dataPeers(
  networks: Iterable<Readonly<{ id: string; span: Span }>>,
  membersOf: (networkId: string) => Iterable<Member>,
  hostId: string,
): Map<string, string> {
  const peers = new Map<string, string>();
  for (const { id, span } of networks) {
    if (span.vni === undefined) continue;
    for (const member of membersOf(id))
      if (member.via !== '' && member.hostId !== hostId) peers.set(member.hostId, member.via);
  }
  return peers;
}
