import { afterAll, beforeAll, expect, it } from 'vitest';
import { type DockerEndpoint, newDockerEndpoint } from '../server.ts';
import { TestClient } from '../testing/client.ts';
import { FakeCluster, observed } from '../testing/fake-cluster.ts';

const COUNT = 100_000;
const id = (i: number) => i.toString(16).padStart(64, '0');

let cluster: FakeCluster;
let endpoint: DockerEndpoint;
let client: TestClient;

beforeAll(async () => {
  cluster = await FakeCluster.start('alpha', 'beta');
  endpoint = newDockerEndpoint(cluster.deps);
  await endpoint.listenUnix(cluster.socket);
  client = new TestClient(cluster.socket);
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
}, 60_000);
afterAll(async () => {
  await endpoint.close();
  await cluster.close();
});

it('of 100,000 containers the few that are asked for are found soon, and all can be had', async () => {
  const started = performance.now();
  expect(await client.json<unknown[]>('GET', '/containers/json')).toHaveLength(10);
  const filters = encodeURIComponent('{"label":["n=777"],"name":["^c7+$"]}');
  expect(await client.json<unknown[]>('GET', `/containers/json?all=1&filters=${filters}`)).toHaveLength(1);
  expect((await client.json<{ Id: string }[]>('GET', '/containers/json?limit=1'))[0]?.Id).toBe(id(COUNT - 1));
  // Half a second each on a slow machine; formatting first would take several.
  expect(performance.now() - started).toBeLessThan(2500);
  expect(await client.json<unknown[]>('GET', '/containers/json?all=1')).toHaveLength(COUNT);
}, 30_000);
