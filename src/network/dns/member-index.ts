import type { Member } from '../../model/span.ts';
import type { MembersChange } from '../driver.ts';
import { isDomainName, reverseName } from './domain-name.ts';

/** A network whose members have names on this host. */
export type NamedNetwork = Readonly<{
  /** The cluster's ID. */
  id: string;
  name: string;
  /** No way out: nothing is asked upstream for members that are on such networks only. */
  internal: boolean;
}>;

type Network = {
  network: NamedNetwork;
  readonly members: Map<string, Member>;
  readonly byName: Map<string, Set<string>>;
  readonly byAddress: Map<string, Set<string>>;
  /** By `…in-addr.arpa` and `…ip6.arpa`. */
  readonly byReverse: Map<string, Set<string>>;
};

/** Members of all networks of a host, found by name and by address; each change costs no more than the members in it. */
export class MemberIndex {
  private readonly networks = new Map<string, Network>();
  private readonly networksOf = new Map<string, Set<string>>();

  change(network: NamedNetwork, { whole, put, drop }: MembersChange): void {
    const found = this.networks.get(network.id) ?? newNetwork(network);
    found.network = network;
    this.networks.set(network.id, found);
    if (whole) {
      const stay = new Set(put.map(({ id }) => id));
      for (const id of [...found.members.keys()]) if (!stay.has(id)) this.take(found, id);
    }
    for (const id of drop) this.take(found, id);
    for (const member of put) {
      this.take(found, member.id);
      this.add(found, member);
    }
  }

  forget(networkId: string): void {
    const found = this.networks.get(networkId);
    if (found === undefined) return;
    for (const id of [...found.members.keys()]) this.take(found, id);
    this.networks.delete(networkId);
  }

  network(networkId: string): NamedNetwork | undefined {
    return this.networks.get(networkId)?.network;
  }

  /** Who has the address in that network; undefined where that is nobody, or more than one, as for a moment in a move. */
  holder(networkId: string, address: string): string | undefined {
    const ids = this.networks.get(networkId)?.byAddress.get(address);
    if (ids?.size !== 1) return undefined;
    const [id] = ids;
    return id;
  }

  /** Networks that it is a member of. */
  networksOfMember(id: string): readonly NamedNetwork[] {
    return [...(this.networksOf.get(id) ?? [])].flatMap((networkId) => {
      const network = this.networks.get(networkId)?.network;
      return network === undefined ? [] : [network];
    });
  }

  /** Members of the network with that name, whether they are up or not. */
  named(networkId: string, name: string): readonly Member[] {
    return this.pick(networkId, 'byName', name);
  }

  /** Members of the network by the reverse name of an address of theirs. */
  reversed(networkId: string, name: string): readonly Member[] {
    return this.pick(networkId, 'byReverse', name);
  }

  private pick(networkId: string, index: 'byName' | 'byReverse', key: string): readonly Member[] {
    const network = this.networks.get(networkId);
    return [...(network?.[index].get(key) ?? [])].flatMap((id) => network?.members.get(id) ?? []);
  }

  private add(network: Network, member: Member): void {
    network.members.set(member.id, member);
    for (const [index, key] of keysOf(member)) link(network[index], key, member.id);
    link(this.networksOf, member.id, network.network.id);
  }

  private take(network: Network, id: string): void {
    const member = network.members.get(id);
    if (member === undefined) return;
    network.members.delete(id);
    for (const [index, key] of keysOf(member)) unlink(network[index], key, id);
    unlink(this.networksOf, id, network.network.id);
  }
}

function newNetwork(network: NamedNetwork): Network {
  return { network, members: new Map(), byName: new Map(), byAddress: new Map(), byReverse: new Map() };
}

type Key = readonly ['byName' | 'byAddress' | 'byReverse', string];

function keysOf({ names, ipv4, ipv6 }: Member): Key[] {
  const keys: Key[] = names
    .map((name) => name.toLowerCase())
    .filter(isDomainName)
    .map((name) => ['byName', name]);
  for (const address of [ipv4, ipv6]) {
    if (address === undefined) continue;
    keys.push(['byAddress', address.toLowerCase()]);
    const reverse = reverseName(address);
    if (reverse !== undefined) keys.push(['byReverse', reverse]);
  }
  return keys;
}

function link(index: Map<string, Set<string>>, key: string, id: string): void {
  const ids = index.get(key);
  if (ids === undefined) index.set(key, new Set([id]));
  else ids.add(id);
}

function unlink(index: Map<string, Set<string>>, key: string, id: string): void {
  const ids = index.get(key);
  ids?.delete(id);
  if (ids?.size === 0) index.delete(key);
}
