import { expect, it } from 'vitest';
import type { ServiceView, StackView } from '../../../src/contract/v1/services.ts';
import { waysAtOnce } from './action.ts';
import { isScalable, rollbackAction, scaleAction, serviceActions, stackActions } from './service-actions.tsx';

const w = (key: string, values: object = {}) => [key, ...Object.values(values)].join(' ');
const service = (more: Partial<ServiceView> = {}): ServiceView => ({
  ...{ stack: 'shop', name: 'web', image: 'web:1', mode: 'replicated', scale: null, removing: false },
  ...{ wanted: 2, running: 2, ready: 2, current: 2, waiting: '' },
  release: { number: 3, state: 'done', reason: '' },
  ...more,
});
const ids = (more: Partial<ServiceView>) => serviceActions(service(more), w).map(({ id }) => id);
const at = (state: ServiceView['release']['state']) => ({ number: 3, state, reason: '' });

it('offers what the state of the release allows', () => {
  expect(ids({})).toEqual(['restart', 'rollback']);
  expect(ids({ release: { ...at('done'), number: 1 } })).toEqual(['restart']);
  expect(ids({ release: at('waiting') })).toEqual(['confirm', 'restart', 'rollback']);
  expect(ids({ release: at('releasing') })).toEqual(['pause', 'restart', 'rollback']);
  expect(ids({ release: at('releasing'), next: '25 %' })).toEqual([
    'confirm',
    'pause',
    'restart',
    'rollback',
  ]);
  expect(ids({ release: at('paused') })).toEqual(['resume', 'restart', 'rollback']);
  expect(ids({ mode: 'cron' })).toEqual(['run']);
  expect(ids({ removing: true })).toEqual([]);
});

it('says which release was seen, so that two who go back go back once', () => {
  expect(rollbackAction(service(), w, 1).way).toEqual({
    cli: 'berth release rollback shop/web --to 1',
    route: 'release.rollback',
    input: { stack: 'shop', service: 'web', to: 1, release: 3 },
  });
  const confirm = serviceActions(service({ release: at('waiting') }), w)[0];
  expect(confirm?.way.input).toEqual({ stack: 'shop', service: 'web', release: 3 });
});

it('has the ways of what is done without a question, to be found before it is done', () => {
  const ways = (more: Partial<ServiceView>) => waysAtOnce(serviceActions(service(more), w));
  expect(ways({ release: at('releasing') })).toEqual([
    { title: 'pause', way: expect.objectContaining({ cli: 'berth release pause shop/web' }) },
  ]);
  expect(ways({ mode: 'cron' }).map(({ way }) => way.cli)).toEqual(['berth job run shop/web']);
  expect(ways({})).toEqual([]);
});

it('asks before a service is stopped, and before a stack goes', () => {
  expect(scaleAction(service(), w, 5, 2)).toMatchObject({
    way: { cli: 'berth service scale shop/web 5', input: { replicas: 5, was: 2 } },
  });
  expect(scaleAction(service(), w, 5, 2).confirm).toBeUndefined();
  const stop = scaleAction(service(), w, 0, 2);
  expect(stop.confirm?.title).toBe('scale.title shop/web');
  expect([stop.isDangerous, stop.confirm?.typed?.word]).toEqual([true, 'shop/web']);
  const stack: StackView = {
    ...{ name: 'shop', generation: 1, at: 1, by: 'root', removing: false, services: [service()] },
  };
  expect(stackActions(stack, w)[0]?.confirm?.typed?.word).toBe('shop');
  expect(stackActions({ ...stack, removing: true }, w)).toEqual([]);
  expect([service(), service({ mode: 'global' }), service({ mode: 'cron' })].map(isScalable)).toEqual([
    ...[true, false, false],
  ]);
});
