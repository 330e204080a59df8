import { afterEach, beforeEach, expect, it } from 'vitest';
import { viewsOf } from '../../contract/v1/container-columns.ts';
import { LABEL_ROUTER } from '../../model/labels.ts';
import { observedContainer, RUNNING } from '../../model/records.fixture.ts';
import { type ApiFixture, containerRecord, hostRecord, startApi } from './api.fixture.ts';

let api: ApiFixture;
beforeEach(async () => {
  api = await startApi();
  await api.store.update((tx) => {
    for (const n of [1, 2, 3]) tx.put('hosts', hostRecord(`id-${n}`, `h${n}`));
    tx.put('containers', containerRecord('c1', 'web', 'id-1'));
    tx.put('containers', {
      ...containerRecord('c2', 'shop-db-1', 'id-2'),
      service: { stack: 'shop', name: 'db', index: 1, release: 1 },
    });
    tx.put(
      'observedContainers',
      observedContainer('id-1', 'e1', {
        clusterId: 'c1',
        command: 'sleep 60',
        state: { ...RUNNING, startedAt: 5000, health: 'healthy' },
        ports: [{ ip: '0.0.0.0', privatePort: 80, publicPort: 8080, type: 'tcp' }],
      }),
    );
    tx.put('observedContainers', observedContainer('id-3', 'e3', { name: 'stray', created: 7 }));
  });
});
afterEach(() => api.close());

it('tells all of them by columns, host by host, to whoever shows very many', async () => {
  const told: unknown[] = [];
  for await (const columns of api.client(api.tokens.viewer).lines('container.columns'))
    told.push(...viewsOf(columns));
  const { containers } = await api.root.call('container.list');
  expect(containers).toHaveLength(3);
  expect(told).toEqual(containers);
});

it('lists what the cluster has made and what it has not', async () => {
  const { containers, next } = await api.root.call('container.list');
  expect(next).toBeUndefined();
  expect(containers).toEqual([
    {
      ...{ id: 'c1', name: 'web', managed: true, hostId: 'id-1', hostName: 'h1', image: 'busybox' },
      ...{ command: 'sleep 60', state: 'running', health: 'healthy', exitCode: 0 },
      ...{ createdAt: 1, startedAt: 5000 },
      ports: [{ ip: '0.0.0.0', privatePort: 80, publicPort: 8080, type: 'tcp' }],
    },
    {
      ...{ id: 'c2', name: 'shop-db-1', managed: true, hostId: 'id-2', hostName: 'h2', image: 'busybox' },
      ...{
        command: '',
        state: 'pending',
        health: 'none',
        exitCode: 0,
        createdAt: 1,
        startedAt: 0,
        ports: [],
      },
      service: { stack: 'shop', name: 'db' },
    },
    {
      ...{ id: 'e3', name: 'stray', managed: false, hostId: 'id-3', hostName: 'h3', image: 'busybox' },
      ...{
        command: '',
        state: 'running',
        health: 'none',
        exitCode: 0,
        createdAt: 7000,
        startedAt: 0,
        ports: [],
      },
    },
  ]);
});

it("knows a router of Berth's own from what somebody has made past it", async () => {
  await api.store.update((tx) =>
    tx.put(
      'observedContainers',
      observedContainer('id-3', 'e4', { name: 'berth-router', labels: { [LABEL_ROUTER]: 'digest' } }),
    ),
  );
  const { containers } = await api.root.call('container.list', { node: 'h3' });
  expect(containers.map(({ name, managed, router }) => [name, managed, router])).toEqual([
    ['stray', false, undefined],
    ['berth-router', false, true],
  ]);
  for await (const columns of api.root.lines('container.columns'))
    expect(
      viewsOf(columns)
        .filter(({ router }) => router)
        .map(({ name }) => name),
    ).toEqual(columns.hostName === 'h3' ? ['berth-router'] : []);
});

it('gives pages of whole hosts, each once', async () => {
  const ids: string[] = [];
  let cursor: string | undefined;
  let pages = 0;
  do {
    const page = await api.root.call('container.list', { limit: 1, cursor });
    ids.push(...page.containers.map(({ id }) => id));
    cursor = page.next;
    pages++;
  } while (cursor !== undefined);
  expect([pages, ids]).toEqual([3, ['c1', 'c2', 'e3']]);
  expect((await api.root.call('container.list', { node: 'h2' })).containers).toHaveLength(1);
  await expect(api.root.call('container.list', { node: 'h9' })).rejects.toMatchObject({ code: 'not_found' });
});

it('finds one by name, ID, or its host and name', async () => {
  for (const container of ['web', 'c1', 'h1/web', '/web'])
    expect((await api.root.call('container.get', { container })).id).toBe('c1');
  expect((await api.root.call('container.get', { container: 'stray' })).managed).toBe(false);
  await expect(api.root.call('container.get', { container: 'nobody' })).rejects.toMatchObject({
    code: 'not_found',
  });
});

it('says what an agent is about to start again', async () => {
  await api.store.update((tx) =>
    tx.put(
      'observedContainers',
      observedContainer('id-1', 'e1', {
        clusterId: 'c1',
        state: { ...RUNNING, status: 'exited', exitCode: 3 },
        nextStartAt: 9,
      }),
    ),
  );
  expect(await api.root.call('container.get', { container: 'web' })).toMatchObject({
    state: 'restarting',
    exitCode: 3,
  });
});

it('inspects by the role of who asks, and brings logs line by line', async () => {
  const viewer = api.client(api.tokens.viewer);
  expect(await viewer.call('container.inspect', { container: 'c1' })).toEqual({ Id: 'c1', Role: 'viewer' });
  const lines = [];
  for await (const line of viewer.lines('container.logs', { container: 'c1', tail: 5 })) lines.push(line);
  expect(lines).toMatchObject([{ kind: 'line', container: 'web', text: 'hello' }]);
  const none = viewer.lines('container.logs', { container: 'nobody' })[Symbol.asyncIterator]();
  await expect(none.next()).rejects.toMatchObject({ code: 'not_found' });
});

it('writes down who did what', async () => {
  const operator = api.client(api.tokens.operator);
  await operator.call('container.restart', { container: 'c1', timeout: 1 });
  await operator.call('container.remove', { container: 'c1', force: true });
  await expect(operator.call('container.stop', { container: 'nobody' })).rejects.toThrow();
  await expect(
    api.client(api.tokens.viewer).call('container.start', { container: 'c1' }),
  ).rejects.toMatchObject({
    code: 'forbidden',
  });
  const { entries } = await api.root.call('audit.list', { action: 'container.*' });
  expect(entries.map(({ user, action, target }) => [user, action, target])).toEqual([
    ['the-viewer', 'container.start', 'web'],
    ['the-operator', 'container.stop', 'nobody'],
    ['the-operator', 'container.remove', 'web'],
    ['the-operator', 'container.restart', 'web'],
  ]);
});
