import { expect, it } from 'vitest';
import { mostFirst, withFirst } from './usage-order.ts';

const rows = ['a', 'b', 'c', 'd'].map((id) => ({ id, name: `name-${id}` }));
const ids = (all: readonly Readonly<{ id: string }>[]) => all.map(({ id }) => id).join('');

const told = (all: string) => [...all].map((id) => ({ id, name: `name-${id}` }));

it('puts those that were told first, in their order, and leaves others in theirs', () => {
  expect(ids(withFirst(rows, told('db')))).toBe('dbac');
  expect(ids(withFirst(rows, told('dcba')))).toBe('dcba');
  // Those that a filter hides, or that are gone, are not there.
  expect(ids(withFirst(rows, told('xc0')))).toBe('cabd');
  expect(withFirst(rows, told('x'))).toBe(rows);
  expect(withFirst(rows, [])).toBe(rows);
  const alike = ['p', 'q', 'r'].map((id) => ({ id, name: 'same' }));
  expect(ids(withFirst(alike, [{ id: 'q', name: 'same' }]))).toBe('qpr');
});

it('puts what has most of it first, and what is not known last', () => {
  const weights = new Map([
    ['b', 0.1],
    ['d', 3],
  ]);
  expect(ids(mostFirst(rows, ({ id }) => weights.get(id) ?? null))).toBe('dbac');
});
