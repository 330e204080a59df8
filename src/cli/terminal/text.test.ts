import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clean, pad, truncate, widthOf } from './text.ts';

describe('clean', () => {
  it('shows control characters in place of obeying them', () => {
    expect(clean('web\x1b[2J\x07\r\n\x7f\x9b1A')).toBe('web\\x1b[2J\\x07\\x0d\\x0a\\x7f\\x9b1A');
    expect(clean('a\u202egnp.exe\u2028')).toBe('a\\u202egnp.exe\\u2028');
    expect(clean('容器 é 🚢')).toBe('容器 é 🚢');
  });

  it('lets no control character through, whatever comes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones looked for
        expect(clean(text)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
      }),
    );
  });
});

describe('widthOf', () => {
  it.each([
    ['web', 3],
    ['容器', 4],
    ['ｆｕｌｌ', 8],
    ['한국', 4],
    ['e\u0301', 1],
    ['🚢', 2],
    ['👩‍👩‍👧', 2],
    ['\u200b', 0],
  ])('%s takes %i columns', (text, width) => {
    expect(widthOf(text)).toBe(width);
  });
});

describe('truncate', () => {
  it('marks what it cuts, and never cuts a wide character in two', () => {
    expect(truncate('container', 5)).toBe('cont…');
    expect(truncate('web', 3)).toBe('web');
    expect(truncate('容器容器', 4)).toBe('容…');
    expect(truncate('web', 0)).toBe('');
  });

  it('never gives more columns than it was allowed', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }).map(clean), fc.nat(20), (text, width) => {
        expect(widthOf(truncate(text, width))).toBeLessThanOrEqual(width);
      }),
    );
  });
});

describe('pad', () => {
  it('counts columns, not characters', () => {
    expect(pad('容', 4)).toBe('容  ');
    expect(pad('7', 3, 'right')).toBe('  7');
  });
});
