import type { KeysChange } from '../../contract/link.ts';
import type { DataKeys } from './data-keys.ts';
import type { KeyedHost } from './derived-keys.ts';

type MemberKeysDeps = Readonly<{
  keys: DataKeys;
  /** Hosts that have an encrypted network in common with it. */
  peersOf(hostId: string): ReadonlySet<string>;
  shares(hostId: string, other: string): boolean;
  /** Its data address is empty where it is not known. */
  keyedHost(hostId: string): KeyedHost;
  send(hostId: string, keys: KeysChange): void;
}>;

/** Peers that are told in one turn of the event loop, in all: each is some 0.1 ms, and heartbeats must not wait. */
const PEERS_AT_ONCE = 1000;

/**
 * Tells hosts the keys of their pairs: those that a change concerns at once, as far as it is a matter of milliseconds, and
 * everything else a few hosts at a time.
 */
export class MemberKeys {
  /** Who is to be told of which peers. */
  private readonly due = new Map<string, Set<string> | 'all'>();
  /** After these, as the keys of before are still taken for long. */
  private readonly rotating = new Set<string>();
  private epoch: number;
  private room = PEERS_AT_ONCE;
  private turn: NodeJS.Immediate | undefined;

  constructor(private readonly deps: MemberKeysDeps) {
    this.epoch = deps.keys.epoch();
  }

  close(): void {
    clearImmediate(this.turn);
  }

  /** The host is to be told everything, or of one peer, with which it has come to share a network, or does no more. */
  add(hostId: string, peer: string | 'all' = 'all'): void {
    const known = this.due.get(hostId);
    if (known === 'all') return;
    if (peer === 'all') this.due.set(hostId, 'all');
    else if (peer !== hostId) this.due.set(hostId, (known ?? new Set()).add(peer));
  }

  /** It has no connection any more. */
  forget(hostId: string): void {
    this.due.delete(hostId);
    this.rotating.delete(hostId);
    this.deps.keys.forget(hostId);
  }

  /** A rotation may be due. */
  look(hostIds: Iterable<string>): void {
    const epoch = this.deps.keys.epoch();
    if (epoch === this.epoch) return;
    this.epoch = epoch;
    for (const hostId of hostIds) this.rotating.add(hostId);
    this.tell();
  }

  /** Tells what is due: now as far as there is room, the rest in turns. */
  tell(): void {
    for (const [hostId, peers] of this.due) {
      if (this.room <= 0) break;
      this.due.delete(hostId);
      this.tellHost(hostId, peers);
    }
    for (const hostId of this.rotating) {
      if (this.room <= 0) break;
      this.rotating.delete(hostId);
      this.tellHost(hostId, 'all');
    }
    if (this.room === PEERS_AT_ONCE) return;
    this.turn ??= setImmediate(() => {
      this.turn = undefined;
      this.room = PEERS_AT_ONCE;
      this.tell();
    });
  }

  private tellHost(hostId: string, peers: ReadonlySet<string> | 'all'): void {
    const change =
      peers === 'all' || !this.deps.keys.knows(hostId) ? this.whole(hostId) : this.part(hostId, peers);
    this.room -= 1 + (change?.put.length ?? 0);
    if (change !== undefined) this.deps.send(hostId, change);
  }

  private whole(hostId: string): KeysChange | undefined {
    const { keys, peersOf, keyedHost } = this.deps;
    const own = keyedHost(hostId);
    const others = own.address === '' ? [] : [...peersOf(hostId)].map((id) => keyedHost(id));
    return keys.changes(
      own,
      others.filter(({ address }) => address !== ''),
    );
  }

  private part(hostId: string, peers: ReadonlySet<string>): KeysChange | undefined {
    const { keys, shares, keyedHost } = this.deps;
    const own = keyedHost(hostId);
    const put: KeyedHost[] = [];
    const drop: string[] = [];
    for (const id of peers) {
      const other = keyedHost(id);
      if (own.address === '' || other.address === '' || !shares(hostId, id)) drop.push(id);
      else put.push(other);
    }
    return keys.update(own, put, drop);
  }
}
