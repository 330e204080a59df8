import { beforeEach, expect, it } from 'vitest';
import type { TestClient } from '../docker/testing/client.ts';
import { startEndpoint } from '../docker/testing/endpoint.ts';
import type { FakeCluster } from '../docker/testing/fake-cluster.ts';
import { EngineNetworks } from './engine-networks.ts';

let cluster: FakeCluster;
let client: TestClient;
let hands: EngineNetworks;

beforeEach(async () => {
  const started = await startEndpoint('alpha', 'beta');
  ({ cluster, client } = started);
  const none = () => Promise.reject(new Error('no agent in this test'));
  const agents = { ask: none, send: none };
  hands = new EngineNetworks(cluster.deps, agents);
  const network = { drivers: { xoverlay: { usable: true, reason: '' } }, wireMtu: 1500 };
  await cluster.store.update((tx) => {
    for (const status of [...tx.all('hostStatus')]) tx.put('hostStatus', { ...status, network });
  });
  return started.close;
});

const record = (name: string) => cluster.store.view((tx) => [...tx.by('networks', 'name', name)][0]);
const addresses = (id: string) =>
  cluster.store.view((tx) =>
    [...tx.by('addresses', 'network', id)].map(({ ip, holder }) => `${ip} ${holder.kind}`),
  );

it('makes networks, puts containers into them, takes them off, and removes them', async () => {
  const pools = [{ subnet: '10.7.0.0/24', range: '10.7.0.128/25', gateway: '10.7.0.254' }];
  const options = { encrypted: 'true' };
  const id = await hands.create({ name: 'shop', driver: 'xoverlay', pools, internal: true, options }, 'ann');
  expect(record('shop')).toMatchObject({
    id,
    createdBy: 'ann',
    span: { pools, encrypted: true, internal: true },
  });
  await client.json('POST', '/containers/create?name=web', { Image: 'busybox' }, 201);
  await hands.connect('shop', 'web', { ip: '10.7.0.200', aliases: ['shop-web'] });
  expect(addresses(id)).toContain('10.7.0.200 container');
  const spec = cluster.store.view((tx) => [...tx.by('containers', 'name', 'web')][0]?.desired.spec);
  expect(spec?.NetworkingConfig?.EndpointsConfig).toMatchObject({ [id]: { Aliases: ['shop-web'] } });
  await expect(hands.remove('shop')).rejects.toThrow(/has active endpoints: container web/);
  await hands.disconnect('shop', 'web');
  await hands.remove('shop');
  expect(record('shop')).toBeUndefined();
});

it('takes the cluster’s own driver where none is named, and a host’s for host/name', async () => {
  await hands.create({ name: 'own' }, 'ann');
  expect(record('own')?.span?.driver).toBe('xoverlay');
  await expect(hands.create({ name: 'own' }, 'ann')).rejects.toMatchObject({ code: 'conflict' });
  await expect(hands.create({ name: 'bridge' }, 'ann')).rejects.toMatchObject({ code: 'forbidden' });
  await expect(hands.connect('own', 'nobody', {})).rejects.toMatchObject({ code: 'not_found' });
});
