import { describe, expect, it } from 'vitest';
import { bytes, span, when } from './format.ts';

const HOUR = 3_600_000;

describe('span', () => {
  it('takes the largest unit of which there is one', () => {
    expect(span(90_000)).toBe('1 minute');
    expect(span(50 * 60_000)).toBe('50 minutes');
    expect(span(47 * HOUR)).toBe('1 day');
    expect(span(20)).toBe('less than a second');
  });

  it('says an hour of what was an hour a moment ago', () => {
    expect(when(HOUR, 900)).toBe('in 1 hour');
    expect(when(30 * 24 * HOUR, 2_000)).toBe('in 30 days');
  });
});

describe('bytes', () => {
  it('keeps three digits at most', () => {
    expect([0, 1536, 900 * 1024 ** 3].map(bytes)).toEqual(['0 B', '1.5 KiB', '900 GiB']);
  });
});
