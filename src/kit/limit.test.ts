import { expect, it } from 'vitest';
import { newLimit } from './limit.ts';

it('runs no more than its width at once, in order, failures or not', async () => {
  const limit = newLimit(3);
  let running = 0;
  let most = 0;
  const order: number[] = [];
  const tasks = Array.from({ length: 20 }, (_, i) =>
    limit(async () => {
      order.push(i);
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, 1));
      running--;
      if (i % 4 === 0) throw new Error('no');
    }),
  );
  const outcomes = await Promise.allSettled(tasks);
  expect(most).toBe(3);
  expect(order).toEqual([...order].sort((a, b) => a - b));
  expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(5);
});
