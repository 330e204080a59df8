import { expect, it } from 'vitest';
import { placeIn, rowsOf } from './rows-of.ts';

it('counts rows as a terminal would break them', () => {
  expect([rowsOf('', 10), rowsOf('0123456789', 10), rowsOf('0123456789a', 10)]).toEqual([1, 1, 2]);
  expect([rowsOf('中文中文中', 10), rowsOf('中文中文中文', 10), rowsOf('a中文中文中', 10)]).toEqual([
    1, 2, 2,
  ]);
  expect([rowsOf('a\tb', 9), rowsOf('a\tb', 8), rowsOf('é'.repeat(11), 10)]).toEqual([1, 2, 2]);
});

it('finds the row at a height', () => {
  const tops = [0, 1, 4, 5];
  expect([-1, 0, 1, 3, 4, 9].map((value) => placeIn(tops, value))).toEqual([0, 0, 1, 1, 2, 3]);
  expect(placeIn([], 5)).toBe(0);
});
