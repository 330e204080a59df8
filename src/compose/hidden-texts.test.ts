import { expect, it } from 'vitest';
import { hiderOf } from './hidden-texts.ts';

const hider = (variables: string) => hiderOf({ compose: ['compose.yml'], files: [], variables } as never);

it('takes values out as they are, in parts, and in letters of another size', () => {
  const hide = hider('PASSWORD=correct-horse-battery\nPIN=4711\nNAME=shop');
  expect(hide('"correct-horse-battery" is no port')).toBe('"${PASSWORD}" is no port');
  expect(hide('no image Horse-Battery here')).toBe('no image ${PASSWORD} here');
  expect(hide('port 4711 of "shop" in the shop')).toBe('port ${PIN} of "${NAME}" in the shop');
  expect(hide('nothing of it')).toBe('nothing of it');
});

it('goes through many texts where there are thousands of values', () => {
  const many = Array.from({ length: 70_000 }, (_, i) => `V${i}=${(i * 7919).toString(36)}xyzab`).join('\n');
  const begun = performance.now();
  const hide = hider(`${many}\nPASSWORD=correct-horse-battery`);
  const made = performance.now();
  const text = `${'service web has an image that is not to be had: '.repeat(4)}correct-horse-battery`;
  for (let i = 0; i < 20; i++) expect(hide(text)).toContain('had: ${PASSWORD}');
  // Each is a small part of what it takes to read the variables.
  expect(performance.now() - made).toBeLessThan(12 * (made - begun));
}, 60_000);
