import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileRegex } from './regex.ts';

describe('regex', () => {
  it.each<[string, string, boolean]>([
    ['node\\d', 'node0', true],
    ['node[12]', 'node0', false],
    ['(?i)^[a-b]+c*(n|b)$', 'ABCCN', true],
    ['(?i)^[a-b]+c*(n|b)$', 'ABCCX', false],
    ['^a.c$', 'a\nc', false],
    ['(?s)^a.c$', 'a\nc', true],
    ['(?m)^b$', 'a\nb\nc', true],
    ['^$', '', true],
    ['', 'anything', true],
    ['a{2,3}b', 'xaab', true],
    ['^a{2,3}$', 'aaaa', false],
    ['^(?:ab){2}$', 'abab', true],
    ['\\bweb\\b', 'my web app', true],
    ['\\Bweb', 'web', false],
    ['[[:digit:]]+x', '12x', true],
    ['[^[:alpha:]]', 'abc', false],
    ['[]a]', ']', true],
    ['[a-]', '-', true],
    ['\\Qa.b\\E', 'axb', false],
    ['\\x41\\x{42}', 'AB', true],
    ['\\pL', 'é', true],
    ['\\P{Greek}', 'λ', false],
    ['(?P<year>\\d{4})', '2026', true],
    ['(?i:A)b', 'ab', true],
    ['(?i:A)B', 'ab', false],
    ['a{,2}', 'a{,2}', true],
    ['\\.', 'a', false],
    ['x*', '', true],
  ])('%s on %j is %s', (pattern, text, expected) => {
    expect(compileRegex(pattern).test(text)).toBe(expected);
  });

  it.each([
    '(a',
    'a)',
    '[a',
    '*a',
    'a**',
    '(?=a)',
    '(?<!a)',
    '(a)\\1',
    'a{1001}',
    '(a{1000}){1000}',
    '((((){1000}){1000}){1000}){1000}',
    '[z-a]',
    '\\p{Nope}',
    'a'.repeat(600),
  ])('refuses %s', (pattern) => {
    expect(() => compileRegex(pattern)).toThrow();
  });

  it('takes linear time where a backtracking engine would not end', () => {
    const started = performance.now();
    expect(compileRegex('^(a+)+$').test(`${'a'.repeat(4000)}b`)).toBe(false);
    expect(compileRegex('(x+x+)+y').test('x'.repeat(4000))).toBe(false);
    expect(performance.now() - started).toBeLessThan(2000);
  });

  it('agrees with RegExp where both have the same rules', () => {
    const piece = fc.constantFrom(
      'a',
      'b',
      '.',
      'a*',
      'b+',
      '(a|b)',
      '[ab]',
      '[^a]',
      'a?',
      '(ab)*',
      '^',
      '$',
      'c{1,2}',
    );
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 6 }),
        fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 8 }),
        (pieces, text) => {
          const pattern = pieces.join('');
          expect(compileRegex(pattern).test(text)).toBe(new RegExp(pattern).test(text));
        },
      ),
    );
  });
});
