import { afterEach, beforeEach, expect, it } from 'vitest';
import { packRows } from '../../contract/figure-rows.ts';
import type { HostStatus } from '../../model/host.ts';
import { observedContainer } from '../../model/records.fixture.ts';
import { type ApiFixture, containerRecord, hostRecord, startApi } from './api.fixture.ts';

let api: ApiFixture;
beforeEach(async () => {
  api = await startApi();
  await api.store.update((tx) => {
    tx.put('hosts', hostRecord('id-1', 'h1'));
    tx.put('hosts', hostRecord('id-2', 'h2'));
    tx.put('hostStatus', { kind: 'host-status', id: 'id-1', state: 'ready', reason: '' } as HostStatus);
    tx.put('hostStatus', {
      ...{ kind: 'host-status', id: 'id-2', state: 'down', reason: 'has been silent for 60 s' },
    } as HostStatus);
    tx.put('containers', containerRecord('c1', 'web', 'id-1'));
    tx.put('containers', containerRecord('c2', 'lost', 'id-2'));
    tx.put('observedContainers', observedContainer('id-1', 'e1', { clusterId: 'c1' }));
  });
  const figures = [0.5, 100, 1, 2, Number.NaN, 0, 3];
  api.deps.metrics.take('id-1', {
    ...{ t: 'figures', containers: ['c1'] },
    host: packRows([[1, 2, 0, 0, 500, 0, 1.5, 1, 1, 1, 1, 1, 4, 1000, 2000]]),
    rows: packRows([[0, ...figures, 2, 512]]),
  });
  api.deps.metrics.sum();
});
afterEach(() => api.close());

it('tells what a container used, to a viewer, and what it may use', async () => {
  const viewer = api.client(api.tokens.viewer);
  const { series, stepMs, from, ...rest } = await viewer.call('metrics.container', { container: 'web' });
  expect(rest).toEqual({ marks: [], silent: '', coreLimit: 2, memoryLimit: 512 });
  expect(stepMs).toBe(5_000);
  expect(from + series.cpu.length * stepMs).toBeGreaterThan(api.clock.time);
  expect(series.cpu.at(-1)).toBe(0.5);
  expect(series.memory.at(-1)).toBe(100);
  expect(series.diskRead.every((value) => value === null)).toBe(true);
  expect(series.cpu.slice(0, -1).every((value) => value === null)).toBe(true);
});

it('tells of hosts and of the cluster', async () => {
  const host = await api.root.call('metrics.host', { node: 'h1', window: 300 });
  expect(host).toMatchObject({ silent: '', cores: 4, memorySize: 1000, dockerDiskSize: 2000, stepMs: 5_000 });
  expect(host.series.cpuSystem.at(-1)).toBe(2);
  // h2 has told nothing.
  expect(await api.client(api.tokens.viewer).call('metrics.hosts')).toEqual({
    hosts: [{ host: 'id-1', cpuMilli: 3000, memory: 500 }],
  });
  const cluster = await api.root.call('metrics.cluster', { window: 21_600 });
  expect(cluster.stepMs).toBe(120_000);
  expect([cluster.series.cpu.at(-1), cluster.series.cores.at(-1), cluster.series.hosts.at(-1)]).toEqual([
    3, 4, 1,
  ]);
});

it('takes what no machine can measure for not known: one host does not spoil the charts of all', async () => {
  const more = Number.POSITIVE_INFINITY;
  api.deps.metrics.take('id-1', {
    ...{ t: 'figures', containers: ['c1'] },
    host: packRows([[more, 2, 0, 0, 500, 0, 1.5, 1, 1, 1, 1, 1, more, more, more]]),
    rows: packRows([[0, more, more, 1, 1, 1, 1, 1, more, more]]),
  });
  api.deps.metrics.sum();
  expect((await api.root.call('metrics.cluster')).series.cpu.at(-1)).toBeLessThanOrEqual(3);
  expect(await api.root.call('metrics.host', { node: 'h1' })).toMatchObject({ cores: 0, memorySize: 0 });
  expect(await api.root.call('metrics.container', { container: 'web' })).toMatchObject({ memoryLimit: 0 });
});

it('says why there is nothing', async () => {
  const lost = await api.root.call('metrics.container', { container: 'lost' });
  expect(lost.silent).toBe('host h2 is down: has been silent for 60 s');
  expect(lost.series.cpu.every((value) => value === null)).toBe(true);
  api.clock.time += 60_000;
  expect((await api.root.call('metrics.host', { node: 'h1' })).silent).toContain(
    'has not told of itself yet',
  );
});

it('refuses windows that are none, and what is not there', async () => {
  await expect(api.root.call('metrics.cluster', { window: 10 })).rejects.toMatchObject({
    code: 'bad_request',
  });
  await expect(api.root.call('metrics.cluster', { window: 30_000 })).rejects.toMatchObject({
    code: 'bad_request',
  });
  await expect(api.root.call('metrics.host', { node: 'h9' })).rejects.toMatchObject({ code: 'not_found' });
  await expect(api.root.call('metrics.service', { stack: 'no', service: 'no' })).rejects.toMatchObject({
    code: 'not_found',
  });
});
