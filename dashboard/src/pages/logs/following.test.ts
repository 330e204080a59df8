import { expect, it } from 'vitest';
import { hasLeft, hasReturned } from './following.ts';

const at = (scrollTop: number, scrollHeight = 1000) => ({ scrollTop, scrollHeight, clientHeight: 400 });

it('takes a fall from the end for the person’s doing', () => {
  expect(hasLeft(at(560), 600)).toBe(true);
  // Lines have come meanwhile, or gone.
  expect(hasLeft(at(560, 1400), 600)).toBe(true);
  expect(hasLeft(at(300, 900), 600)).toBe(true);
});

it('takes what the browser does by itself for nothing', () => {
  expect(hasLeft(at(600), 600)).toBe(false);
  expect(hasLeft(at(599.4), 600)).toBe(false);
  expect(hasLeft(at(600, 1400), 600)).toBe(false);
  // Lines are gone: it is at the new end, or there is nothing to scroll.
  expect(hasLeft(at(300, 700), 600)).toBe(false);
  expect(hasLeft(at(0, 200), 600)).toBe(false);
  // A telephone lets one pull beyond the end.
  expect(hasLeft(at(600), 640)).toBe(false);
});

it('knows who comes down to the end from who is on the way up from it', () => {
  expect(hasReturned(at(600), 500)).toBe(true);
  expect(hasReturned(at(598.5), 500)).toBe(true);
  expect(hasReturned(at(590), 500)).toBe(false);
  expect(hasReturned(at(599), 600)).toBe(false);
  expect(hasReturned(at(600), 600)).toBe(false);
});
