import { expect, it } from 'vitest';
import { hasAll, selectedWith, selectedWithAll } from './selection.ts';

const rows = ['a', 'b', 'c', 'd', 'e'].map((id) => ({ id }));
const with_ = (selected: readonly string[], ...more: [id: string, isOn: boolean, from?: string]) =>
  [...selectedWith(new Set(selected), rows, ...more)].sort().join('');

it('selects one, and what is between two, in either direction', () => {
  expect(with_([], 'b', true)).toBe('b');
  expect(with_(['b', 'x'], 'b', false)).toBe('x');
  expect(with_(['b'], 'd', true, 'b')).toBe('bcd');
  expect(with_(['d'], 'b', true, 'd')).toBe('bcd');
  expect(with_(['a', 'b', 'c', 'd'], 'c', false, 'b')).toBe('ad');
  // The other one is not listed any more.
  expect(with_(['x'], 'c', true, 'x')).toBe('cx');
});

it('selects all that are listed, and leaves what is not as it was', () => {
  const all = selectedWithAll(new Set(['x']), rows, true);
  expect([...all].sort().join('')).toBe('abcdex');
  expect(hasAll(all, rows)).toBe(true);
  expect([...selectedWithAll(all, rows.slice(1), false)].sort()).toEqual(['a', 'x']);
  expect(hasAll(new Set(['a', 'x', 'y', 'z', 'q']), rows)).toBe(false);
  expect(hasAll(all, [])).toBe(false);
});
