import { expect, it } from 'vitest';
import { finderOf, isFound, segmentsOf } from './segments.ts';

const short = (text: string, spans: Parameters<typeof segmentsOf>[1], wanted: string) =>
  segmentsOf(text, spans, finderOf(wanted)).map(
    ({ text: part, className, isHit }) => `${isHit ? '!' : ''}${part}${className && `:${className}`}`,
  );

it('cuts at hits, at looks, and where they overlap', () => {
  expect(short('plain', [], '')).toEqual(['plain']);
  expect(short('one TWO two', [], 'two')).toEqual(['one ', '!TWO', ' ', '!two']);
  expect(short('an error here', [{ from: 3, to: 8, className: 'red' }], 'n er')).toEqual([
    ...['a', '!n ', '!er:red', 'ror:red', ' here'],
  ]);
  const spans = [
    { from: 0, to: 1, className: 'a' },
    { from: 1, to: 2, className: 'b' },
  ];
  expect(short('xyz', spans, '')).toEqual(['x:a', 'y:b', 'z']);
});

it('looks for what is typed, whatever it would mean in an expression', () => {
  const finder = finderOf('a.(b)[0]-/$');
  expect(finder !== undefined && isFound('x A.(B)[0]-/$', finder)).toBe(true);
  expect(finder !== undefined && isFound('aXb', finder)).toBe(false);
  // The same again: the expression has no memory of the last line.
  expect(finder !== undefined && isFound('x A.(B)[0]-/$', finder)).toBe(true);
  expect(finderOf('')).toBeUndefined();
});
