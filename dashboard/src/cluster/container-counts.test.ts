import { expect, it } from 'vitest';
import { containerCounts } from './container-counts.ts';

it('counts containers by who has made them', () => {
  const own = { managed: true };
  const router = { managed: false, router: true };
  const plain = { managed: false };
  expect(containerCounts([own, router, plain, own, plain, plain])).toEqual({ own: 2, routers: 1, plain: 3 });
  expect(containerCounts([])).toEqual({ own: 0, routers: 0, plain: 0 });
});
