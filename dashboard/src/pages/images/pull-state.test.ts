import { expect, it } from 'vitest';
import { bytesOf, type PullState, waiting, withItem } from './pull-state.ts';

it('adds up what hosts say of an image’s parts', () => {
  let state: PullState = [waiting('h2')];
  const progress = { kind: 'progress', host: 'h1' } as const;
  state = withItem(state, { ...progress, id: '', status: 'Pulling from web' });
  state = withItem(state, { ...progress, id: 'a', status: 'Downloading', done: 5, all: 10 });
  state = withItem(state, { ...progress, id: 'b', status: 'Downloading', done: 1, all: 30 });
  state = withItem(state, { ...progress, id: 'a', status: 'Pull complete' });
  state = withItem(state, { ...progress, id: 'c', status: 'Already exists' });
  expect(state.map(({ host, state: of }) => `${host} ${of}`)).toEqual(['h2 waiting', 'h1 pulling']);
  const [, first] = state;
  expect(first && bytesOf(first)).toEqual({ done: 11, all: 40 });
  state = withItem(state, { kind: 'pulled', host: 'h1' });
  state = withItem(state, { kind: 'failed', host: 'h2', reason: 'manifest unknown' });
  expect(state.map(({ state: of, said }) => `${of} ${said}`)).toEqual(['failed manifest unknown', 'pulled ']);
});
