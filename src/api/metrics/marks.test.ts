import { afterEach, beforeEach, expect, it } from 'vitest';
import type { ReleaseRecord } from '../../model/deployment.ts';
import type { HostStatus } from '../../model/host.ts';
import { hostRecord } from '../../model/records.fixture.ts';
import { newMemoryStore, type Store } from '../../store/index.ts';
import { containerRecord } from '../v1/api.fixture.ts';
import { CLUSTER_MARKS, containerMarks, hostMarks, Marks, serviceMarks } from './marks.ts';

const T0 = 1_800_000_000_000;
let store: Store;
let marks: Marks;
let now: number;
const clock = { now: () => now, sleep: () => Promise.resolve() };
const release = (number: number, more: Partial<ReleaseRecord> = {}) =>
  ({
    ...{ kind: 'release-record', stack: 'shop', service: 'web', number, at: T0, by: 'ann', spec: {} },
    ...{ cause: { kind: 'deploy' }, changes: [], state: 'releasing', reason: '', failed: [], ...more },
  }) as unknown as ReleaseRecord;
const status = (state: HostStatus['state']) => ({ kind: 'host-status', id: 'h1', state }) as HostStatus;
const scaled = (...changes: { at: number; from: number; to: number }[]) => ({
  ...{ kind: 'scale-history' as const, stack: 'shop', service: 'web' },
  changes: changes.map((one) => ({ ...one, by: 'autoscaler', why: '' })),
});

beforeEach(async () => {
  now = T0;
  store = newMemoryStore();
  await store.update((tx) => {
    for (const id of ['h1', 'h2']) tx.put('hosts', { ...hostRecord(id), name: `name-${id}` });
    tx.put('hostStatus', status('ready'));
    tx.put('releases', release(1, { at: T0 - 60_000 }));
    tx.put('releases', release(0, { at: T0 - 7 * 3_600_000 }));
    const service = { stack: 'shop', name: 'web', index: 1, release: 1 };
    tx.put('containers', { ...containerRecord('c1', 'web1', 'h1'), service });
    tx.put('scaleHistory', scaled({ at: T0 - 30_000, from: 1, to: 2 }));
  });
  marks = new Marks({ store, clock });
});
afterEach(async () => {
  marks.close();
  await store.close();
});
const kinds = (subject: string, since = 0) => marks.of(subject, since).map(({ kind }) => kind);

it('are read from the history of the last hours when the manager starts', () => {
  expect(marks.of(serviceMarks('shop', 'web'), 0)).toEqual([
    { at: T0 - 60_000, kind: 'release', subject: 'shop/web', number: 1 },
    { at: T0 - 30_000, kind: 'scaling', subject: 'shop/web', from: 1, to: 2, by: 'autoscaler' },
  ]);
  expect(kinds(CLUSTER_MARKS, T0 - 40_000)).toEqual(['scaling']);
  expect(kinds(serviceMarks('shop', 'other'))).toEqual([]);
});

it('are made of releases and scalings as they come', async () => {
  await store.update((tx) => {
    tx.put('releases', release(2, { at: T0, cause: { kind: 'rollback', to: 1, automatic: true } }));
    tx.put('scaleHistory', scaled({ at: T0 - 30_000, from: 1, to: 2 }, { at: T0 + 1, from: 2, to: 5 }));
  });
  const shared = (weight: number) => ({ shift: { weight, step: 0, since: 0 } });
  await store.update((tx) => tx.put('releases', release(2, { state: 'waiting' })));
  await store.update((tx) => tx.put('releases', release(2, { state: 'waiting', ...shared(10) })));
  // A step of the same share is none to be marked.
  await store.update((tx) =>
    tx.put('releases', release(2, { state: 'waiting', ...shared(10), reason: 'x' })),
  );
  await store.update((tx) =>
    tx.put(
      'releases',
      release(2, { state: 'paused', ...shared(0), reason: '9 % of its answers are errors' }),
    ),
  );
  now += 5_000;
  await store.update((tx) => tx.put('releases', release(2, { state: 'confirmed' })));
  expect(marks.of(serviceMarks('shop', 'web'), T0)).toEqual([
    { at: T0, kind: 'rollback', subject: 'shop/web', number: 2 },
    { at: T0 + 1, kind: 'scaling', subject: 'shop/web', from: 2, to: 5, by: 'autoscaler' },
    { at: T0, kind: 'weight', subject: 'shop/web', number: 2, to: 10 },
    { at: T0, kind: 'weight', subject: 'shop/web', number: 2, to: 0 },
    {
      ...{ at: T0, kind: 'stopped', subject: 'shop/web', number: 2 },
      reason: '9 % of its answers are errors',
    },
    { at: T0 + 5_000, kind: 'confirmed', subject: 'shop/web', number: 2 },
  ]);
});

it('tell a fail-over from a planned move, on the charts of all that it concerns', async () => {
  const moveTo = (hostId: string) =>
    store.update((tx) => {
      const record = tx.get('containers', 'c1');
      if (record !== undefined) tx.put('containers', { ...record, assigned: { hostId, at: now } });
    });
  await store.update((tx) => tx.put('hostStatus', status('down')));
  await moveTo('h2');
  await store.update((tx) => tx.put('hostStatus', status('ready')));
  await moveTo('h1');
  const failover = {
    ...{ at: T0, kind: 'failover', subject: 'web1' },
    ...{ fromHost: 'name-h1', toHost: 'name-h2' },
  };
  expect(marks.of(containerMarks('c1'), 0)[0]).toEqual(failover);
  expect(marks.of(hostMarks('h2'), 0)[0]).toEqual(failover);
  expect(kinds(serviceMarks('shop', 'web'), T0)).toEqual(['failover', 'move']);
  expect(kinds(hostMarks('h1'))).toEqual(['host-down', 'failover', 'host-back', 'move']);
  expect(kinds(CLUSTER_MARKS, T0)).toEqual(['host-down', 'host-back']);
});
