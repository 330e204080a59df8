import fc from 'fast-check';
import { expect, it } from 'vitest';
import { diffLines, shownLines } from './line-diff.ts';

it('keeps what is the same in both', () => {
  expect(diffLines('a\nb\nc', 'a\nx\nc')).toEqual([
    { kind: 'same', text: 'a' },
    { kind: 'removed', text: 'b' },
    { kind: 'added', text: 'x' },
    { kind: 'same', text: 'c' },
  ]);
});

it('is both texts, whatever they are', () => {
  const text = fc
    .array(fc.constantFrom('a', 'b', 'c', ''), { maxLength: 12 })
    .map((lines) => lines.join('\n'));
  fc.assert(
    fc.property(text, text, (before, after) => {
      const lines = diffLines(before, after);
      const without = (kind: string) =>
        lines
          .filter((one) => one.kind !== kind)
          .map((one) => one.text)
          .join('\n');
      expect(without('added')).toBe(before);
      expect(without('removed')).toBe(after);
    }),
  );
});

it('shows changes with what is around them', () => {
  const before = Array.from({ length: 30 }, (_, i) => `line ${i}`);
  const after = before.map((line, i) => (i === 15 ? 'other' : line));
  const shown = shownLines(diffLines(before.join('\n'), after.join('\n')), 1);
  expect(shown.map((line) => line?.text)).toEqual([
    undefined,
    'line 14',
    'line 15',
    'other',
    'line 16',
    undefined,
  ]);
});
