import { hkdfSync } from 'node:crypto';
import type { EspKey, PeerKeys } from '../driver.ts';

/**
 * An association counts its packets with 32 bits (RFC 4303, 2.2), and the kernel ends it after the last number, as AES-GCM must
 * never see a nonce twice under one key. Hosts that send much get there long before the next rotation. So each key of a
 * rotation is the first of a chain, from which both hosts derive the others; the one that sends goes on to the next
 * association by its own count of packets, and the one that hears has that already.
 */

/** Packets after which a host goes on: half of all, so that an agent may be away for as many again. */
export const PACKETS_EACH = 2 ** 31;
/** Associations that a host takes beyond the last one that it has heard. */
const AHEAD = 1;
/** Of one key; as many packets in a rotation of 12 hours are 12 million a second. */
const LONGEST = 256;
const KEY_BYTES = 36;
/** SPIs below are reserved (RFC 4303, 2.1). */
export const FIRST_SPI = 256;
export const LAST_SPI = 2 ** 32 - 1;
const SPIS = LAST_SPI - FIRST_SPI + 1;

/** What the kernel says of an association: packets sent, or heard, since it was made; and its key, hexadecimal. */
export type Association = Readonly<{ sent: number; heard: number; key: string }>;
/** By `direction`, then by SPI. */
export type Associations = ReadonlyMap<string, ReadonlyMap<number, Association>>;

export const direction = (src: string, dst: string) => `${src} ${dst}`;

/** The association at a place of the chain that the key begins. */
export function linkOf(first: EspKey, at: number): EspKey {
  if (at === 0) return first;
  const key = hkdfSync('sha256', Buffer.from(first.key, 'hex'), '', `berth esp link ${at}`, KEY_BYTES);
  const spi = FIRST_SPI + ((first.spi - FIRST_SPI + at) % SPIS);
  return { spi, key: Buffer.from(key).toString('hex') };
}

/** The keys of the rotation as they are used now: which links of their chains follows from what the kernel has counted. */
export function linksInUse(peers: readonly PeerKeys[], counted: Associations): PeerKeys[] {
  return peers.map((peer) => {
    const { address, own, out, in: incoming } = peer;
    return {
      ...peer,
      out: linkOf(out, sendsAt(out, counted.get(direction(own, address)))),
      in: incoming.flatMap((key) =>
        takesAt(key, counted.get(direction(address, own))).map((at) => linkOf(key, at)),
      ),
    };
  });
}

type OneWay = ReadonlyMap<number, Association> | undefined;

function sendsAt(first: EspKey, there: OneWay): number {
  const [at, { sent }] = linksThere(first, there).at(-1) ?? [0, { sent: 0 }];
  // never from the beginning again, not even at the end of the chain
  return sent < PACKETS_EACH ? at : Math.min(at + 1, LONGEST - 1);
}

/** From the one before the last that was heard, whose packets may still be on their way. */
function takesAt(first: EspKey, there: OneWay): number[] {
  const links = linksThere(first, there);
  const heard = links.filter(([, association]) => association.heard > 0).at(-1)?.[0];
  const from = Math.max((heard ?? 0) - 1, 0);
  const to = heard === undefined ? 0 : heard + AHEAD;
  const places = Array.from({ length: to - from + 1 }, (_, i) => from + i);
  return [...places, ...links.flatMap(([at]) => (at > to ? [at] : []))];
}

/** Links of that chain which the kernel has, in order; another association may have an SPI of them by chance. */
function linksThere(first: EspKey, there: OneWay): (readonly [at: number, Association])[] {
  return [...(there ?? [])]
    .map(([spi, association]) => [(spi - first.spi + SPIS) % SPIS, association] as const)
    .filter(([at, { key }]) => at < LONGEST && linkOf(first, at).key === key)
    .sort(([a], [b]) => a - b);
}
