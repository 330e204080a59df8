import { beforeAll, expect, it } from 'vitest';
import type { TestClient } from '../testing/client.ts';
import { startEndpoint } from '../testing/endpoint.ts';
import { type FakeCluster, observed } from '../testing/fake-cluster.ts';

const COUNT = 20_000;
const id = (i: number) => i.toString(16).padStart(64, '0');

let cluster: FakeCluster;
let client: TestClient;

beforeAll(async () => {
  const started = await startEndpoint('alpha', 'beta');
  ({ cluster, client } = started);
  await cluster.store.update((tx) => {
    for (let i = 0; i < COUNT; i++) {
      const hostId = i % 2 === 0 ? 'h-alpha' : 'h-beta';
      tx.put('containers', {
        ...{
          kind: 'container',
          id: id(i),
          name: `c${i}`,
          createdAt: i,
          createdBy: 'root',
          apiVersion: '1.41',
        },
        desired: { generation: 1, state: 'stopped', spec: { Image: 'busybox' }, starts: 0 },
        assigned: { hostId, at: 0 },
      });
      const own = {
        id: `e${id(i).slice(1)}`,
        name: `c${i}`,
        created: i,
        exitCode: 0,
        startedAt: 1,
        finishedAt: 2,
      };
      const body = { Image: 'busybox', Labels: { 'berth.cluster.id': id(i), n: String(i) } };
      tx.put('observedContainers', observed(hostId, { ...own, body, status: i < 10 ? 'running' : 'exited' }));
    }
  });
  return started.close;
}, 30_000);

it('answers for a large cluster: all, those that run, those with a label, and the newest', async () => {
  const list = (query: string) => client.json<{ Id: string }[]>('GET', `/containers/json?${query}`);
  expect(await list('all=1')).toHaveLength(COUNT);
  expect(await list('')).toHaveLength(10);
  const labelled = await list(`all=1&filters=${encodeURIComponent('{"label":["n=777"]}')}`);
  expect(labelled.map(({ Id }) => Id)).toEqual([id(777)]);
  expect((await list('limit=1')).map(({ Id }) => Id)).toEqual([id(COUNT - 1)]);
}, 30_000);

it('cuts a long list down to what is asked for, newest first, whatever order it is kept in', async () => {
  const list = async (query: string) =>
    (await client.json<{ Id: string }[]>('GET', `/containers/json?${query}`)).map(({ Id }) => Id);
  const newest = Array.from({ length: 2500 }, (_, i) => id(COUNT - 1 - i));
  expect(await list('limit=3')).toEqual(newest.slice(0, 3));
  expect(await list('limit=2500')).toEqual(newest);
  const filtered = (filters: object, more = '') =>
    list(`all=1${more}&filters=${encodeURIComponent(JSON.stringify(filters))}`);
  expect(await filtered({ name: ['c1'] }, '&limit=2')).toEqual([id(19_999), id(19_998)]);
  expect(await filtered({ name: ['^c77$', '^/c78$'] })).toEqual([id(78), id(77)]);
  expect(await filtered({ name: ['^c77$', 'c1999'] })).toHaveLength(12);
  expect(await filtered({ id: [id(5), `e${id(6).slice(1)}`] })).toEqual([id(6), id(5)]);
  expect(await filtered({ id: [id(5)], name: ['^c6$'] })).toEqual([]);
  expect(await filtered({ label: ['berth.cluster.id'] })).toEqual([]);
}, 30_000);

it('keeps the order while containers come and go, also older ones', async () => {
  const newest = async (limit: number) =>
    (await client.json<{ Id: string }[]>('GET', `/containers/json?limit=${limit}`)).map(({ Id }) => Id);
  const [late, early] = ['f'.repeat(64), 'e'.repeat(64)];
  const template = cluster.store.view((tx) => tx.get('containers', id(0)));
  if (template === undefined) throw new Error('the first container is gone');
  const record = (own: string, createdAt: number) => ({ ...template, id: own, name: own, createdAt });
  await cluster.store.update((tx) => {
    tx.put('containers', record(late, COUNT + 5));
    tx.put('containers', record(early, COUNT - 2.5));
    tx.delete('containers', id(COUNT - 1));
  });
  expect(await newest(4)).toEqual([late, id(COUNT - 2), early, id(COUNT - 3)]);
  const undone = cluster.store.update((tx) => {
    tx.put('containers', record('d'.repeat(64), COUNT + 9));
    throw new Error('taken back');
  });
  await expect(undone).rejects.toThrow('taken back');
  await cluster.store.update((tx) => tx.delete('containers', late));
  expect(await newest(2)).toEqual([id(COUNT - 2), early]);
  await cluster.store.update((tx) => tx.put('containers', record('d'.repeat(64), COUNT + 9)));
  expect(await newest(1)).toEqual(['d'.repeat(64)]);
});

it('finds a service by its label, as it was asked for and as it is reported', async () => {
  await cluster.store.update((tx) => {
    for (const [i, service] of [3, 4, 5].map((n) => [n, n === 5 ? 'db' : 'web'] as const)) {
      const before = tx.get('containers', id(i));
      const seen = tx.get('observedContainers', `${i % 2 === 0 ? 'h-alpha' : 'h-beta'}/e${id(i).slice(1)}`);
      if (before === undefined || seen === undefined) throw new Error('the containers are not there');
      const labels = { 'berth.service': service };
      const spec = { ...before.desired.spec, Labels: labels };
      // The third has it of its image only.
      if (i !== 5) tx.put('containers', { ...before, desired: { ...before.desired, spec } });
      tx.put('observedContainers', { ...seen, labels: { ...seen.labels, ...labels } });
    }
  });
  const of = async (...labels: string[]) => {
    const filters = encodeURIComponent(JSON.stringify({ label: labels }));
    const path = `/containers/json?all=1&filters=${filters}`;
    return (await client.json<{ Id: string }[]>('GET', path)).map(({ Id }) => Id);
  };
  expect(await of('berth.service=web')).toEqual([id(4), id(3)]);
  expect(await of('n=3', 'berth.service=web')).toEqual([id(3)]);
  expect(await of('berth.service=db')).toEqual([id(5)]);
  expect(await of('berth.service=none')).toEqual([]);
});
