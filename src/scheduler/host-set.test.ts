import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HostSet } from './host-set.ts';

const CAPACITIES = fc.constantFrom(0, 1, 31, 32, 33, 64, 100);

function setOf(capacity: number, orders: readonly number[]): HostSet {
  const set = new HostSet(capacity);
  for (const order of orders) if (order < capacity) set.put(order, true);
  return set;
}

function listed(set: HostSet): number[] {
  const orders: number[] = [];
  for (let i = set.next(0); i !== -1; i = set.next(i + 1)) orders.push(i);
  return orders;
}

describe('HostSet', () => {
  it('holds, joins and lists what was put in', () => {
    const orders = fc.array(fc.nat({ max: 99 }));
    fc.assert(
      fc.property(CAPACITIES, orders, orders, orders, (capacity, some, others, gone) => {
        const every = Array.from({ length: capacity }, (_, i) => i);
        expect(listed(HostSet.all(capacity))).toEqual(every);
        const set = setOf(capacity, some);
        for (const order of gone) if (order < capacity) set.put(order, false);
        const expected = every.filter((i) => some.includes(i) && !gone.includes(i));
        expect(listed(set)).toEqual(expected);
        expect(every.filter((i) => set.has(i))).toEqual(expected);
        set.keep(setOf(capacity, others));
        expect(listed(set)).toEqual(expected.filter((i) => others.includes(i)));
      }),
    );
  });
});
