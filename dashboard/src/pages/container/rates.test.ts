import { expect, it } from 'vitest';
import { ratesOf } from './rates.ts';

const at = (ms: number, cpu: number, bytes = 0) => ({
  ...{ at: ms, cpu, memory: 1, memoryLimit: 2, processes: 1 },
  ...{ received: bytes, sent: bytes * 2, read: 0, written: bytes },
});

it('are the difference of two readings', () => {
  expect(ratesOf(at(1000, 0), at(3000, 3e6, 100))).toEqual({
    ...{ cores: 1.5, received: 50, sent: 100, read: 0, written: 50 },
  });
});

it('are not told of one reading, of the same moment, or over a new start', () => {
  expect(ratesOf(undefined, at(1, 1))).toBeUndefined();
  expect(ratesOf(at(1, 1), at(1, 1))).toBeUndefined();
  expect(ratesOf(at(1, 9), at(1000, 1))).toBeUndefined();
});
