import { expect, it } from 'vitest';
import { BerthError } from '../../../src/contract/page-client.ts';
import { thereBy } from './there.ts';

const GONE = new BerthError('not_found', 'there is no such thing');
const { signal } = new AbortController();

/** A manager that answers each route by these, one after the other, the last one for good. */
function fake(answers: Readonly<Record<string, readonly unknown[]>>) {
  const asked: string[] = [];
  const call = async (route: string) => {
    const before = asked.filter((one) => one === route).length;
    asked.push(route);
    const answer = answers[route]?.slice(0, before + 1).at(-1);
    if (answer instanceof Error) throw answer;
    return answer;
  };
  return { asked, api: { call: call as never } };
}
const users = (...created: readonly number[]) => ({
  users: created.map((createdAt) => ({ name: 'ann', createdAt })),
});
const node = (name: string, state: string) => ({ name, state });

it('is gone where the manager knows no such thing, or has another one of its name', async () => {
  const of = (answer: unknown) =>
    thereBy(
      'stack.get',
      { stack: 'shop' },
      (found) => found.generation >= 4,
      [],
      fake({ 'stack.get': [answer] }).api,
    )(signal);
  expect(await of({ generation: 4 })).toBe(true);
  expect(await of({ generation: 5 })).toBe(true);
  expect(await of({ generation: 1 })).toBe(false);
  expect(await of(GONE)).toBe(false);
});

it('is looked for in a list that has all of them', async () => {
  const of = (answer: unknown) =>
    thereBy(
      'user.list',
      undefined,
      (found) => found.users.some((one) => one.name === 'ann' && one.createdAt === 7),
      [],
      fake({ 'user.list': [answer] }).api,
    )(signal);
  expect(await of(users(7))).toBe(true);
  expect(await of(users(8))).toBe(false);
  expect(await of(users())).toBe(false);
});

it('claims nothing where it may not be read, or is not answered', async () => {
  for (const code of ['forbidden', 'unauthenticated', 'unavailable', 'timeout', 'internal'] as const) {
    const { api } = fake({ 'volume.get': [new BerthError(code, 'no')] });
    await expect(thereBy('volume.get', { volume: 'v' }, undefined, [], api)(signal)).rejects.toThrow('no');
  }
});

it('claims nothing of what a host reports that is away, or has not reported yet', async () => {
  const of = (gets: readonly unknown[], ...nodes: readonly unknown[]) => {
    const { asked, api } = fake({ 'volume.get': gets, 'node.list': [{ nodes }] });
    return { asked, there: thereBy('volume.get', { volume: 'h1/v' }, undefined, ['h1'], api)(signal) };
  };
  for (const state of ['pending', 'suspect', 'down'])
    expect(await of([GONE], node('h1', state), node('h2', 'ready')).there).toBe(true);
  const ready = of([GONE], node('h1', 'ready'), node('h2', 'down'));
  expect(await ready.there).toBe(false);
  expect(ready.asked).toEqual(['volume.get', 'node.list', 'volume.get']);
  // A host that was taken out has taken it along.
  expect(await of([GONE], node('h2', 'ready')).there).toBe(false);
  // It has reported between the two questions.
  expect(await of([GONE, {}], node('h1', 'ready')).there).toBe(true);
  const there = of([{}], node('h1', 'down'));
  expect(await there.there).toBe(true);
  expect(there.asked).toEqual(['volume.get']);
});
