import { expect, it } from 'vitest';
import { readiness } from './readiness.ts';

const service = (more: Partial<Parameters<typeof readiness>[0]>) => ({
  wanted: 2,
  ready: 2,
  current: 2,
  ...more,
});

it('counts the versions apart while two of them are up', () => {
  expect(readiness(service({}))).toEqual({ n: 2, all: 2, before: 0 });
  expect(readiness(service({ ready: 1, current: 1 }))).toEqual({ n: 1, all: 2, before: 0 });
  expect(readiness(service({ ready: 4, current: 2 }))).toEqual({ n: 2, all: 2, before: 2 });
  expect(readiness(service({ ready: 2, current: 0 }))).toEqual({ n: 0, all: 2, before: 2 });
  // Of one version that is to have fewer.
  expect(readiness(service({ ready: 5, current: 5 }))).toEqual({ n: 2, all: 2, before: 0 });
});
