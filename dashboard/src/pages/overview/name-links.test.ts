import { expect, it } from 'vitest';
import { piecesOf } from './name-links.ts';

const shown = (text: string, names: readonly string[]) =>
  piecesOf(text, names).map(({ text, name }) => (name === undefined ? text : `[${text}]`));

it('finds each name in the sentence, as a whole word', () => {
  expect(shown('host h2 is down', ['h2'])).toEqual(['host ', '[h2]', ' is down']);
  expect(shown('hosts h1, h10 and 3 more: kept', ['h1', 'h10'])).toEqual([
    ...['hosts ', '[h1]', ', ', '[h10]', ' and 3 more: kept'],
  ]);
  expect(shown('service h1/h: no host', ['h'])).toEqual(['service h1/h: no host']);
  expect(shown('service shop/web: release 1 failed', ['shop/web'])).toEqual([
    ...['service ', '[shop/web]', ': release 1 failed'],
  ]);
  expect(shown('a.example.com/x has no container', ['a.example.com/x'])).toEqual([
    ...['[a.example.com/x]', ' has no container'],
  ]);
});

it('leaves a sentence that lacks the name as it is', () => {
  expect(shown('no host has joined', [])).toEqual(['no host has joined']);
  expect(shown('1 container is not on its host', ['web'])).toEqual(['1 container is not on its host']);
});
