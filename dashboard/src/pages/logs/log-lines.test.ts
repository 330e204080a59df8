import { expect, it } from 'vitest';
import { secondsOf } from './log-lines.ts';

it('takes a time in nanoseconds for the same in seconds, without losing one', () => {
  expect(secondsOf('2026-01-01T00:00:01.123456789Z')).toBe('1767225601.123456789');
  expect(secondsOf('2026-01-01T00:00:01Z')).toBe('1767225601.000000000');
});
