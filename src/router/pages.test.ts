import { expect, it } from 'vitest';
import { PAGES } from './pages.ts';

it('says of what cannot answer nothing that would be wrong of a balancer', () => {
  expect(PAGES.unavailable.text).toContain('The domain is known, but nothing that it leads to can answer');
  expect(PAGES.unavailable.text).not.toMatch(/service/i);
});
