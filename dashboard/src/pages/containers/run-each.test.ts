import { expect, it } from 'vitest';
import { runEach } from './run-each.ts';

const ITEMS = Array.from({ length: 25 }, (_, i) => i);

it('does all of them, a few at once, and tells of each that fails', async () => {
  let now = 0;
  let most = 0;
  const counts: number[] = [];
  const { failed, left } = await runEach(
    ITEMS,
    async (item) => {
      most = Math.max(most, ++now);
      await Promise.resolve();
      now--;
      if (item % 10 === 3) throw new Error(`no ${item}`);
    },
    { atOnce: 4, signal: new AbortController().signal, onDone: (count) => counts.push(count) },
  );
  expect(most).toBe(4);
  expect(failed.map(({ item, error }) => `${item} ${(error as Error).message}`).sort()).toEqual([
    ...['13 no 13', '23 no 23', '3 no 3'],
  ]);
  expect(left).toEqual([]);
  expect(counts).toEqual(ITEMS.map((i) => i + 1));
});

it('begins nothing more once it is stopped', async () => {
  const stop = new AbortController();
  const begun: number[] = [];
  const { failed, left } = await runEach(
    ITEMS,
    async (item) => {
      begun.push(item);
      await Promise.resolve();
      if (item === 5) stop.abort();
    },
    { atOnce: 2, signal: stop.signal, onDone: () => undefined },
  );
  expect(failed).toEqual([]);
  expect([...begun, ...left]).toEqual(ITEMS);
  expect(begun.length).toBeLessThan(9);
});
