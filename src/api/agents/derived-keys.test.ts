import { expect, it } from 'vitest';
import { DataKeys } from './data-keys.ts';
import { type DeriveKey, deriveKey, type KeyRing, keptKeys } from './derived-keys.ts';

const ring: KeyRing = { secret: new Uint8Array(32).fill(7), clusterId: 'c1', rotationMs: 1000 };
const [a, b] = ['a', 'b'].map((id, i) => ({ id, address: `10.0.0.${i + 1}` })) as [
  { id: string; address: string },
  { id: string; address: string },
];

function counted(): { derive: DeriveKey; taken: () => number } {
  const derive = deriveKey(ring);
  let count = 0;
  return {
    derive: (...of) => {
      count += 1;
      return derive(...of);
    },
    taken: () => {
      const was = count;
      count = 0;
      return was;
    },
  };
}

it('keys are derived once for both hosts of a pair, and at a rotation one for each direction', () => {
  const { derive, taken } = counted();
  let now = 10_000;
  const keys = new DataKeys(ring, { now: () => now }, derive);
  keys.changes(a, [b]);
  expect(taken()).toBe(4);
  keys.changes(b, [a]);
  expect(taken()).toBe(2);
  now += ring.rotationMs;
  const first = keys.changes(a, [b]);
  const second = keys.changes(b, [a]);
  expect(taken()).toBe(2);
  expect(first?.put[0]?.in).toContainEqual(second?.put[0]?.out);
});

it('no more keys are kept than the limit, and none of old epochs', () => {
  const { derive, taken } = counted();
  const kept = keptKeys(derive, 3);
  for (const epoch of [1, 1, 2, 3]) expect(kept(a, b, epoch)).toEqual(deriveKey(ring)(a, b, epoch));
  expect(taken()).toBe(3);
  kept(b, a, 3);
  kept(a, b, 2);
  kept(a, b, 3);
  expect(taken()).toBe(1);
  kept(a, b, 1);
  expect(taken()).toBe(1);
  kept(a, b, 9);
  expect(taken()).toBe(1);
  kept(a, b, 3);
  expect(taken()).toBe(1);
});
