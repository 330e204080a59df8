import { afterEach, beforeEach, expect, it } from 'vitest';
import { packRows } from '../../contract/figure-rows.ts';
import type { HostStatus } from '../../model/host.ts';
import { observedContainer } from '../../model/records.fixture.ts';
import { routeIds } from '../../model/service-routes.ts';
import type { RouteReading } from '../metrics/route-figures.ts';
import { type ApiFixture, containerRecord, hostRecord, startApi } from './api.fixture.ts';

/** What it takes to have routes. */
const SERVICE = {
  ...{ kind: 'service', runs: { kind: 'service' }, scale: { kind: 'replicated', replicas: 1 }, weight: 100 },
  ...{ routes: [], listeners: [], container: { Image: 'web' } },
};

let api: ApiFixture;
let told: RouteReading[];
beforeEach(async () => {
  told = [];
  api = await startApi({ traffic: () => told });
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

it('tells of routes, and of the releases that answered on them, to a viewer', async () => {
  const viewer = api.client(api.tokens.viewer);
  await expect(viewer.call('metrics.route', { name: 'x.example' })).rejects.toMatchObject({
    code: 'not_found',
    message: 'there is no route "x.example"',
  });
  const route = { kind: 'route', port: 80, host: { kind: 'domain', name: 'x.example' }, path: '/' };
  const service = { name: 'web', routes: [{ ...route, scheme: 'http', scope: 'public' }], listeners: [] };
  await api.store.update((tx) => {
    tx.put('stacks', { kind: 'stack-record', name: 'shop', generation: 1, at: 1, by: 'root' } as never);
    tx.put('services', {
      ...{ kind: 'service-record', stack: 'shop', name: 'web', scale: null, generation: 1, release: 2 },
      service: { ...SERVICE, ...service },
    } as never);
    const release = { kind: 'release-record', stack: 'shop', service: 'web', number: 2, at: api.clock.time };
    tx.put('releases', { ...release, cause: { kind: 'deploy' }, state: 'done' } as never);
  });
  const { settings } = await api.root.call('settings.get');
  const [id = ''] = routeIds(
    { stack: 'shop', name: 'web', service: { ...SERVICE, ...service } as never },
    settings,
  );
  told = [
    { route: id, pool: '', requestsPerSecond: 12, errorsPerSecond: 3, p50: 8, p95: 20 },
    { route: id, pool: 'r1', requestsPerSecond: 8, errorsPerSecond: 0, p50: 8, p95: 20 },
    { route: id, pool: 'r2', requestsPerSecond: 4, errorsPerSecond: 3, p50: 9, p95: 90 },
  ];
  api.deps.metrics.sum();
  const { series, marks, silent, stepMs } = await viewer.call('metrics.route', { name: 'x.example' });
  const newest = (all: Readonly<Record<string, readonly (number | null)[]>>) =>
    Object.fromEntries(Object.entries(all).map(([key, values]) => [key, Math.round(values.at(-1) ?? -1)]));
  expect([newest(series), stepMs, silent]).toEqual([{ requests: 12, errors: 3, p50: 8, p95: 20 }, 5_000, '']);
  expect(marks).toMatchObject([{ kind: 'release', subject: 'shop/web', number: 2 }]);
  const of = { stack: 'shop', service: 'web' };
  const { releases } = await viewer.call('metrics.releases', of);
  expect(releases.map((one) => [one.release, newest(one.series)])).toEqual([
    [2, { requests: 4, errors: 3, p50: 9, p95: 90 }],
    [1, { requests: 8, errors: 0, p50: 8, p95: 20 }],
  ]);
  // Of a release that has answered nothing within the time there is no line.
  told = told.slice(0, 2);
  api.clock.time += 3_600_000;
  api.deps.metrics.sum();
  expect((await viewer.call('metrics.releases', of)).releases.map(({ release }) => release)).toEqual([1]);
  const { releases: within } = await viewer.call('metrics.releases', { ...of, window: 21_600 });
  expect(within.map(({ release }) => release)).toEqual([2, 1]);
});

it('tells what the rules of a service have looked at', async () => {
  await api.store.update((tx) => {
    tx.put('stacks', { kind: 'stack-record', name: 'shop', generation: 1, at: 1, by: 'root' } as never);
    tx.put('services', {
      ...{ kind: 'service-record', stack: 'shop', name: 'web', scale: null, generation: 1, release: 1 },
      service: { ...SERVICE, name: 'web' },
    } as never);
  });
  api.deps.metrics.takeScaling('shop', 'web', { cpu: 81, count: 3 });
  const asked = { stack: 'shop', service: 'web' };
  const { series } = await api.client(api.tokens.viewer).call('metrics.scaling', asked);
  expect([series.cpu.at(-1), series.count.at(-1), series.latency.at(-1)]).toEqual([81, 3, null]);
  await api.store.update((tx) => tx.delete('services', 'shop/web'));
  const before = api.deps.metrics.size;
  api.deps.metrics.sweep();
  expect(api.deps.metrics.size).toBeLessThan(before);
});

it('says why there is nothing', async () => {
  const lost = await api.root.call('metrics.container', { container: 'lost' });
  expect(lost.silent).toBe('host h2 is down: has been silent for 60 s');
  expect(lost.series.cpu.every((value) => value === null)).toBe(true);
  api.clock.time += 60_000;
  expect((await api.root.call('metrics.host', { node: 'h1' })).silent).toMatch(
    /^host h1 has not told of itself yet, or its agent is too old to/,
  );
  await api.store.update((tx) =>
    tx.put('hostStatus', { kind: 'host-status', id: 'id-1', state: 'pending', reason: '' } as HostStatus),
  );
  expect((await api.root.call('metrics.host', { node: 'h1' })).silent).toBe(
    'host h1 has not told of itself yet',
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
