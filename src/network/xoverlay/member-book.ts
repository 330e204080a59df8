import type { Member } from '../../model/span.ts';
import type { MembersChange } from '../driver.ts';
import { type Entries, type EntryLines, linesBetween } from './entries.ts';

/**
 * Members of one network, and what the kernel has of them. A change costs what is in it, not what the network has: only
 * the MACs and addresses that it touches are compared. Compared by these, not by member, and with all who have them: where
 * one member takes over the address of another nothing is removed in between.
 */
export class MemberBook {
  private readonly members = new Map<string, Member>();
  /** Members by each MAC and address that they have, the one told last at the end. */
  private readonly holders = new Map<string, Member[]>();
  /** MACs and addresses of which the kernel may have something else. */
  private touched = new Set<string>();
  private forwarding = new Map<string, string>();
  private neighbours = new Map<string, string>();

  constructor(inKernel: Entries) {
    this.found(inKernel);
  }

  /** Whether a member on another host has that MAC. */
  has(mac: string): boolean {
    return this.holders.has(mac);
  }

  tell({ whole, put, drop }: MembersChange): void {
    if (whole) {
      const kept = new Set(put.map(({ id }) => id));
      for (const id of [...this.members.keys()]) if (!kept.has(id)) this.drop(id);
      this.touchAll();
    }
    for (const id of drop) this.drop(id);
    for (const member of put) this.put(member);
  }

  /** What the kernel is to be told. */
  pending(): EntryLines {
    const before = { forwarding: new Map<string, string>(), neighbours: new Map<string, string>() };
    const after = this.wanted();
    for (const key of this.touched) {
      const [via, mac] = [this.forwarding.get(key), this.neighbours.get(key)];
      if (via !== undefined) before.forwarding.set(key, via);
      if (mac !== undefined) before.neighbours.set(key, mac);
    }
    return linesBetween(before, after);
  }

  /** The kernel has taken what was pending; nothing has been told since. */
  done(): void {
    const { forwarding, neighbours } = this.wanted();
    for (const key of this.touched) {
      this.forwarding.delete(key);
      this.neighbours.delete(key);
    }
    for (const [mac, via] of forwarding) this.forwarding.set(mac, via);
    for (const [ip, mac] of neighbours) this.neighbours.set(ip, mac);
    this.touched.clear();
  }

  /** What the kernel has is known anew: all of it is pending that is not as it should be. */
  found({ forwarding, neighbours }: Entries): void {
    this.forwarding = new Map(forwarding);
    this.neighbours = new Map(neighbours);
    this.touchAll();
  }

  private touchAll(): void {
    this.touched = new Set([...this.forwarding.keys(), ...this.neighbours.keys(), ...this.holders.keys()]);
  }

  /** Of what is touched. Of members whose host's address is not known yet there is nothing to say. */
  private wanted(): Entries {
    const forwarding = new Map<string, string>();
    const neighbours = new Map<string, string>();
    for (const key of this.touched) {
      const holder = this.holders.get(key)?.findLast(({ via }) => via !== '');
      if (holder === undefined) continue;
      if (key === holder.mac) forwarding.set(key, holder.via);
      else neighbours.set(key, holder.mac);
    }
    return { forwarding, neighbours };
  }

  private put(member: Member): void {
    const before = this.members.get(member.id);
    // Names and states are no affair of the kernel's.
    if (before !== undefined && sameEntries(before, member)) return;
    this.drop(member.id);
    this.members.set(member.id, member);
    for (const key of keysOf(member)) {
      this.touched.add(key);
      this.holders.set(key, [...(this.holders.get(key) ?? []), member]);
    }
  }

  private drop(id: string): void {
    const member = this.members.get(id);
    if (member === undefined) return;
    this.members.delete(id);
    for (const key of keysOf(member)) {
      this.touched.add(key);
      const others = this.holders.get(key)?.filter((one) => one !== member) ?? [];
      if (others.length === 0) this.holders.delete(key);
      else this.holders.set(key, others);
    }
  }
}

function keysOf({ mac, ipv4, ipv6 }: Member): string[] {
  return [mac, ipv4, ipv6].filter((key) => key !== undefined);
}

function sameEntries(one: Member, other: Member): boolean {
  return one.mac === other.mac && one.via === other.via && one.ipv4 === other.ipv4 && one.ipv6 === other.ipv6;
}
