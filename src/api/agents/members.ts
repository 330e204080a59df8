import type { ManagerFrame, NetworkMembers as NetworkChange } from '../../contract/link.ts';
import { messageOf } from '../../kit/errors.ts';
import type { Logger } from '../../kit/logger.ts';
import type { Member } from '../../model/span.ts';
import type { ChangeSet, Store } from '../../store/store.ts';
import { type DataKeys, KEYS_LOOK_MS } from './data-keys.ts';
import { keyedHost } from './known-member.ts';
import { addChanges, type BookedNetwork, MemberBook, type MemberChanges } from './member-book.ts';
import { memberFrames } from './member-frames.ts';
import { MemberKeys } from './member-keys.ts';
import { TELL_MS } from './orphan-members.ts';

type MembersFrame = ManagerFrame & { t: 'members' };
type Send = (frame: MembersFrame) => void;

/** Rounds follow each other at least so far apart … */
const PAUSE_MS = 25;
/** … so many times as long as one takes, so that the manager does other things as well, … */
const PAUSE_PER_ROUND = 4;
/** … but no further than this. */
const MAX_PAUSE_MS = 500;

type NetworkMembersDeps = Readonly<{
  store: Store;
  logger: Logger;
  keys: DataKeys;
  /** How long to gather changes after a round that took `ms`, milliseconds. */
  pause?(ms: number): number;
}>;

/**
 * Tells each host who is on the networks that it takes part in: where frames go, and which names lead there. Follows the
 * store, and tells a change at once; those that come right behind it are gathered, and told together in the next round, so
 * that a thousand containers which join do not cost each host a thousand frames. A host takes part while a container that it
 * holds, or one of plain docker there, has an address in the network.
 */
export class NetworkMembers {
  private readonly book: MemberBook;
  private readonly sessions = new Map<string, Send>();
  /** Hosts that keep what they know for the time being, and until when. */
  private readonly sparing = new Map<string, NodeJS.Timeout>();
  /** What is told with the next round. */
  private due = new Map<BookedNetwork, MemberChanges>();
  private pausing: NodeJS.Timeout | undefined;
  private readonly unwatch: () => void;
  private readonly rotation: NodeJS.Timeout;
  private readonly keys: MemberKeys;

  constructor(private readonly deps: NetworkMembersDeps) {
    const { store, keys } = deps;
    this.book = new MemberBook(store);
    this.keys = new MemberKeys({
      keys,
      peersOf: (hostId) => this.book.peersOf(hostId),
      shares: (hostId, other) => this.book.shares(hostId, other),
      keyedHost: (id) => store.view((tx) => keyedHost(tx, id)),
      send: (hostId, change) => this.send([hostId], { t: 'members', networks: [], gone: [], keys: change }),
    });
    this.unwatch = store.watch((set) => this.onChange(set));
    this.rotation = setInterval(() => this.keys.look(this.sessions.keys()), KEYS_LOOK_MS);
    this.rotation.unref();
  }

  close(): void {
    clearInterval(this.rotation);
    clearTimeout(this.pausing);
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
    // First, as in `onChange`.
    this.keys.add(hostId);
    this.keys.tell();
    this.tellAll(hostId);
  }

  detach(hostId: string): void {
    this.sessions.delete(hostId);
    clearTimeout(this.sparing.get(hostId));
    this.sparing.delete(hostId);
    this.keys.forget(hostId);
  }

  /** Tells a host now of the networks that it has come to, as it is about to be given a container there. */
  tellNew(hostId: string): void {
    const networks: NetworkChange[] = [];
    for (const [network, { came }] of this.due) if (came.delete(hostId)) networks.push(whole(network));
    if (networks.length > 0) this.send([hostId], frameOf(networks));
  }

  private tellAll(hostId: string): void {
    this.send([hostId], { t: 'members', networks: this.book.of(hostId).map(whole), gone: [], all: true });
  }

  private onChange({ changes }: ChangeSet): void {
    const { networks, rekeyed } = this.book.take(changes);
    for (const hostId of rekeyed) this.rekey(hostId, this.book.peersOf(hostId));
    for (const [network, change] of networks) {
      if (network.span.encrypted === true) this.keysDue(network, change);
      const so = this.due.get(network);
      if (so === undefined) this.due.set(network, change);
      else addChanges(so, change);
    }
    // First, in a frame of their own: a member that cannot be reached yet is worse than a key that is not needed yet.
    this.keys.tell();
    if (this.pausing === undefined) this.round();
  }

  /** Tells each host in one frame what is due, as it is now. */
  private round(): void {
    this.pausing = undefined;
    if (this.due.size === 0) return;
    const began = performance.now();
    const due = this.due;
    this.due = new Map();
    const frames = new Map<string, MembersFrame>();
    for (const [network, changes] of due) addFrames(frames, network, changes);
    // By frame, as many hosts get the same one.
    const hosts = new Map<MembersFrame, string[]>();
    for (const [hostId, frame] of frames) {
      const so = hosts.get(frame);
      if (so === undefined) hosts.set(frame, [hostId]);
      else so.push(hostId);
    }
    for (const [frame, hostIds] of hosts) this.send(hostIds, frame);
    for (const network of due.keys()) this.book.forget(network);
    const ms = (this.deps.pause ?? pauseAfter)(performance.now() - began);
    if (ms > 0) this.pausing = setTimeout(() => this.round(), ms);
  }

  /** Hosts have come to an encrypted network, or gone from it: they and the others there need other keys. */
  private keysDue({ hosts }: BookedNetwork, { came, left }: MemberChanges): void {
    for (const id of [...came, ...left]) this.rekey(id, [...hosts.keys(), ...left]);
  }

  /** All keys of a host, and with those others. */
  private rekey(hostId: string, others: Iterable<string>): void {
    if (this.sessions.has(hostId)) this.keys.add(hostId);
    for (const other of others) if (this.sessions.has(other)) this.keys.add(other, hostId);
  }

  private send(hostIds: readonly string[], frame: MembersFrame): void {
    const parts = memberFrames(frame);
    for (const hostId of hostIds) {
      const sent = this.sparing.has(hostId) ? parts.map(sparingFrame) : parts;
      try {
        for (const part of sent) this.sessions.get(hostId)?.(part);
      } catch (thrown) {
        this.deps.logger.error({ host: hostId, error: messageOf(thrown) }, 'members not sent');
      }
    }
  }
}

function pauseAfter(roundMs: number): number {
  return Math.min(Math.max(PAUSE_MS, PAUSE_PER_ROUND * roundMs), MAX_PAUSE_MS);
}

/** Adds what each host is to hear of a network: all to those that have come to it, and what has changed to the others. */
function addFrames(
  frames: Map<string, MembersFrame>,
  network: BookedNetwork,
  { ids, came, left }: MemberChanges,
): void {
  const { id, name, span, members, hosts } = network;
  const put: Member[] = [];
  const drop: string[] = [];
  for (const one of ids) {
    const known = members.get(one);
    if (known === undefined) drop.push(one);
    else put.push(known.member);
  }
  // The same objects for all: a thousand hosts are a thousand frames, and no more is made for them.
  const change = frameOf([{ id, name, span, whole: false, put, drop }]);
  const all = came.size === 0 ? change : frameOf([whole(network)]);
  for (const hostId of hosts.keys()) {
    if (came.has(hostId)) addFrame(frames, hostId, all);
    else if (ids.size > 0) addFrame(frames, hostId, change);
  }
  const gone = frameOf([], [id]);
  for (const hostId of left) addFrame(frames, hostId, gone);
}

function addFrame(frames: Map<string, MembersFrame>, hostId: string, frame: MembersFrame): void {
  const so = frames.get(hostId);
  if (so === undefined) frames.set(hostId, frame);
  else {
    const { networks, gone } = frame;
    frames.set(hostId, { ...so, networks: [...so.networks, ...networks], gone: [...so.gone, ...gone] });
  }
}

function frameOf(networks: NetworkChange[], gone: string[] = []): MembersFrame {
  return { t: 'members', networks, gone };
}

/** The frame without what would make the host forget whom it does not name. */
function sparingFrame({ all: _, ...frame }: MembersFrame): MembersFrame {
  return { ...frame, networks: frame.networks.map((one) => ({ ...one, whole: false })), gone: [] };
}

function whole({ id, name, span, members }: BookedNetwork): NetworkChange {
  return { id, name, span, whole: true, put: [...members.values()].map(({ member }) => member), drop: [] };
}
