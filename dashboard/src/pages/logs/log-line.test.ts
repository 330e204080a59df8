import { expect, it } from 'vitest';
import { LONGEST, lineOf } from './log-line.ts';

const of = (raw: string) => lineOf({ key: 1, kind: 'stdout', at: '', container: 'web' }, raw);

it('keeps the beginning of a long line, and says how much more there is', () => {
  expect(of('x'.repeat(LONGEST))).toMatchObject({ text: 'x'.repeat(LONGEST), left: 0 });
  expect(of('x'.repeat(LONGEST + 7))).toMatchObject({ text: 'x'.repeat(LONGEST), left: 7 });
});

it('cuts no letter and no control sequence in two', () => {
  const beside = 'x'.repeat(LONGEST - 1);
  expect(of(`${beside}😀`)).toMatchObject({ text: beside, left: 2 });
  const { text, left } = of(`${'x'.repeat(LONGEST - 4)}\x1b[31mred`);
  expect([text.length, left]).toEqual([LONGEST - 4, 8]);
});
