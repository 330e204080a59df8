import type { KeysChange, PeerKeys } from '../../contract/link.ts';
import type { Clock } from '../../kit/clock.ts';
import {
  type DeriveKey,
  deriveKey,
  identityOf,
  type KeyedHost,
  type KeyRing,
  keptKeys,
} from './derived-keys.ts';

/** How long a key is used. */
export const KEY_ROTATION_MS = 12 * 3_600_000;
/** How often it is looked whether a rotation is due: what is late by so much is still taken. */
export const KEYS_LOOK_MS = 60_000;

/** Which keys are in use at that time (milliseconds since the epoch): it counts up with each rotation. */
export function keyEpoch({ rotationMs }: Pick<KeyRing, 'rotationMs'>, now: number): number {
  return Math.floor(now / rotationMs);
}

/**
 * The keys that a host needs for encrypted traffic with others. Each direction between two hosts has its own, derived from
 * the secret (HKDF, RFC 5869), so there is nothing to store, and a host knows no keys but its own pairs'. It sends with the
 * key of now, and takes those of the rotation before and after as well: neither a message on its way nor a manager that is
 * away for up to one rotation loses a packet.
 */
export function peerKeys(
  ring: KeyRing,
  own: KeyedHost,
  others: readonly KeyedHost[],
  now: number,
  key: DeriveKey = deriveKey(ring),
): PeerKeys[] {
  const epoch = keyEpoch(ring, now);
  return others.map((other) => ({
    hostId: other.id,
    address: other.address,
    own: own.address,
    out: key(own, other, epoch),
    in: [epoch - 1, epoch, epoch + 1].map((one) => key(other, own, one)),
  }));
}

/** What each host has been told of its keys. */
export class DataKeys {
  /** Host to peer to what the keys between them are made of. */
  private readonly told = new Map<string, Map<string, string>>();

  private readonly key: DeriveKey;

  constructor(
    private readonly ring: KeyRing,
    private readonly clock: Pick<Clock, 'now'>,
    derive: DeriveKey = deriveKey(ring),
  ) {
    this.key = keptKeys(derive);
  }

  /** Of now. */
  epoch(): number {
    return keyEpoch(this.ring, this.clock.now());
  }

  /** Whether it has been told anything since it was forgotten. */
  knows(hostId: string): boolean {
    return this.told.has(hostId);
  }

  /** The host has a new connection, or none any more: it is told everything the next time. */
  forget(hostId: string): void {
    this.told.delete(hostId);
  }

  /**
   * What has changed for a host since it was asked for last, now that it has encrypted networks in common with these others;
   * undefined where nothing has.
   */
  changes(own: KeyedHost, others: readonly KeyedHost[]): KeysChange | undefined {
    const now = this.clock.now();
    const epoch = keyEpoch(this.ring, now);
    const before = this.told.get(own.id);
    const after = new Map(others.map((other) => [other.id, textOf(epoch, own, other)]));
    if (before === undefined && after.size === 0) return undefined;
    const fresh = others.filter(({ id }) => before?.get(id) !== after.get(id));
    const drop = [...(before?.keys() ?? [])].filter((id) => !after.has(id));
    if (before !== undefined && fresh.length + drop.length === 0) return undefined;
    this.told.set(own.id, after);
    return { whole: before === undefined, put: this.keys(own, fresh, now), drop };
  }

  /** As `changes`, where nothing can have changed but these peers: of such, and of such no more. */
  update(own: KeyedHost, put: readonly KeyedHost[], drop: readonly string[]): KeysChange | undefined {
    const told = this.told.get(own.id);
    if (told === undefined) return this.changes(own, put);
    const now = this.clock.now();
    const epoch = keyEpoch(this.ring, now);
    const fresh = put.filter((other) => told.get(other.id) !== textOf(epoch, own, other));
    const gone = drop.filter((id) => told.delete(id));
    for (const other of fresh) told.set(other.id, textOf(epoch, own, other));
    if (fresh.length + gone.length === 0) return undefined;
    return { whole: false, put: this.keys(own, fresh, now), drop: gone };
  }

  private keys(own: KeyedHost, others: readonly KeyedHost[], now: number): PeerKeys[] {
    return peerKeys(this.ring, own, others, now, this.key);
  }
}

/** What the keys of a pair are made of. */
function textOf(epoch: number, own: KeyedHost, other: KeyedHost): string {
  return [epoch, ...identityOf(own), ...identityOf(other)].join(' ');
}
