import { expect, it } from 'vitest';
import { Claims, portClaims } from './claims.ts';

it('gives a port to one, or to several by name', () => {
  const claims = new Claims();
  const take = (holder: string, names: string[] | undefined, port = ':443') =>
    portClaims({ names }, port).map((claim) => claims.take(holder, claim));
  expect(take('a', ['x.com'])).toEqual([undefined, undefined]);
  expect(take('b', ['y.com'])).toEqual([undefined, undefined]);
  expect(take('b', ['x.com'])).toEqual([undefined, 'a']);
  expect(take('c', undefined)).toEqual(['a']);
  expect(claims.giveUp('a', new Set())).toBe(true);
  expect(take('c', undefined)).toEqual(['b']);
  expect(claims.giveUp('b', new Set())).toBe(true);
  expect(take('c', undefined)).toEqual([undefined]);
  expect(take('a', ['x.com'])[0]).toBe('c');
  expect(claims.giveUp('c', new Set([':443']))).toBe(false);
});
