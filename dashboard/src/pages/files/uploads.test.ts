import { expect, it } from 'vitest';
import { BerthError } from '../../../../src/contract/page-client.ts';
import type { Target } from './send-file.ts';
import { type Send, Uploads } from './uploads.ts';

type Sent = Readonly<{
  target: Target;
  signal: AbortSignal;
  progress(sent: number): void;
  done(): void;
  fail(thrown: unknown): void;
}>;

/** Uploads whose files go where the test lets them go. */
function begin() {
  const sent: Sent[] = [];
  const send: Send = (target, _file, signal, progress) =>
    new Promise((resolve, reject) => {
      const done = () => resolve({ path: `${target.path}/${target.name}`, size: 4 });
      signal.addEventListener('abort', () => reject(signal.reason));
      sent.push({ target, signal, progress, done, fail: reject });
    });
  const uploads = new Uploads(send);
  const add = (...names: string[]) =>
    uploads.add(
      names.map((name) => ({
        file: new Blob(['1234']),
        target: { container: 'c1', path: '/data', name, replace: false },
      })),
    );
  const states = () => uploads.snapshot().map(({ target, state }) => `${target.name} ${state}`);
  const id = (name: string) => uploads.snapshot().find(({ target }) => target.name === name)?.id ?? 0;
  return { uploads, sent, add, states, id };
}

const settled = () => new Promise((resolve) => setTimeout(resolve));

it('sends one after the other, and tells how far each is', async () => {
  const { sent, add, states, uploads } = begin();
  let told = 0;
  uploads.subscribe(() => told++);
  add('a', 'b');
  expect(states()).toEqual(['a sending', 'b waiting']);
  sent[0]?.progress(2);
  expect(uploads.snapshot()[0]).toMatchObject({ state: 'sending', sent: 2 });
  sent[0]?.progress(4);
  expect(states()).toEqual(['a ending', 'b waiting']);
  sent[0]?.done();
  await settled();
  expect(states()).toEqual(['a done', 'b sending']);
  expect(told).toBeGreaterThan(4);
});

it('goes on after one that was refused, and sends it again where it is to be replaced', async () => {
  const { sent, add, states, uploads, id } = begin();
  add('a', 'b');
  sent[0]?.fail(new BerthError('conflict', '"/data/a" is there already'));
  await settled();
  expect(states()).toEqual(['a failed', 'b sending']);
  uploads.retry(id('b'), true);
  uploads.retry(id('a'), true);
  expect(states()).toEqual(['b sending', 'a waiting']);
  sent[1]?.done();
  await settled();
  expect(sent[2]?.target).toMatchObject({ name: 'a', replace: true });
  sent[2]?.done();
  await settled();
  uploads.clear('c2');
  expect(states()).toEqual(['b done', 'a done']);
  uploads.clear('c1');
  expect(states()).toEqual([]);
});

it('cancels what is under way, and what waits, and a late word of it changes nothing', async () => {
  const { sent, add, states, uploads, id } = begin();
  add('a', 'b', 'c');
  uploads.cancel(id('b'));
  uploads.cancel(id('a'));
  expect(sent[0]?.signal.aborted).toBe(true);
  sent[0]?.progress(4);
  await settled();
  expect(states()).toEqual(['a cancelled', 'b cancelled', 'c sending']);
  uploads.cancel(id('a'));
  uploads.drop();
  await settled();
  expect([states(), sent.length, sent[1]?.signal.aborted]).toEqual([[], 2, true]);
});

it('sends no more in the name of somebody who is not logged in', async () => {
  const { sent, add, states } = begin();
  add('a', 'b');
  sent[0]?.fail(new BerthError('unauthenticated', 'log in'));
  await settled();
  expect([states(), sent.length]).toEqual([['a failed', 'b failed'], 1]);
});
