import { hkdfSync } from 'node:crypto';
import type { KeysChange, PeerKeys } from '../../contract/link.ts';
import type { Clock } from '../../kit/clock.ts';

/** A host as keys are made for it. */
export type KeyedHost = Readonly<{ id: string; address: string }>;

export type KeyRing = Readonly<{
  /** See `openDataSecret`. */
  secret: Uint8Array;
  clusterId: string;
  /** How long a key is used, milliseconds. */
  rotationMs: number;
}>;

/** How long a key is used. */
export const KEY_ROTATION_MS = 12 * 3_600_000;
/** How often it is looked whether a rotation is due: what is late by so much is still taken. */
export const KEYS_LOOK_MS = 60_000;
const KEY_BYTES = 36;
const SPI_BYTES = 4;
/** RFC 4303, 2.1: 1 to 255 are reserved. */
const LOWEST_SPI = 256;

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
): PeerKeys[] {
  const epoch = keyEpoch(ring, now);
  return others.map((other) => ({
    hostId: other.id,
    address: other.address,
    own: own.address,
    out: key(ring, own, other, epoch),
    in: [epoch - 1, epoch, epoch + 1].map((one) => key(ring, other, own, one)),
  }));
}

/** AES-GCM must never see a nonce twice under one key: both directions, each pair of addresses and each epoch differ. */
function key({ secret, clusterId }: KeyRing, from: KeyedHost, to: KeyedHost, epoch: number): PeerKeys['out'] {
  const info = JSON.stringify(['berth esp', from.id, from.address, to.id, to.address, epoch]);
  const bytes = Buffer.from(hkdfSync('sha256', secret, clusterId, info, KEY_BYTES + SPI_BYTES));
  const spi = bytes.readUInt32BE(KEY_BYTES);
  return {
    spi: spi < LOWEST_SPI ? spi + LOWEST_SPI : spi,
    key: bytes.subarray(0, KEY_BYTES).toString('hex'),
  };
}

/** What each host has been told of its keys. */
export class DataKeys {
  /** Host to peer to what the keys between them are made of. */
  private readonly told = new Map<string, Map<string, string>>();

  constructor(
    private readonly ring: KeyRing,
    private readonly clock: Pick<Clock, 'now'>,
  ) {}

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
    const after = new Map(others.map(({ id, address }) => [id, `${epoch} ${own.address} ${address}`]));
    if (before === undefined && after.size === 0) return undefined;
    const fresh = others.filter(({ id }) => before?.get(id) !== after.get(id));
    const drop = [...(before?.keys() ?? [])].filter((id) => !after.has(id));
    if (before !== undefined && fresh.length + drop.length === 0) return undefined;
    this.told.set(own.id, after);
    return { whole: before === undefined, put: peerKeys(this.ring, own, fresh, now), drop };
  }
}
