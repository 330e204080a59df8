import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { packRows } from '../../contract/figure-rows.ts';
import { CONTAINER_ROW, HOST_ROW, rowOf } from '../../model/figures.ts';
import { hostRecord, observedContainer } from '../../model/records.fixture.ts';
import { newMemoryStore, type Store } from '../../store/index.ts';
import { containerRecord } from '../v1/api.fixture.ts';
import { bytesOfRing, TIERS } from './figure-ring.ts';
import { MetricBook } from './metric-book.ts';

const T0 = 1_800_000_000_000;
const NOTHING = {
  ...{ cpu: 0, memory: 0, networkIn: 0, networkOut: 0, diskRead: Number.NaN, diskWrite: 0, pids: 1 },
  ...{ coreLimit: 0, memoryLimit: 0 },
};
const row = (more: Partial<typeof NOTHING>) => rowOf(CONTAINER_ROW, { ...NOTHING, ...more });
const HOST = {
  ...{ cpuUser: 1, cpuSystem: 0.5, cpuStolen: 0, cpuWait: 0.25, memory: 1_000, swap: 0, load: 2 },
  ...{ networkIn: 10, networkOut: 20, diskRead: 30, diskWrite: 40, dockerDisk: 50 },
  ...{ cores: 4, memorySize: 8_000, dockerDiskSize: 900 },
};
const host = packRows([rowOf(HOST_ROW, HOST)]);

let store: Store;
let now: number;
let books: MetricBook[];
beforeEach(async () => {
  store = newMemoryStore();
  now = T0;
  books = [];
  await store.update((tx) => {
    for (const id of ['h1', 'h2']) tx.put('hosts', hostRecord(id));
    const service = { stack: 'shop', name: 'web', index: 1, release: 1 };
    tx.put('containers', { ...containerRecord('c1', 'web1', 'h1'), service });
    tx.put('containers', { ...containerRecord('c2', 'web2', 'h2'), service: { ...service, index: 2 } });
    tx.put('containers', containerRecord('c3', 'db', 'h1'));
    tx.put('observedContainers', observedContainer('h1', 'e9', { name: 'plain' }));
  });
});
afterEach(async () => {
  for (const book of books) book.close();
  await store.close();
});
const clock = { now: () => now, sleep: () => Promise.resolve() };
const newBook = (mostBytes?: number) => {
  const book = new MetricBook({ store, clock, ...(mostBytes === undefined ? {} : { mostBytes }) });
  books.push(book);
  return book;
};
const known = (values: Float64Array | undefined) => [...(values ?? [])].filter((value) => value >= 0);

describe('what hosts have measured', () => {
  it('is kept for hosts and containers; what is not told of again is as it was', () => {
    const book = newBook();
    const rows = packRows([
      [0, ...row({ cpu: 0.5 })],
      [1, ...row({ cpu: 0.25 })],
    ]);
    book.take('h1', { t: 'figures', host, containers: ['c1', 'e9'], rows });
    now += 5_000;
    book.take('h1', { t: 'figures', host, rows: packRows([[1, ...row({ cpu: 1 })]]) });
    const [cpu, memory, , , diskRead] = book.ofContainer('c1', 60_000).columns;
    expect(known(cpu).map((value) => value.toFixed(2))).toEqual(['0.50', '0.50']);
    expect(known(memory)).toEqual([0, 0]);
    expect(known(diskRead)).toEqual([]);
    expect(known(book.ofContainer('e9', 60_000).columns[0]).map((value) => value.toFixed(2))).toEqual([
      ...['0.25', '1.00'],
    ]);
    expect(known(book.ofHost('h1', 60_000).columns[0]).map(Math.round)).toEqual([1, 1]);
    expect(book.hostNow('h1')).toEqual({ ...HOST });
    expect(book.containerNow('e9')).toMatchObject({ cpu: 1, pids: 1 });
    expect([...book.containersNow('h1')].map(({ id }) => id)).toEqual(['c1', 'e9']);
  });

  it('is not taken from a host of another’s containers, nor of what nobody knows', () => {
    const book = newBook();
    const ids = ['c2', 'nobody', 'c1'];
    const rows = packRows(ids.map((_, i) => [i, ...row({ cpu: 3 })]));
    book.take('h1', { t: 'figures', containers: ids, rows });
    expect([...book.containersNow('h1')].map(({ id }) => id)).toEqual(['c1']);
    expect(known(book.ofContainer('c2', 60_000).columns[0])).toEqual([]);
  });

  it('does not break by rows that are none, and places that are not there', () => {
    const book = newBook();
    book.take('h1', { t: 'figures', host: 'AAAA', containers: ['c1'], rows: '!!!' });
    book.take('h1', {
      t: 'figures',
      rows: packRows([
        [7, ...row({})],
        [-1, ...row({})],
        [0.5, ...row({})],
      ]),
    });
    expect(book.hostNow('h1')).toBeUndefined();
    expect(known(book.ofContainer('c1', 60_000).columns[0])).toEqual([]);
  });

  it('follows a container to its next host, with what it has done before', async () => {
    const book = newBook();
    const rows = packRows([[0, ...row({ cpu: 1 })]]);
    book.take('h1', { t: 'figures', containers: ['c3'], rows });
    await store.update((tx) => tx.put('containers', containerRecord('c3', 'db', 'h2')));
    now += 20_000;
    book.take('h2', { t: 'figures', containers: ['c3'], rows });
    book.take('h1', { t: 'figures', rows: '' });
    expect(known(book.ofContainer('c3', 60_000).columns[0]).map(Math.round)).toEqual([1, 1]);
    expect([...book.containersNow('h1')]).toEqual([]);
    expect(book.containerNow('c3')?.cpu).toBe(1);
  });

  it('is summed up for services and the cluster, over those that tell', () => {
    const book = newBook();
    const rows = packRows([[0, ...row({ cpu: 1, memory: 100 })]]);
    book.take('h1', { t: 'figures', host, containers: ['c1'], rows });
    book.take('h2', { t: 'figures', host, containers: ['c2'], rows });
    book.sum();
    now += 5_000;
    book.take('h1', { t: 'figures', host, rows: '' });
    book.sum();
    // h2 has not been heard of for long.
    now += 12_000;
    book.take('h1', { t: 'figures', host, rows: '' });
    book.sum();
    const { columns } = book.ofService('shop', 'web', 60_000);
    expect(known(columns[0]).map(Math.round)).toEqual([2, 2, 1, 1]);
    expect(known(columns.at(-1)).map(Math.round)).toEqual([2, 2, 1, 1]);
    const cluster = book.ofCluster(60_000).columns;
    expect(known(cluster[0]).map((value) => value.toFixed(1))).toEqual(['3.0', '3.0', '1.5', '1.5']);
    expect(known(cluster.at(-1)).map(Math.round)).toEqual([2, 2, 1, 1]);
    expect(book.isTelling('h2')).toBe(false);
    expect(book.hostNow('h2')).toBeUndefined();
  });

  it('goes with what it is of', async () => {
    const book = newBook();
    const before = book.size;
    book.take('h1', { t: 'figures', host, containers: ['c1', 'e9'], rows: '' });
    book.sweep();
    expect(book.size).toBeGreaterThan(before);
    await store.update((tx) => {
      tx.delete('containers', 'c1');
      tx.delete('observedContainers', 'h1/e9');
    });
    book.sweep();
    book.forget('h1');
    expect(book.size).toBe(before);
  });
});

describe('the bound', () => {
  const COUNT = 60;
  const ids = Array.from({ length: COUNT }, (_, i) => `m${i}`);
  beforeEach(() =>
    store.update((tx) => {
      for (const id of ids) tx.put('containers', containerRecord(id, id, 'h1'));
    }),
  );
  const all = (some: readonly string[]) => ({
    ...{ t: 'figures' as const, containers: [...some] },
    rows: packRows(some.map((_, i) => [i, ...row({ cpu: 1 })])),
  });
  const size = (tiers: typeof TIERS) => bytesOfRing(7, tiers);
  const base = () => newBook().size + bytesOfRing(12, TIERS);

  it('is kept by doing without the finest tiers, for all, and taken back where there is room again', async () => {
    const most = base() + COUNT * size(TIERS.slice(1)) + 10;
    const book = newBook(most);
    const step = (id: string) => book.ofContainer(id, 60_000).stepMs;
    book.take('h1', all(ids.slice(0, 20)));
    expect(step('m0')).toBe(5_000);
    book.take('h1', all(ids));
    for (let i = 0; i < 3; i++) book.take('h1', { t: 'figures', rows: '' });
    expect(book.size).toBeLessThanOrEqual(most);
    expect([step('m0'), step('m59')]).toEqual([30_000, 30_000]);
    expect(known(book.ofContainer('m59', 60_000).columns[0])).toHaveLength(1);
    await store.update((tx) => {
      for (const id of ids.slice(10)) tx.delete('containers', id);
    });
    book.sweep();
    book.take('h1', all([...ids.slice(0, 10), 'c1']));
    expect(step('m0')).toBe(5_000);
  });

  it('is not filled by what is not there, however much of it a host tells of', () => {
    const book = newBook(base() + COUNT * size(TIERS));
    book.take('h1', all(ids.slice(0, 20)));
    const strangers = Array.from({ length: 5_000 }, (_, i) => `nobody${i}`);
    book.take('h2', all([...strangers, ...ids]));
    for (let i = 0; i < 3; i++) book.take('h1', { t: 'figures', rows: '' });
    expect(book.ofContainer('m0', 60_000).stepMs).toBe(5_000);
  });

  it('holds where even that is too much: then the newest containers have no place', () => {
    const most = base() + 10 * size(TIERS.slice(2)) + 10;
    const book = newBook(most);
    for (let i = 0; i < 3; i++) book.take('h1', all(ids));
    expect(book.size).toBeLessThanOrEqual(most);
    expect([...book.containersNow('h1')]).toHaveLength(10);
  });
});
