import { hkdfSync } from 'node:crypto';
import type { PeerKeys } from '../../contract/link.ts';

/** A host as keys are made for it; `life`: as in `HostNetworking.kernelLife`. */
export type KeyedHost = Readonly<{ id: string; address: string; life?: string }>;

export type KeyRing = Readonly<{
  /** See `openDataSecret`. */
  secret: Uint8Array;
  clusterId: string;
  /** How long a key is used, milliseconds. */
  rotationMs: number;
}>;

/** A key of one direction between two hosts, in one epoch. */
export type DeriveKey = (from: KeyedHost, to: KeyedHost, epoch: number) => PeerKeys['out'];

const KEY_BYTES = 36;
const SPI_BYTES = 4;
/** RFC 4303, 2.1: 1 to 255 are reserved. */
const LOWEST_SPI = 256;
/** Some 40 MB: all that 290 hosts need among each other. */
const KEPT = 250_000;
/** A host is told of the epochs before and after its own as well; another one may be one behind. */
const EPOCHS = 4;

/** All that makes a host's keys other ones. */
export const identityOf = ({ id, address, life }: KeyedHost): readonly string[] =>
  life === undefined ? [id, address] : [id, address, life];

/**
 * HKDF (RFC 5869). AES-GCM must never see a nonce twice under one key: direction, pair, addresses, lives of both kernels and
 * epoch differ.
 */
export function deriveKey({ secret, clusterId }: Omit<KeyRing, 'rotationMs'>): DeriveKey {
  return (from, to, epoch) => {
    const info = JSON.stringify(['berth esp', ...identityOf(from), ...identityOf(to), epoch]);
    const bytes = Buffer.from(hkdfSync('sha256', secret, clusterId, info, KEY_BYTES + SPI_BYTES));
    const spi = bytes.readUInt32BE(KEY_BYTES);
    return {
      spi: spi < LOWEST_SPI ? spi + LOWEST_SPI : spi,
      key: bytes.subarray(0, KEY_BYTES).toString('hex'),
    };
  };
}

/**
 * Keeps what was derived: both hosts of a pair are told the same keys, and of three that are taken two are known from the
 * rotation before. Old epochs are dropped, and with more than `limit` the oldest keys.
 */
export function keptKeys(derive: DeriveKey, limit = KEPT): DeriveKey {
  const epochs = new Map<number, Map<string, PeerKeys['out']>>();
  let count = 0;
  let newest = Number.NEGATIVE_INFINITY;
  const drop = (epoch: number) => {
    count -= epochs.get(epoch)?.size ?? 0;
    epochs.delete(epoch);
  };
  return (from, to, epoch) => {
    newest = Math.max(newest, epoch);
    let keys = epochs.get(epoch);
    if (keys === undefined) {
      keys = new Map();
      epochs.set(epoch, keys);
      for (const old of [...epochs.keys()]) if (old <= newest - EPOCHS) drop(old);
    }
    const name = [...identityOf(from), ...identityOf(to)].join(' ');
    const known = keys.get(name);
    if (known !== undefined) return known;
    const made = derive(from, to, epoch);
    keys.set(name, made);
    count += 1;
    if (count > limit) {
      const [oldest] = [...epochs.keys()].sort((a, b) => a - b);
      const first = oldest === undefined ? undefined : epochs.get(oldest);
      for (const one of first?.keys() ?? []) {
        first?.delete(one);
        count -= 1;
        break;
      }
      if (oldest !== undefined && first?.size === 0) drop(oldest);
    }
    return made;
  };
}
