import { expect, it } from 'vitest';
import type { ServiceView, StackView } from '../../../../src/contract/v1/services.ts';
import { serviceLook, stackLook, whyOf } from './look.ts';

const service = (more: Partial<ServiceView> = {}): ServiceView => ({
  ...{ stack: 'shop', name: 'web', image: 'web:1', mode: 'replicated', scale: null, removing: false },
  ...{ wanted: 2, running: 2, ready: 2, current: 2, waiting: '' },
  release: { number: 1, state: 'done', reason: '' },
  ...more,
});
const release = (state: ServiceView['release']['state'], reason = '') => ({ number: 2, state, reason });
const stack = (...services: ServiceView[]): StackView => ({
  ...{ name: 'shop', generation: 1, at: 1, by: 'root', removing: false, services },
});

it('puts what a person has to look at before what is on its way', () => {
  expect(serviceLook(service())).toEqual({ state: 'ready', tone: 'good' });
  expect(serviceLook(service({ ready: 1 }))).toEqual({ state: 'partly', tone: 'busy' });
  expect(serviceLook(service({ ready: 0 }))).toEqual({ state: 'down', tone: 'bad' });
  expect(serviceLook(service({ wanted: 0, ready: 0 }))).toEqual({ state: 'stopped', tone: 'idle' });
  expect(serviceLook(service({ release: release('releasing') })).state).toBe('releasing');
  expect(serviceLook(service({ release: release('releasing'), overdue: 'no room' }))).toEqual({
    ...{ state: 'overdue', tone: 'bad' },
  });
  expect(serviceLook(service({ release: release('waiting') })).tone).toBe('busy');
  // Stopped in the middle: whoever stopped it may have reasons, unless containers are missing.
  expect(serviceLook(service({ release: release('paused') })).tone).toBe('busy');
  expect(serviceLook(service({ release: release('paused'), ready: 1 })).tone).toBe('bad');
  expect(serviceLook(service({ removing: true, overdue: 'x' })).state).toBe('removing');
});

it('has words of their own for jobs', () => {
  expect(serviceLook(service({ mode: 'cron', wanted: 0, ready: 0 }))).toEqual({
    state: 'timed',
    tone: 'good',
  });
  expect(serviceLook(service({ mode: 'job', wanted: 1, ready: 1 })).state).toBe('finished');
  expect(serviceLook(service({ mode: 'job', release: release('failed') })).tone).toBe('bad');
  // One whose containers have ended well, with `restart: "no"`.
  expect(serviceLook(service({ running: 0 })).state).toBe('finished');
});

it('says why by what lasts longest', () => {
  expect(whyOf(service({ overdue: 'no room', waiting: 'pulls' }))).toBe('no room');
  expect(whyOf(service({ waiting: 'pulls', release: release('releasing', 'x') }))).toBe('pulls');
  expect(whyOf(service({ release: release('paused', 'by ana') }))).toBe('by ana');
});

it('is as well as the worst service, and counts no more containers than are wanted', () => {
  expect(stackLook(stack(service(), service({ wanted: 0, ready: 0 })))).toMatchObject({
    state: 'good',
    well: 2,
  });
  expect(stackLook(stack(service(), service({ ready: 4, release: release('waiting') })))).toEqual({
    ...{ state: 'busy', tone: 'busy', well: 1, ready: 4, wanted: 4 },
  });
  expect(stackLook(stack(service({ ready: 1 }), service({ overdue: 'no room' }))).state).toBe('bad');
  expect(stackLook(stack(service({ wanted: 0, ready: 0 }))).state).toBe('idle');
  expect(stackLook(stack()).state).toBe('good');
  expect(stackLook({ ...stack(service()), removing: true }).state).toBe('removing');
});
