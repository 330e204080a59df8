import { expect, it } from 'vitest';
import { compared } from './draft.ts';

it('shows what is there as long as nothing else was chosen', () => {
  expect(compared(undefined, 3)).toEqual({ value: 3, base: 3, isChanged: false, theirs: undefined });
  expect(compared({ base: 3, value: 5 }, 5).isChanged).toBe(false);
});

it('keeps what was chosen, and tells what another has made of it meanwhile', () => {
  expect(compared({ base: 3, value: 5 }, 3)).toEqual({
    value: 5,
    base: 3,
    isChanged: true,
    theirs: undefined,
  });
  expect(compared({ base: 3, value: 5 }, 4)).toEqual({ value: 5, base: 3, isChanged: true, theirs: 4 });
});

it('compares whatever it is of as it is told to', () => {
  const same = (a: { n: number }, b: { n: number }) => a.n === b.n;
  expect(compared({ base: { n: 1 }, value: { n: 2 } }, { n: 1 }, same).theirs).toBeUndefined();
  expect(compared({ base: { n: 1 }, value: { n: 2 } }, { n: 3 }, same).theirs).toEqual({ n: 3 });
  expect(compared({ base: { n: 1 }, value: { n: 2 } }, { n: 2 }, same).isChanged).toBe(false);
});
