import type { Span } from '../../model/span.ts';
import type { Change, ReadTx, Store } from '../../store/store.ts';
import { isSpanning } from '../networks/spanning.ts';
import { type Known, knownOf } from './known-member.ts';
import { memberId } from './member-id.ts';
import { networkOfOrphans, networksOf } from './orphan-members.ts';

/** A network as the hosts on it know it. */
export type BookedNetwork = {
  readonly id: string;
  readonly name: string;
  readonly span: Span;
  readonly members: Map<string, Known>;
  /** Hosts on it, and for how many members each. */
  readonly hosts: Map<string, number>;
};

/** What has changed of a network: its members by ID, and the hosts that have come to it or gone from it. */
export type MemberChanges = {
  readonly ids: Set<string>;
  readonly came: Set<string>;
  readonly left: Set<string>;
};

type BookChanges = Readonly<{
  networks: ReadonlyMap<BookedNetwork, MemberChanges>;
  /** Hosts whose keys are other ones: for another data address, or a kernel that was started anew. */
  rekeyed: ReadonlySet<string>;
}>;

type Mark = (networkId: string, id: string) => void;

/** Who is on which network, as the store says; kept up to date commit by commit, by a look at what each one concerns. */
export class MemberBook {
  private readonly networks = new Map<string, BookedNetwork>();
  /** Member to the networks that it is on; the IDs of containers, and `hostId/endpointId`. */
  private readonly memberships = new Map<string, Set<string>>();

  constructor(private readonly store: Store) {
    const changes = new Map<BookedNetwork, MemberChanges>();
    store.view((tx) => {
      for (const { networkId, holder } of tx.all('addresses')) {
        const id = memberId(holder);
        if (id !== undefined) this.look(tx, networkId, id, changes);
      }
      for (const orphan of tx.all('orphans'))
        for (const networkId of networksOf(orphan)) this.look(tx, networkId, orphan.id, changes);
    });
  }

  /** The networks that a host is on. */
  of(hostId: string): BookedNetwork[] {
    return [...this.networks.values()].filter(({ hosts }) => hosts.has(hostId));
  }

  /** The hosts that have an encrypted network in common with it. */
  peersOf(hostId: string): Set<string> {
    const others = new Set<string>();
    for (const { span, hosts } of this.networks.values())
      if (span.encrypted === true && hosts.has(hostId)) for (const other of hosts.keys()) others.add(other);
    others.delete(hostId);
    return others;
  }

  /** Whether two hosts have an encrypted network in common. */
  shares(hostId: string, other: string): boolean {
    for (const { span, hosts } of this.networks.values())
      if (span.encrypted === true && hosts.has(hostId) && hosts.has(other)) return true;
    return false;
  }

  /** Takes in a commit. */
  take(changes: readonly Change[]): BookChanges {
    const affected = new Map<string, Set<string>>();
    const mark: Mark = (networkId, id) => {
      const ids = affected.get(networkId);
      if (ids === undefined) affected.set(networkId, new Set([id]));
      else ids.add(id);
    };
    const rekeyed = new Set<string>();
    for (const change of changes) {
      this.markAffected(change, mark);
      if (change.table !== 'hosts' && change.table !== 'hostStatus') continue;
      if (change.before?.dataAddress !== change.after?.dataAddress) rekeyed.add(change.key);
      if (change.table === 'hosts' && change.before?.kernelLife !== change.after?.kernelLife)
        rekeyed.add(change.key);
    }
    const networks = new Map<BookedNetwork, MemberChanges>();
    this.store.view((tx) => {
      for (const [networkId, ids] of affected) for (const id of ids) this.look(tx, networkId, id, networks);
    });
    return { networks, rekeyed };
  }

  /** Nobody is on it any more, and everybody has been told. */
  forget({ id, members }: BookedNetwork): void {
    if (members.size === 0) this.networks.delete(id);
  }

  private markAffected(change: Change, mark: Mark): void {
    const known = (id: string | undefined) => {
      if (id !== undefined) for (const networkId of this.memberships.get(id) ?? []) mark(networkId, id);
    };
    switch (change.table) {
      case 'addresses':
        for (const record of [change.before, change.after]) {
          const id = record && memberId(record.holder);
          if (record !== undefined && id !== undefined) mark(record.networkId, id);
        }
        break;
      case 'containers':
        known(change.key);
        break;
      case 'observedContainers':
        known(change.after?.clusterId ?? change.before?.clusterId);
        break;
      case 'orphans':
        for (const orphan of [change.before, change.after])
          if (orphan !== undefined) for (const id of networksOf(orphan)) mark(id, orphan.id);
        break;
      case 'hosts':
        if (
          change.before?.dataAddress !== change.after?.dataAddress ||
          change.before?.probed !== change.after?.probed
        )
          this.markHost(change.key, mark);
        break;
      case 'hostStatus': {
        const { before, after } = change;
        const same =
          before?.dataAddress === after?.dataAddress &&
          before?.reported === after?.reported &&
          (before?.state === 'down') === (after?.state === 'down');
        if (!same) this.markHost(change.key, mark);
      }
    }
  }

  /** All members on a host. */
  private markHost(hostId: string, mark: Mark): void {
    for (const { id, members } of this.of(hostId))
      for (const [key, { member }] of members) if (member.hostId === hostId) mark(id, key);
  }

  /** Brings what is known of one member up to date, and notes in `changes` what that changes. */
  private look(tx: ReadTx, networkId: string, id: string, changes: Map<BookedNetwork, MemberChanges>): void {
    const now = knownOf(tx, networkId, id);
    const network = this.networks.get(networkId) ?? (now && this.begin(tx, networkId));
    if (network === undefined) return;
    const before = network.members.get(id);
    if (before?.text === now?.text && String(before?.hostIds) === String(now?.hostIds)) return;
    const change = changes.get(network) ?? { ids: new Set(), came: new Set(), left: new Set() };
    changes.set(network, change);
    if (before?.text !== now?.text) change.ids.add(id);
    if (now === undefined) {
      network.members.delete(id);
      this.leave(id, networkId);
    } else {
      network.members.set(id, now);
      this.memberships.set(id, (this.memberships.get(id) ?? new Set()).add(networkId));
    }
    // First those who come: a host that stays has never been away.
    for (const hostId of now?.hostIds ?? []) if (count(network.hosts, hostId, 1) === 1) come(change, hostId);
    for (const hostId of before?.hostIds ?? [])
      if (count(network.hosts, hostId, -1) === 0) go(change, hostId);
  }

  private begin(tx: ReadTx, networkId: string): BookedNetwork | undefined {
    const record = tx.get('networks', networkId);
    const found = isSpanning(record) ? record : networkOfOrphans(tx, networkId);
    if (found === undefined) return undefined;
    const { id, name, span } = found;
    const network = { id, name, span, members: new Map(), hosts: new Map() };
    this.networks.set(id, network);
    return network;
  }

  private leave(id: string, networkId: string): void {
    const memberships = this.memberships.get(id);
    memberships?.delete(networkId);
    if (memberships?.size === 0) this.memberships.delete(id);
  }
}

/** A later change of the same network, on top of earlier ones. */
export function addChanges(changes: MemberChanges, { ids, came, left }: MemberChanges): void {
  for (const id of ids) changes.ids.add(id);
  for (const hostId of came) come(changes, hostId);
  for (const hostId of left) go(changes, hostId);
}

function come({ came, left }: MemberChanges, hostId: string): void {
  if (!left.delete(hostId)) came.add(hostId);
}

function go({ came, left }: MemberChanges, hostId: string): void {
  if (!came.delete(hostId)) left.add(hostId);
}

/** @returns for how many members it is there now */
function count(hosts: Map<string, number>, hostId: string, by: 1 | -1): number {
  const now = (hosts.get(hostId) ?? 0) + by;
  if (now === 0) hosts.delete(hostId);
  else hosts.set(hostId, now);
  return now;
}
