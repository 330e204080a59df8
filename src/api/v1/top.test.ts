import { afterEach, beforeEach, expect, it } from 'vitest';
import { packRows } from '../../contract/figure-rows.ts';
import { CONTAINER_ROW, HOST_ROW, rowOf } from '../../model/figures.ts';
import { observedContainer } from '../../model/records.fixture.ts';
import { type ApiFixture, containerRecord, hostRecord, startApi } from './api.fixture.ts';

const NOTHING = {
  ...{ cpu: 0, memory: 0, networkIn: 0, networkOut: 0, diskRead: 0, diskWrite: 0, pids: 1 },
  ...{ coreLimit: 0, memoryLimit: 0 },
};
const row = (more: Partial<typeof NOTHING>) => rowOf(CONTAINER_ROW, { ...NOTHING, ...more });
const HOST = {
  ...{ cpuUser: 1, cpuSystem: 0.5, cpuStolen: 0, cpuWait: 0, memory: 1_000, swap: 0, load: 2 },
  ...{ networkIn: 10, networkOut: 20, diskRead: 30, diskWrite: 40, dockerDisk: 50 },
  ...{ cores: 4, memorySize: 8_000, dockerDiskSize: 900 },
};

let api: ApiFixture;
beforeEach(async () => {
  api = await startApi();
  await api.store.update((tx) => {
    for (const [id, name] of [
      ['id-1', 'h1'],
      ['id-2', 'h2'],
      ['id-3', 'h10'],
    ] as const)
      tx.put('hosts', hostRecord(id, name));
    const service = { stack: 'shop', name: 'web', index: 1, release: 1 };
    tx.put('containers', { ...containerRecord('c1', 'shop_web_1', 'id-1'), service });
    tx.put('containers', containerRecord('c2', 'db', 'id-1'));
    tx.put('containers', {
      ...containerRecord('c3', 'shop_api_1', 'id-2'),
      service: { ...service, name: 'api' },
    });
    tx.put('observedContainers', observedContainer('id-2', 'e9', { name: 'plain' }));
  });
  const { metrics } = api.deps;
  metrics.take('id-1', {
    ...{ t: 'figures', containers: ['c1', 'c2'], host: packRows([rowOf(HOST_ROW, HOST)]) },
    rows: packRows([
      [0, ...row({ cpu: 0.5, memory: 300, networkIn: Number.NaN, networkOut: 7, coreLimit: 2 })],
      [1, ...row({ cpu: Number.NaN, memory: 900, networkIn: 4, networkOut: 4 })],
    ]),
  });
  metrics.take('id-2', {
    ...{ t: 'figures', containers: ['c3', 'e9'] },
    host: packRows([rowOf(HOST_ROW, { ...HOST, memory: 4_000, cpuUser: 0.25 })]),
    rows: packRows([
      [0, ...row({ cpu: 1.5, memory: 100, diskWrite: 5 })],
      [1, ...row({ cpu: 0.25, memory: 200, pids: 9 })],
    ]),
  });
});
afterEach(() => api.close());

const names = async (query: Parameters<typeof api.root.call<'top.containers'>>[1]) => {
  const { containers, measured } = await api.client(api.tokens.viewer).call('top.containers', query);
  return [measured, ...containers.map(({ name }) => name)];
};

it('tells what containers use, those of plain docker too, the busiest first', async () => {
  const { containers, measured } = await api.client(api.tokens.viewer).call('top.containers', {});
  expect(measured).toBe(4);
  expect(containers[1]).toEqual({
    ...{ id: 'c1', name: 'shop_web_1', host: 'h1', stack: 'shop', service: 'web' },
    ...{ cpu: 0.5, memory: 300, networkIn: null, networkOut: 7, diskRead: 0, diskWrite: 0, pids: 1 },
    ...{ coreLimit: 2, memoryLimit: 0 },
  });
  expect(containers.map(({ name }) => name)).toEqual(['shop_api_1', 'shop_web_1', 'plain', 'db']);
  // What is not known comes last.
  expect(containers.at(-1)).toMatchObject({ name: 'db', cpu: null, service: '' });
});

it('tells of those alone that are asked for by their IDs', async () => {
  expect(await names({ ids: 'e9,c1,c1,no-such' })).toEqual([2, 'shop_web_1', 'plain']);
  expect(await names({ ids: 'e9,c1', node: 'h2' })).toEqual([1, 'plain']);
});

it('sorts by each of its orders, and leaves out what is not among the first', async () => {
  expect(await names({ order: 'memory', limit: 2 })).toEqual([4, 'db', 'shop_web_1']);
  expect(await names({ order: 'network', limit: 2 })).toEqual([4, 'db', 'shop_web_1']);
  expect(await names({ order: 'disk', limit: 1 })).toEqual([4, 'shop_api_1']);
  expect(await names({ order: 'pids', limit: 1 })).toEqual([4, 'plain']);
  expect(await names({ order: 'name' })).toEqual([4, 'db', 'plain', 'shop_api_1', 'shop_web_1']);
});

it('tells of one host, stack or service, and says which are not there', async () => {
  expect(await names({ node: 'h2' })).toEqual([2, 'shop_api_1', 'plain']);
  await expect(names({ node: 'h9' })).rejects.toMatchObject({ code: 'not_found' });
  await expect(names({ stack: 'shop' })).rejects.toMatchObject({ message: 'there is no stack "shop"' });
  await api.store.update((tx) =>
    tx.put('stacks', {
      ...{ kind: 'stack', name: 'shop', generation: 1, at: 1, by: 'root' },
      spec: { kind: 'stack', name: 'shop' },
    } as never),
  );
  expect(await names({ stack: 'shop' })).toEqual([2, 'shop_api_1', 'shop_web_1']);
  expect(await names({ stack: 'shop', node: 'h1' })).toEqual([1, 'shop_web_1']);
  expect(await names({ stack: 'shop', ids: 'e9,c3' })).toEqual([1, 'shop_api_1']);
  await api.store.update((tx) =>
    tx.put('services', { kind: 'service-record', stack: 'shop', name: 'web' } as never),
  );
  expect(await names({ stack: 'shop', service: 'web' })).toEqual([1, 'shop_web_1']);
  await expect(names({ stack: 'shop', service: 'no' })).rejects.toMatchObject({ code: 'not_found' });
  await expect(names({ service: 'web' })).rejects.toMatchObject({
    code: 'bad_request',
    message: expect.stringContaining('a service is named with its stack'),
  });
  await expect(names({ limit: 0 })).rejects.toMatchObject({ code: 'bad_request' });
});

it('tells what hosts use, and which have told nothing of late', async () => {
  const { hosts, silent, measured } = await api.client(api.tokens.viewer).call('top.hosts', {});
  expect([measured, silent]).toEqual([2, ['h10']]);
  expect(hosts[0]).toEqual({ ...HOST, id: 'id-1', name: 'h1' });
  const order = async (by: 'memory' | 'name' | 'load') =>
    (await api.root.call('top.hosts', { order: by })).hosts.map(({ name }) => name);
  expect(await order('memory')).toEqual(['h2', 'h1']);
  expect(await order('load')).toEqual(['h1', 'h2']);
  api.clock.time += 60_000;
  expect(await api.root.call('top.hosts', {})).toEqual({
    hosts: [],
    measured: 0,
    silent: ['h1', 'h2', 'h10'],
  });
  expect(await names({})).toEqual([0]);
});
