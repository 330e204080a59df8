import { expect, it } from 'vitest';
import { apiPrefix } from './api-version.ts';

it.each([
  ['1.41', '/v1.41'],
  ['1.30', '/v1.30'],
  ['1.51', '/v1.43'],
  ['1.9', '/v1.24'],
])('%s on an engine of 1.24 to 1.43 is %s', (version, prefix) => {
  expect(apiPrefix(version, { apiVersion: '1.43', minApiVersion: '1.24' })).toBe(prefix);
});
