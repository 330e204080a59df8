import { expect, it } from 'vitest';
import { shownRows } from './virtual-rows.tsx';

it('makes the rows that are seen, and the one that has the focus wherever it is, in their order', () => {
  expect(shownRows(3, 6, -1)).toEqual([3, 4, 5]);
  expect(shownRows(3, 6, 4)).toEqual([3, 4, 5]);
  expect(shownRows(3, 6, 0)).toEqual([0, 3, 4, 5]);
  expect(shownRows(3, 6, 99)).toEqual([3, 4, 5, 99]);
  expect(shownRows(0, 0, -1)).toEqual([]);
});
