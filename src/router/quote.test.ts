import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { literal, pattern, word } from './quote.ts';

/** What HAProxy makes of a line in double quotes: its words; after section 2.2 of its configuration manual. */
function wordsOf(line: string): string[] {
  const words: string[] = [];
  let bytes: number[] | undefined;
  let quoted = false;
  for (let i = 0; i < line.length; i++) {
    const character = line.charAt(i);
    if (character === '\n') throw new Error('the line has ended');
    if (character === '"') {
      quoted = !quoted;
      bytes ??= [];
    } else if (character === '\\') {
      const hex = /^x([0-9a-f]{2})/.exec(line.slice(i + 1))?.[1];
      bytes ??= [];
      bytes.push(hex === undefined ? line.charCodeAt(i + 1) : Number.parseInt(hex, 16));
      i += hex === undefined ? 1 : 3;
    } else if (!quoted && character === ' ') {
      if (bytes !== undefined) words.push(Buffer.from(bytes).toString());
      bytes = undefined;
    } else if (quoted && character === '$') throw new Error('a variable of the environment');
    else if (!quoted && character === '#') break;
    else bytes = [...(bytes ?? []), character.charCodeAt(0)];
  }
  if (quoted) throw new Error('quotes without an end');
  if (bytes !== undefined) words.push(Buffer.from(bytes).toString());
  return words;
}

const hostile = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.string({
    unit: fc.constantFrom('"', "'", '\\', '$', '{', '}', '#', '\n', '\r', ' ', '%', '[', 'x', '0'),
  }),
);

describe('what goes into the configuration', () => {
  it('is one word, and the same again when HAProxy has read it', () => {
    fc.assert(
      fc.property(fc.array(hostile), (texts) => {
        expect(wordsOf(texts.map(word).join(' '))).toEqual(texts.map((text) => Buffer.from(text).toString()));
      }),
    );
  });

  it('names no variable and no sample', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        expect(literal(text).replaceAll('%%', '')).not.toContain('%');
        expect(new RegExp(`^${pattern(text)}$`, 's').test(text)).toBe(true);
      }),
    );
  });
});
