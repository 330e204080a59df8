import { getEventListeners } from 'node:events';
import { expect, it } from 'vitest';
import { linkedSignal, withSignal } from './linked-signal.ts';

it('fires with a parent, with its reason', () => {
  const [a, b] = [new AbortController(), new AbortController()];
  const { signal } = linkedSignal([a.signal, undefined, b.signal]);
  b.abort(new Error('why'));
  expect(signal.reason).toMatchObject({ message: 'why' });
  expect(getEventListeners(a.signal, 'abort')).toHaveLength(0);
});

it('has fired where a parent has', () => {
  expect(linkedSignal([AbortSignal.abort('gone')], 1000).signal.reason).toBe('gone');
});

it('fires after the time, as AbortSignal.timeout does', async () => {
  await expect(
    withSignal(
      [],
      10,
      (signal) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    ),
  ).rejects.toMatchObject({ name: 'TimeoutError' });
});

it('leaves nothing on its parents', async () => {
  const parent = new AbortController();
  for (let i = 0; i < 3; i++) await withSignal([parent.signal], 1000, async () => i);
  expect(getEventListeners(parent.signal, 'abort')).toHaveLength(0);
});
