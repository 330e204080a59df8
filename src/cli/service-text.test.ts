import { expect, it } from 'vitest';
import { readyText, viewText } from './service-text.ts';

const view = (ready: number, current: number) => ({
  ...{ wanted: 4, ready, current },
  release: { number: 3, state: 'releasing' as const, reason: '' },
});

it('counts the version that goes apart from the one that comes', () => {
  expect(readyText(view(3, 3))).toBe('3/4');
  expect(readyText(view(6, 2))).toBe('2/4 + 4 old');
  expect(viewText(view(3, 3), '')).toBe('3/4 ready, release 3 releasing');
  expect(viewText(view(6, 2), 'step 1')).toBe('2/4 ready and 4 old, release 3 releasing (step 1)');
});
