import type { ManagerFrame, NetworkMembers as NetworkChange } from '../../contract/link.ts';
import { messageOf } from '../../kit/errors.ts';
import type { Logger } from '../../kit/logger.ts';
import { normalIp } from '../../model/ip.ts';
import type { Member, Span } from '../../model/span.ts';
import type { Change, ChangeSet, ReadTx, Store } from '../../store/store.ts';
import { endpointIn, isSpanning } from '../networks/spanning.ts';
import { holdersOf } from './assignment-of.ts';
import { type DataKeys, KEYS_LOOK_MS } from './data-keys.ts';
import { memberFrames } from './member-frames.ts';
import { memberId } from './member-id.ts';
import { MemberKeys } from './member-keys.ts';
import { type MemberParts, memberOf } from './member-of.ts';
import { networkOfOrphans, networksOf, orphanEndpoint, TELL_MS } from './orphan-members.ts';

type MembersFrame = ManagerFrame & { t: 'members' };
type Send = (frame: MembersFrame) => void;

/** A member, and the hosts that are on the network for its sake. */
type Known = Readonly<{ member: Member; text: string; hostIds: readonly string[] }>;

/** A network as the hosts on it know it. */
type Told = {
  readonly id: string;
  readonly name: string;
  readonly span: Span;
  readonly members: Map<string, Known>;
  /** Hosts on it, and for how many members each. */
  readonly hosts: Map<string, number>;
};

/** What one commit has changed of a network. */
type Delta = { readonly put: Member[]; readonly drop: string[]; readonly hostsBefore: ReadonlySet<string> };

/**
 * Tells each host who is on the networks that it takes part in: where frames go, and which names lead there. Follows the
 * store, works out what a commit has changed, and sends each host that in one frame. A host takes part while a container
 * that it holds, or one of plain docker there, has an address in the network.
 */
export class NetworkMembers {
  private readonly networks = new Map<string, Told>();
  /** Member to the networks that it is on; the IDs of containers, and `hostId/endpointId`. */
  private readonly memberships = new Map<string, Set<string>>();
  private readonly sessions = new Map<string, Send>();
  /** Hosts that keep what they know for the time being, and until when. */
  private readonly sparing = new Map<string, NodeJS.Timeout>();
  private readonly unwatch: () => void;
  private readonly rotation: NodeJS.Timeout;
  private readonly keys: MemberKeys;

  constructor(private readonly deps: Readonly<{ store: Store; logger: Logger; keys: DataKeys }>) {
    const { store, keys } = deps;
    this.keys = new MemberKeys({
      keys,
      peersOf: (hostId) => this.peersOf(hostId),
      shares: (hostId, other) => this.shares(hostId, other),
      addressOf: (hostId) => store.view((tx) => hostOf(tx, hostId).via),
      send: (hostId, change) => this.send(hostId, { t: 'members', networks: [], gone: [], keys: change }),
    });
    store.view((tx) => {
      for (const { networkId, holder } of tx.all('addresses')) {
        const id = memberId(holder);
        if (id !== undefined) this.look(tx, networkId, id, new Map());
      }
      for (const orphan of tx.all('orphans'))
        for (const networkId of networksOf(orphan)) this.look(tx, networkId, orphan.id, new Map());
    });
    this.unwatch = store.watch((set) => this.onChange(set));
    this.rotation = setInterval(() => this.keys.look(this.sessions.keys()), KEYS_LOOK_MS);
    this.rotation.unref();
  }

  close(): void {
    clearInterval(this.rotation);
    this.keys.close();
    for (const timer of this.sparing.values()) clearTimeout(timer);
    this.unwatch();
  }

  /**
   * A host has connected: from now on it hears of everything, beginning with all that there is. After a backup was put back
   * (`restored`) that is not all: hosts have yet to tell their orphans, and nobody is to lose sight of these until then.
   */
  attach(hostId: string, send: Send, { restored = false } = {}): void {
    this.sessions.set(hostId, send);
    clearTimeout(this.sparing.get(hostId));
    this.sparing.delete(hostId);
    if (restored) {
      const timer = setTimeout(() => {
        this.sparing.delete(hostId);
        this.tellAll(hostId);
      }, TELL_MS);
      timer.unref();
      this.sparing.set(hostId, timer);
    }
    this.keys.forget(hostId);
    // First, as in `tell`.
    this.keys.add(hostId);
    this.keys.tell();
    this.tellAll(hostId);
  }

  private tellAll(hostId: string): void {
    const own = [...this.networks.values()].filter(({ hosts }) => hosts.has(hostId));
    this.send(hostId, {
      t: 'members',
      networks: own.map(whole),
      gone: [],
      all: true,
    });
  }

  detach(hostId: string): void {
    this.sessions.delete(hostId);
    clearTimeout(this.sparing.get(hostId));
    this.sparing.delete(hostId);
    this.keys.forget(hostId);
  }

  private onChange({ changes }: ChangeSet): void {
    const affected = new Map<string, Set<string>>();
    const mark = (networkId: string, id: string) => {
      const ids = affected.get(networkId);
      if (ids === undefined) affected.set(networkId, new Set([id]));
      else ids.add(id);
    };
    for (const change of changes) this.markAffected(change, mark);
    const deltas = new Map<string, Delta>();
    this.deps.store.view((tx) => {
      for (const [networkId, ids] of affected) for (const id of ids) this.look(tx, networkId, id, deltas);
    });
    this.tell(deltas);
  }

  private markAffected(change: Change, mark: (networkId: string, id: string) => void): void {
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
        if (change.before?.dataAddress !== change.after?.dataAddress) {
          this.markHost(change.key, mark);
          this.rekey(change.key, this.peersOf(change.key));
        }
        break;
      case 'hostStatus': {
        const { before, after } = change;
        const same =
          before?.dataAddress === after?.dataAddress &&
          before?.reported === after?.reported &&
          (before?.state === 'down') === (after?.state === 'down');
        if (!same) this.markHost(change.key, mark);
        if (before?.dataAddress !== after?.dataAddress) this.rekey(change.key, this.peersOf(change.key));
      }
    }
  }

  /** All members on a host. */
  private markHost(hostId: string, mark: (networkId: string, id: string) => void): void {
    for (const { id, hosts, members } of this.networks.values()) {
      if (!hosts.has(hostId)) continue;
      for (const [key, { member }] of members) if (member.hostId === hostId) mark(id, key);
    }
  }

  /** Brings what is known of one member up to date, and notes in `deltas` what that changes. */
  private look(tx: ReadTx, networkId: string, id: string, deltas: Map<string, Delta>): void {
    const now = knownOf(tx, networkId, id);
    const network = this.networks.get(networkId) ?? (now && this.begin(tx, networkId));
    if (network === undefined) return;
    const before = network.members.get(id);
    const sameHosts = String(before?.hostIds) === String(now?.hostIds);
    if (before?.text === now?.text && sameHosts) return;
    let delta = deltas.get(networkId);
    if (delta === undefined) {
      delta = { put: [], drop: [], hostsBefore: new Set(network.hosts.keys()) };
      deltas.set(networkId, delta);
    }
    for (const hostId of before?.hostIds ?? []) count(network.hosts, hostId, -1);
    for (const hostId of now?.hostIds ?? []) count(network.hosts, hostId, 1);
    if (now === undefined) {
      network.members.delete(id);
      this.leave(id, networkId);
      delta.drop.push(id);
    } else {
      network.members.set(id, now);
      this.memberships.set(id, (this.memberships.get(id) ?? new Set()).add(networkId));
      if (before?.text !== now.text) delta.put.push(now.member);
    }
  }

  private begin(tx: ReadTx, networkId: string): Told | undefined {
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

  /** One frame for each host that is concerned. */
  private tell(deltas: ReadonlyMap<string, Delta>): void {
    const frames = new Map<string, { networks: NetworkChange[]; gone: string[] }>();
    const frame = (hostId: string) => {
      const found = frames.get(hostId) ?? { networks: [], gone: [] };
      if (!this.sessions.has(hostId)) return found;
      frames.set(hostId, found);
      return found;
    };
    for (const [networkId, { put, drop, hostsBefore }] of deltas) {
      const network = this.networks.get(networkId);
      if (network === undefined) continue;
      const { id, name, span, hosts } = network;
      if (span.encrypted === true) this.keysDue(hostsBefore, hosts);
      // The same objects for all: a thousand hosts are a thousand frames, and no more is made for them.
      const change = { id, name, span, whole: false, put, drop };
      let all: NetworkChange | undefined;
      for (const hostId of hosts.keys()) {
        if (!hostsBefore.has(hostId)) {
          all ??= whole(network);
          frame(hostId).networks.push(all);
        } else if (put.length + drop.length > 0) frame(hostId).networks.push(change);
      }
      for (const hostId of hostsBefore) if (!hosts.has(hostId)) frame(hostId).gone.push(id);
      if (network.members.size === 0) this.networks.delete(id);
    }
    // First, in a frame of their own: a member that cannot be reached yet is worse than a key that is not needed yet.
    this.keys.tell();
    for (const [hostId, { networks, gone }] of frames) this.send(hostId, { t: 'members', networks, gone });
  }

  /** The hosts that have an encrypted network in common with it. */
  private peersOf(hostId: string): Set<string> {
    const others = new Set<string>();
    for (const { span, hosts } of this.networks.values())
      if (span.encrypted === true && hosts.has(hostId)) for (const other of hosts.keys()) others.add(other);
    others.delete(hostId);
    return others;
  }

  private shares(hostId: string, other: string): boolean {
    for (const { span, hosts } of this.networks.values())
      if (span.encrypted === true && hosts.has(hostId) && hosts.has(other)) return true;
    return false;
  }

  /** Hosts have come to an encrypted network, or gone from it: they and the others there need other keys. */
  private keysDue(before: ReadonlySet<string>, hosts: ReadonlyMap<string, number>): void {
    const changed = [
      ...[...before].filter((id) => !hosts.has(id)),
      ...[...hosts.keys()].filter((id) => !before.has(id)),
    ];
    for (const id of changed) this.rekey(id, [...before, ...hosts.keys()]);
  }

  /** All keys of a host, and with those others. */
  private rekey(hostId: string, others: Iterable<string>): void {
    if (this.sessions.has(hostId)) this.keys.add(hostId);
    for (const other of others) if (this.sessions.has(other)) this.keys.add(other, hostId);
  }

  private send(hostId: string, frame: MembersFrame): void {
    try {
      const send = this.sessions.get(hostId);
      if (send === undefined) return;
      const spared = this.sparing.has(hostId) ? sparingFrame(frame) : frame;
      for (const part of memberFrames(spared)) send(part);
    } catch (thrown) {
      this.deps.logger.error({ host: hostId, error: messageOf(thrown) }, 'members not sent');
    }
  }
}

/** The frame without what would make the host forget whom it does not name. */
function sparingFrame({ all: _, ...frame }: MembersFrame): MembersFrame {
  return { ...frame, networks: frame.networks.map((one) => ({ ...one, whole: false })), gone: [] };
}

function whole({ id, name, span, members }: Told): NetworkChange {
  return { id, name, span, whole: true, put: [...members.values()].map(({ member }) => member), drop: [] };
}

/** What the store says of a member now; undefined where it is none. */
function knownOf(tx: ReadTx, networkId: string, id: string): Known | undefined {
  const found = id.includes('/')
    ? plainMember(tx, networkId, id)
    : (containerMember(tx, networkId, id) ?? orphanMember(tx, networkId, id));
  return found && { ...found, text: JSON.stringify(found.member) };
}

/** A container that a state which was put back does not know, as its host holds it. */
function orphanMember(tx: ReadTx, networkId: string, id: string): Omit<Known, 'text'> | undefined {
  for (const orphan of tx.by('orphans', 'id', id)) {
    const { name, hostId, held } = orphan;
    const endpoint = orphanEndpoint(tx, networkId, orphan);
    if (endpoint === undefined || held === undefined) continue;
    const seen = [...tx.by('observedContainers', 'clusterId', id)].find((one) => one.hostId === hostId);
    const container = { id, name, desired: held.desired, assigned: { hostId } };
    const member = memberOf({ networkId, container, endpoint, ...hostOf(tx, hostId), seen });
    return { member, hostIds: [hostId] };
  }
  return undefined;
}

function containerMember(tx: ReadTx, networkId: string, id: string): Omit<Known, 'text'> | undefined {
  const container = tx.get('containers', id);
  const endpoint = container && endpointIn(tx, id, networkId);
  if (container === undefined || endpoint === undefined) return undefined;
  const { hostId } = container.assigned;
  const seen = [...tx.by('observedContainers', 'clusterId', id)].find((one) => one.hostId === hostId);
  const member = memberOf({ networkId, container, endpoint, ...hostOf(tx, hostId), seen });
  return { member, hostIds: holdersOf(container) };
}

/** One of plain docker on a host: its engine has it for as long as it runs. */
function plainMember(tx: ReadTx, networkId: string, id: string): Omit<Known, 'text'> | undefined {
  const [hostId = '', endpointId = ''] = id.split('/');
  let member: Member | undefined;
  for (const { networkId: own, ip, mac, holder } of tx.by('addresses', 'host', hostId)) {
    if (own !== networkId || holder.kind !== 'endpoint' || holder.endpointId !== endpointId) continue;
    const { via, hostUp } = hostOf(tx, hostId);
    const names = holder.name === undefined ? [] : [holder.name.toLowerCase()];
    const address = ip.includes(':') ? { ipv6: ip } : { ipv4: ip };
    member = { ...member, ...address, mac, id, hostId, via, names, up: hostUp };
  }
  return member && { member, hostIds: [hostId] };
}

type HostParts = Pick<MemberParts, 'via' | 'hostUp' | 'hostReported'>;

/**
 * Where a host is and how it is. One that has not been heard since the manager started is where it was last, and not down
 * until it has been silent for long: its containers run on, and others speak with them.
 */
function hostOf(tx: ReadTx, hostId: string): HostParts {
  const host = tx.get('hosts', hostId);
  const status = tx.get('hostStatus', hostId);
  return {
    // What a host says goes into the others' lines for `ip` and `bridge`.
    via: normalIp(status?.dataAddress || host?.dataAddress || '') ?? '',
    hostUp: host !== undefined && status?.state !== 'down',
    hostReported: status?.reported === true,
  };
}

function count(hosts: Map<string, number>, hostId: string, by: 1 | -1): void {
  const now = (hosts.get(hostId) ?? 0) + by;
  if (now === 0) hosts.delete(hostId);
  else hosts.set(hostId, now);
}
