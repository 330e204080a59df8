import fc from 'fast-check';
import { expect, it } from 'vitest';
import { digestOf, stableJson } from './digest.ts';

it('is the same for the same data, whatever the order of fields', () => {
  expect(digestOf({ a: 1, b: [{ c: 2, d: undefined }] })).toBe(digestOf({ b: [{ c: 2 }], a: 1 }));
  expect(digestOf([1, 2])).not.toBe(digestOf([2, 1]));
  expect(digestOf({ a: '1' })).not.toBe(digestOf({ a: 1 }));
  expect(digestOf('')).toMatch(/^[0-9a-f]{64}$/);
});

it('is JSON of the same data', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(JSON.parse(stableJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});
