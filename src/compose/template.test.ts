import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseEnvFile } from './env-file.ts';
import { escapeTemplate, substitute, TemplateError } from './template.ts';

const values: Readonly<Record<string, string>> = { A: 'one', EMPTY: '', B: 'two' };
const lookup = (name: string) => values[name];
const put = (text: string, unset: string[] = []) => substitute(text, lookup, (name) => unset.push(name));

describe('variables', () => {
  it.each([
    ['$A-${A}', 'one-one'],
    ['$$A $${A}', '$A ${A}'],
    ['${X:-d}${EMPTY:-d}${A:-d}', 'ddone'],
    ['${X-d}${EMPTY-d}${A-d}', 'done'],
    ['${X:+i}${EMPTY:+i}${A:+i}', 'i'],
    ['${X+i}${EMPTY+i}${A+i}', 'ii'],
    ['${A:?no}${EMPTY?no}', 'one'],
    ['${X:-${Y:-$B}}', 'two'],
    ['${X:-{"a": {"b": "$A"}}}', '{"a": {"b": "one"}}'],
    ['${A:-${X:?not asked}}', 'one'],
    ['${X:-a:-b}', 'a:-b'],
  ])('%s is %s', (text, made) => {
    expect(put(text)).toBe(made);
  });

  it.each([
    ['${X:?set it}', 'variable X must be set: set it (in the environment or with --env-file)'],
    ['${EMPTY:?}', 'variable EMPTY must be set (in the environment or with --env-file)'],
    ['${A', '"${A": behind A stands "the end": write ${A}, or one of :- - :? ? :+ + and a text'],
    ['${A:-b', '"${A:-b" has a ${ without its }'],
    ['${}', '"${}" has a $ without the name of a variable: write $$ for a dollar sign'],
    ['$1', '"$1" has a $ without the name of a variable: write $$ for a dollar sign'],
  ])('%s is refused', (text, message) => {
    expect(() => put(text)).toThrow(new TemplateError(message));
  });

  it('tells which are not set, only where their value is needed', () => {
    const unset: string[] = [];
    expect(put('$X ${A:-$Y} ${Z:+$W}', unset)).toBe(' one ');
    expect(unset).toEqual(['X']);
  });

  it('gives back any text that was escaped, and puts in any value as it is', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (text, value) => {
        expect(put(escapeTemplate(text))).toBe(text);
        expect(
          substitute(
            '<${V}>',
            () => value,
            () => undefined,
          ),
        ).toBe(`<${value}>`);
      }),
    );
  });

  it('ends with nested defaults without end', () => {
    expect(() => put('${X:-'.repeat(10_000))).toThrow('more than 20 deep');
  });
});

describe('env files', () => {
  const parse = (text: string) => Object.fromEntries(parseEnvFile('x.env', text, lookup));

  it('follow the rules of Compose', () => {
    const text = [
      '# comment',
      'PLAIN=a b # behind',
      'HASH=a#b',
      'export EXPORTED = 1',
      'YAML: text',
      "SINGLE='a $A # \\n'",
      'DOUBLE="a $A\\n\\$A \\"q\\""',
      'LINES="first',
      'second" # end',
      'A',
      'NOT_SET',
      'NONE=',
      'SELF=${PLAIN}-${A}',
    ].join('\r\n');
    expect(parse(text)).toEqual({
      PLAIN: 'a b',
      HASH: 'a#b',
      EXPORTED: '1',
      YAML: 'text',
      SINGLE: 'a $A # \\n',
      DOUBLE: 'a one\n$A "q"',
      LINES: 'first\nsecond',
      A: 'one',
      NONE: '',
      SELF: 'a b-one',
    });
  });

  it.each([
    ['OK=1\n=x', 'x.env:2:1: not NAME=value: a name has letters, digits, and _ . -'],
    ['A="x', 'x.env:1:1: the " behind A is never closed'],
    ['A="x" y', 'x.env:1:1: text stands behind the closing " of A: quote the whole value'],
    [
      'A=${B',
      'x.env:1:1: A: "${B": behind B stands "the end": write ${B}, or one of :- - :? ? :+ + and a text',
    ],
  ])('%j is refused with its line', (text, message) => {
    expect(() => parse(text)).toThrow(message);
  });

  it('read what was quoted as it was', () => {
    fc.assert(
      fc.property(
        fc.string().filter((one) => !one.includes('\r')),
        (value) => {
          const quotedValue = value.replace(/[\\"$]/g, '\\$&');
          expect(parse(`V="${quotedValue}"`)).toEqual({ V: value });
        },
      ),
    );
  });
});
