import { expect, it } from 'vitest';
import { OwnExecs } from './own-execs.ts';

const event = (Action: string, execID: string, ID = 'c1') => ({
  ...{ Type: 'container', Action, Actor: { ID, Attributes: { execID } }, time: 0, timeNano: 0 },
});
const all = (execs: OwnExecs, id: string, container = 'c1') =>
  ['exec_create: test -e /x', 'exec_start: test -e /x', 'exec_die'].map((action) =>
    execs.isOwn(event(action, id, container)),
  );

it('knows its own by ID, also where the event is faster than the answer', () => {
  const execs = new OwnExecs();
  const slow = execs.begin('c1', ['test', '-e', '/x']);
  expect(all(execs, 'e1')).toEqual([true, true, true]);
  slow.is('e1');
  slow.over();
  const quick = execs.begin('c1', ['test', '-e', '/x']);
  quick.is('e2');
  expect(all(execs, 'e2')).toEqual([true, true, true]);
});

it('knows both of two that are alike and under way at once', () => {
  const execs = new OwnExecs();
  for (let n = 0; n < 2; n++) execs.begin('c1', ['test', '-e', '/x']);
  expect(all(execs, 'e1')).toEqual([true, true, true]);
  expect(all(execs, 'e2')).toEqual([true, true, true]);
  expect(all(execs, 'e3')).toEqual([false, false, false]);
});

it('knows a command without arguments', () => {
  const execs = new OwnExecs();
  execs.begin('c1', ['true']);
  expect(execs.isOwn(event('exec_create: true ', 'e1'))).toBe(true);
});

it("lets everybody else's be: another container, another command, the same one beside it", () => {
  const execs = new OwnExecs();
  expect(all(execs, 'e1')).toEqual([false, false, false]);
  const run = execs.begin('c1', ['test', '-e', '/x']);
  expect(all(execs, 'e1', 'c2')).toEqual([false, false, false]);
  expect(execs.isOwn(event('exec_create: sh', 'e3'))).toBe(false);
  run.is('e4');
  expect(all(execs, 'e5')).toEqual([false, false, false]);
  execs.begin('c1', ['test', '-e', '/x']).over();
  // It was given up before the engine made it.
  expect(all(execs, 'e6')).toEqual([false, false, false]);
  expect(execs.isOwn({ ...event('start', 'e4') })).toBe(false);
});
