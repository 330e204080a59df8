import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Again } from './again.ts';

let isOld: boolean;
let asked: number[];
let tookMs: number;
let again: Again;

beforeEach(() => {
  vi.useFakeTimers({ now: 0 });
  isOld = false;
  asked = [];
  tookMs = 10;
  again = new Again({
    isOld: () => isOld,
    ask: async () => {
      asked.push(Date.now());
      await new Promise((resolve) => setTimeout(resolve, tookMs));
    },
  });
});
afterEach(() => {
  again.end();
  vi.useRealTimers();
});

/** A change every 100 ms. */
async function change(ms: number): Promise<void> {
  for (let at = 0; at < ms; at += 100) {
    again.look();
    await vi.advanceTimersByTimeAsync(100);
  }
}

it('asks where something has changed, and only there', async () => {
  await change(5000);
  expect(asked).toEqual([]);
  isOld = true;
  again.look();
  isOld = false;
  await vi.advanceTimersByTimeAsync(5000);
  expect(asked).toEqual([5700]);
});

it('lets each question be answered while changes do not end, and rests the longer the longer that took', async () => {
  isOld = true;
  tookMs = 2000;
  await change(25_000);
  // 700 to wait, 2,000 to be answered, 8,000 to rest.
  expect(asked).toEqual([700, 11_400, 22_100]);
});

it('asks once more for what has changed while it rested, and nothing once it has ended', async () => {
  isOld = true;
  again.look();
  await vi.advanceTimersByTimeAsync(3000);
  expect(asked).toEqual([700, 2110]);
  again.end();
  await change(5000);
  expect(asked.length).toBe(2);
});
