import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DataKeys, keyEpoch, peerKeys } from './data-keys.ts';
import type { KeyRing } from './derived-keys.ts';

const HOUR = 3_600_000;
const ring: KeyRing = { secret: new Uint8Array(32).fill(7), clusterId: 'c1', rotationMs: 12 * HOUR };
const [a, b, c] = ['a', 'b', 'c'].map((id, i) => ({ id, address: `10.0.0.${i + 1}` })) as [
  { id: string; address: string },
  { id: string; address: string },
  { id: string; address: string },
];

describe('keys of a pair of hosts', () => {
  it('fit each other in both directions, up to one rotation apart', () => {
    const time = fc.integer({ min: 0, max: 2_000_000_000_000 });
    fc.assert(
      fc.property(time, fc.integer({ min: -ring.rotationMs, max: ring.rotationMs }), (now, apart) => {
        const [ours] = peerKeys(ring, a, [b], now);
        const [theirs] = peerKeys(ring, b, [a], Math.max(0, now + apart));
        expect(theirs?.in).toContainEqual(ours?.out);
        expect(ours?.in).toContainEqual(theirs?.out);
      }),
    );
  });

  it('are nobody else’s, of one direction only, and new with each rotation, address and start of either kernel', () => {
    const at = 100 * ring.rotationMs;
    const all = [
      ...peerKeys(ring, a, [b, c], at),
      ...peerKeys(ring, b, [a, c], at),
      ...peerKeys(ring, c, [a, b], at),
      ...peerKeys(ring, a, [b, c], at + ring.rotationMs),
      ...peerKeys(ring, { ...a, address: '10.0.0.9' }, [b], at),
      ...peerKeys(ring, { ...a, life: '01' }, [b], at),
      ...peerKeys(ring, { ...a, life: '02' }, [b], at),
      ...peerKeys(ring, a, [{ ...b, life: '01' }], at),
      ...peerKeys({ ...ring, clusterId: 'c2' }, a, [b], at),
      ...peerKeys({ ...ring, secret: new Uint8Array(32) }, a, [b], at),
    ];
    expect(new Set(all.map(({ out }) => out.key)).size).toBe(all.length);
    expect(new Set(all.map(({ out }) => out.spi)).size).toBe(all.length);
    for (const { out } of all) {
      expect(out.key).toMatch(/^[0-9a-f]{72}$/);
      expect(out.spi).toBeGreaterThan(255);
    }
  });

  it('are the same again at any time within a rotation', () => {
    expect(keyEpoch(ring, 25 * HOUR)).toBe(2);
    expect(peerKeys(ring, a, [b], 25 * HOUR)).toEqual(peerKeys(ring, a, [b], 35 * HOUR));
  });
});

describe('what hosts are told', () => {
  it('is everything first, then what changes: a peer, an address, a rotation', () => {
    let now = 10 * ring.rotationMs;
    const keys = new DataKeys(ring, { now: () => now });
    expect(keys.changes(a, [])).toBeUndefined();
    expect(keys.changes(a, [b])).toEqual({ whole: true, put: peerKeys(ring, a, [b], now), drop: [] });
    expect(keys.changes(a, [b])).toBeUndefined();
    expect(keys.changes(a, [b, c])).toMatchObject({ whole: false, put: [{ hostId: 'c' }], drop: [] });
    expect(keys.changes(a, [c])).toEqual({ whole: false, put: [], drop: ['b'] });
    expect(keys.changes(a, [{ ...c, address: '10.0.0.7' }])).toMatchObject({
      put: [{ address: '10.0.0.7' }],
    });
    expect(keys.changes(a, [{ ...c, address: '10.0.0.7', life: '01' }])?.put).toHaveLength(1);
    expect(keys.changes(a, [{ ...c, address: '10.0.0.7', life: '01' }])).toBeUndefined();
    expect(keys.update(a, [{ ...c, address: '10.0.0.7' }], [])?.put).toHaveLength(1);
    now += ring.rotationMs;
    expect(keys.changes(a, [{ ...c, address: '10.0.0.7' }])?.put).toHaveLength(1);
    keys.forget('a');
    expect(keys.changes(a, [c])).toMatchObject({ whole: true, put: [{ hostId: 'c' }] });
    expect(keys.changes(a, [])).toEqual({ whole: false, put: [], drop: ['c'] });
  });
});
