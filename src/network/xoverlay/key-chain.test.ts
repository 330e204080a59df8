import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EspKey, PeerKeys } from '../driver.ts';
import {
  type Association,
  type Associations,
  direction,
  linkOf,
  linksInUse,
  PACKETS_EACH,
} from './key-chain.ts';

const key = (spi: number): EspKey => ({ spi, key: spi.toString(16).padStart(72, '0') });
const peer: PeerKeys = {
  address: '10.9.0.2',
  own: '10.9.0.1',
  out: key(0x1000),
  in: [key(0x2000), key(0x3000), key(0x4000)],
};
const OUT = direction(peer.own, peer.address);
const IN = direction(peer.address, peer.own);

/** What the kernel has in a direction: links of a chain, with their packets. */
function kernel(
  way: string,
  first: EspKey,
  links: Readonly<Record<number, Partial<Association>>>,
): Associations {
  const found = Object.entries(links).map(([at, counted]) => {
    const { spi, key: made } = linkOf(first, Number(at));
    return [spi, { sent: 0, heard: 0, key: made, ...counted }] as const;
  });
  return new Map([[way, new Map(found)]]);
}
const inUse = (counted: Associations) => linksInUse([peer], counted)[0] as PeerKeys;

describe('the chain of a key', () => {
  it('begins with it, and no link is like another one', () => {
    expect(linkOf(peer.out, 0)).toEqual(peer.out);
    const links = [key(0x1000), key(0x2000)].flatMap((first) =>
      Array.from({ length: 20 }, (_, at) => linkOf(first, at)),
    );
    expect(new Set(links.map((link) => link.key)).size).toBe(40);
    for (const link of links) expect(link.key).toMatch(/^[0-9a-f]{72}$/);
    expect(linkOf(peer.out, 3)).toEqual(linkOf(peer.out, 3));
  });

  it('has only SPIs that are not reserved, each another one', () => {
    const spi = fc.oneof(
      fc.integer({ min: 256, max: 300 }),
      fc.integer({ min: 2 ** 32 - 40, max: 2 ** 32 - 1 }),
    );
    fc.assert(
      fc.property(spi, (first) => {
        const spis = Array.from({ length: 60 }, (_, at) => linkOf(key(first), at).spi);
        expect(new Set(spis).size).toBe(60);
        expect(Math.min(...spis)).toBeGreaterThan(255);
        expect(Math.max(...spis)).toBeLessThan(2 ** 32);
      }),
    );
  });
});

describe('the host that sends', () => {
  it('goes on to the next link once the one that it has has carried half of what it may', () => {
    expect(inUse(new Map()).out).toEqual(peer.out);
    const outAfter = (sent: number) => inUse(kernel(OUT, peer.out, { 0: { sent } })).out;
    expect(outAfter(PACKETS_EACH - 1)).toEqual(peer.out);
    expect(outAfter(PACKETS_EACH)).toEqual(linkOf(peer.out, 1));
    expect(outAfter(2 ** 32 - 1)).toEqual(linkOf(peer.out, 1));
  });

  it('goes on from the link that the kernel has, and with another key from the first one', () => {
    const there = kernel(OUT, peer.out, { 4: { sent: 5 } });
    expect(inUse(there).out).toEqual(linkOf(peer.out, 4));
    const [other] = linksInUse([{ ...peer, out: key(0x8000) }], there);
    expect(other?.out).toEqual(key(0x8000));
  });

  it('stays at the last link, rather than use one twice', () => {
    const there = kernel(OUT, peer.out, { 255: { sent: 2 ** 32 - 1 } });
    expect(inUse(there).out).toEqual(linkOf(peer.out, 255));
  });

  it('is not led astray by an association of another key with an SPI of the chain', () => {
    const there = new Map([[OUT, new Map([[peer.out.spi + 7, { sent: 9, heard: 0, key: key(1).key }]])]]);
    expect(inUse(there).out).toEqual(peer.out);
  });
});

describe('the host that hears', () => {
  it('takes the first link of a key that nobody has used, and of one that was used the next as well', () => {
    expect(inUse(new Map()).in).toEqual(peer.in);
    const [earlier, now, later] = peer.in as [EspKey, EspKey, EspKey];
    const heard = inUse(kernel(IN, now, { 0: { heard: 1 } }));
    expect(heard.in).toEqual([earlier, now, linkOf(now, 1), later]);
  });

  it('keeps the link before, for what is still on its way, and no older one', () => {
    const [, now] = peer.in as [EspKey, EspKey, EspKey];
    const links = { 2: { heard: 9 }, 3: { heard: 9 }, 4: { heard: 1 }, 5: {} };
    const taken = inUse(kernel(IN, now, links)).in;
    expect(taken.slice(1, -1)).toEqual([3, 4, 5].map((at) => linkOf(now, at)));
  });

  it('has what the other one sends, as long as it looks while a link is in use', () => {
    const looks = fc.array(fc.constantFrom('look', 'send', 'most'), { maxLength: 40 });
    fc.assert(
      fc.property(looks, (steps) => {
        const theirs: PeerKeys = { address: peer.own, own: peer.address, out: key(0x3000), in: [] };
        let out = kernel(IN, theirs.out, { 0: {} });
        let taken = inUse(new Map());
        const heard = new Map<number, Association>();
        const look = () => {
          taken = inUse(new Map([[IN, heard]]));
          for (const one of taken.in)
            if (!heard.has(one.spi)) heard.set(one.spi, { sent: 0, heard: 0, key: one.key });
        };
        look();
        for (const step of steps) {
          const sending = linksInUse([theirs], out)[0]?.out as EspKey;
          if (step === 'send' || step === 'most') {
            expect(taken.in).toContainEqual(sending);
            heard.set(sending.spi, { sent: 0, heard: 1, key: sending.key });
            const sent = step === 'most' ? PACKETS_EACH : 1;
            out = new Map([[IN, new Map([[sending.spi, { sent, heard: 0, key: sending.key }]])]]);
          }
          // nobody sends so much between two looks
          if (step !== 'send') look();
        }
      }),
    );
  });
});
