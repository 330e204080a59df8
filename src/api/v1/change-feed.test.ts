import { afterEach, beforeEach, expect, it } from 'vitest';
import type { ChangeEvent } from '../../contract/v1/cluster.ts';
import type { Orphan } from '../../model/life.ts';
import { hostStatusRecord, observedContainer, RUNNING } from '../../model/records.fixture.ts';
import { newMemoryStore, type Store } from '../../store/index.ts';
import { containerRecord, hostRecord } from './api.fixture.ts';
import { ChangeFeed } from './change-feed.ts';

let store: Store;
let feed: ChangeFeed;
let told: ChangeEvent[];
let time = 0;

beforeEach(async () => {
  store = newMemoryStore();
  await store.update((tx) => {
    tx.put('hosts', hostRecord('id-1', 'h1'));
    tx.put('containers', containerRecord('c1', 'web', 'id-1'));
    tx.put('observedContainers', seen(5000));
    tx.put('observedContainers', { ...seen(5000), engineId: 'e2', clusterId: undefined, name: 'stray' });
  });
  feed = new ChangeFeed(store, () => ++time);
  told = [];
  time = 0;
  feed.subscribe(undefined, (_, event) => void told.push(event as ChangeEvent));
});
afterEach(() => feed.close());

const seen = (startedAt: number) =>
  observedContainer('id-1', 'e1', { clusterId: 'c1', state: { ...RUNNING, startedAt } });

it('tells of a restart that is over before it is reported', async () => {
  await store.update((tx) => {
    tx.put('observedContainers', seen(6000));
    tx.put('observedContainers', { ...seen(7000), engineId: 'e2', clusterId: undefined, name: 'stray' });
  });
  await expect
    .poll(() => told)
    .toMatchObject([
      { kind: 'container', name: 'web', state: 'running', startedAt: 6000 },
      { kind: 'container', name: 'stray', state: 'running', startedAt: 7000 },
    ]);
});

it('tells of a host whose labels are others, though it says nothing of them', async () => {
  const labels = { rack: 'r1' };
  await store.update((tx) => tx.put('hosts', hostRecord('id-1', 'h1', { labels })));
  await store.update((tx) => tx.put('hosts', hostRecord('id-1', 'h1', { labels: { ...labels } })));
  await store.update((tx) => tx.put('hosts', hostRecord('id-1', 'h1', { labels, cordoned: true })));
  await expect
    .poll(() => told)
    .toMatchObject([
      { kind: 'node', change: 'changed', name: 'h1', cordoned: false },
      { kind: 'node', change: 'changed', name: 'h1', cordoned: true },
    ]);
});

it('tells of containers that a restored state does not know, until they are gone', async () => {
  const orphan = { kind: 'orphan', id: 'lost', name: 'lost', hostId: 'id-1', held: {} } as unknown as Orphan;
  const lost = observedContainer('id-1', 'e3', { clusterId: 'lost', name: 'lost' });
  await store.update((tx) => {
    tx.put('observedContainers', lost);
    tx.put('orphans', orphan);
  });
  await store.update((tx) =>
    tx.put('observedContainers', { ...lost, state: { ...lost.state, status: 'exited' } }),
  );
  await store.update((tx) => tx.delete('observedContainers', 'id-1/e3'));
  await store.update((tx) => tx.put('observedContainers', lost));
  await store.update((tx) => tx.delete('orphans', 'id-1/lost'));
  const events = () =>
    told.map((one) => (one.kind === 'container' ? `${one.id} ${one.change} ${one.state}` : one.kind));
  await expect
    .poll(events)
    .toEqual([
      ...['e3 added running', 'e3 changed exited', 'e3 removed exited'],
      ...['e3 added running', 'e3 removed running'],
    ]);
});

it('tells what has happened again, by kind, host and name, a page at a time', async () => {
  for (const state of ['suspect', 'down', 'ready'] as const)
    await store.update((tx) => tx.put('hostStatus', hostStatusRecord('id-1', { state })));
  await store.update((tx) => tx.put('hosts', hostRecord('id-2', 'h2')));
  await expect.poll(() => told.length).toBe(4);
  const first = feed.past({ kind: 'node', host: 'id-1', limit: 2 });
  expect(first.events).toMatchObject([
    { at: 3, event: { name: 'h1', state: 'ready' } },
    { at: 2, event: { name: 'h1', state: 'down' } },
  ]);
  expect(first.events[0]?.id).toMatch(/-3$/);
  const second = feed.past({ kind: 'node', host: 'id-1', limit: 2, cursor: first.next });
  expect(second).toMatchObject({ events: [{ at: 1, event: { state: 'suspect' } }] });
  expect(second.next).toBeUndefined();
  expect(feed.past({ text: 'H2', limit: 9 }).events).toMatchObject([{ event: { change: 'added' } }]);
  expect(feed.past({ kind: 'stack', limit: 9 }).events).toEqual([]);
  expect(feed.past({ limit: 9, cursor: 'before-7' }).events).toEqual([]);
});

it('tells of the cluster’s networks and volumes, and of no host’s own', async () => {
  const made = { createdAt: 0, createdBy: 'ann' };
  const network = { kind: 'network', id: 'n1', name: 'shop', ...made, spec: { Name: 'shop' } } as const;
  const volume = { kind: 'volume', name: 'data', ...made, spec: { Name: 'data' } } as const;
  await store.update((tx) => {
    tx.put('networks', network);
    tx.put('networks', { ...network, id: 'n2', name: 'own', plainOn: 'id-1' });
    tx.put('volumes', volume);
  });
  await store.update((tx) => tx.put('volumes', { ...volume, hostId: 'id-1' }));
  await store.update((tx) => tx.delete('networks', 'n1'));
  await expect
    .poll(() => told)
    .toEqual([
      { kind: 'network', change: 'added', name: 'shop', hostId: '' },
      { kind: 'volume', change: 'added', name: 'data', hostId: '' },
      { kind: 'volume', change: 'changed', name: 'data', hostId: 'id-1' },
      { kind: 'network', change: 'removed', name: 'shop', hostId: '' },
    ]);
  const { events } = feed.past({ kind: 'volume', limit: 10 });
  expect(events).toHaveLength(2);
});
