import { expect, it } from 'vitest';
import { unknownOf } from './unknown.ts';

const of = (state: string, host?: string) =>
  unknownOf({ state }, host === undefined ? undefined : { state: host });

it('tells what nobody knows from what does not run', () => {
  expect(of('running', 'ready')).toBeUndefined();
  expect(of('exited', 'ready')).toBeUndefined();
  expect(of('exited', 'pending')).toBeUndefined();
  // Made just now, or the manager was started just now.
  expect(of('pending', 'ready')).toBe('unreported');
  expect(of('pending', 'pending')).toBe('unreported');
  expect(of('pending')).toBe('unreported');
  expect(of('pending', 'suspect')).toBe('silent');
  expect(of('pending', 'down')).toBe('silent');
  // What it was last may be long over.
  expect(of('exited', 'down')).toBe('silent');
});
