import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { SharedTimers } from './shared-timers.ts';

let fired: string[];
let timers: SharedTimers;
beforeEach(() => {
  vi.useFakeTimers();
  fired = [];
  timers = new SharedTimers(100);
});
afterEach(() => {
  timers.close();
  vi.useRealTimers();
});

const after = (ms: number, name: string) => timers.after(ms, () => fired.push(name));

it('fire together at the next moment, and never early', () => {
  after(1_000, 'a');
  after(1_040, 'b');
  after(1_250, 'c');
  expect(vi.getTimerCount()).toBeLessThan(4);
  vi.advanceTimersByTime(999);
  expect(fired).toEqual([]);
  vi.advanceTimersByTime(201);
  expect(fired).toEqual(['a', 'b']);
  vi.advanceTimersByTime(200);
  expect(fired).toEqual(['a', 'b', 'c']);
});

it('are taken back one by one, and all at the end', () => {
  const cancel = after(10, 'a');
  after(10, 'b');
  cancel();
  vi.advanceTimersByTime(200);
  expect(fired).toEqual(['b']);
  after(10, 'c');
  timers.close();
  vi.advanceTimersByTime(200);
  expect(fired).toEqual(['b']);
});
