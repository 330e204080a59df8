import { expect, it } from 'vitest';
import {
  networkId,
  networkStore,
  putNetwork,
  putContainer as putOther,
} from '../../networks/networks.fixture.ts';
import { putContainer } from './put-container.ts';

const places = { placer: { place: () => ({ hostId: 'h1' }) }, connected: () => true };

it('leaves nothing of a container whose addresses cannot be had, to a transaction that goes on', async () => {
  const store = await networkStore(1);
  await store.update((tx) => {
    putNetwork(tx, 'front', ['10.1.0.0/24']);
    putNetwork(tx, 'back', ['10.2.0.0/24']);
    putOther(tx, 'holder', 'h1', ['back']);
  });
  const taken = store
    .view((tx) => [...tx.by('addresses', 'network', networkId('back'))])
    .map(({ ip }) => ip)
    .find((ip) => ip !== '10.2.0.1');
  const endpoints = { front: {}, back: { IPAMConfig: { IPv4Address: taken } } };
  const spec = {
    Image: 'web',
    HostConfig: { NetworkMode: 'front', Binds: ['data:/data'] },
    NetworkingConfig: { EndpointsConfig: endpoints },
  };
  const asked = {
    ...{ name: 'web', spec, platform: undefined, apiVersion: '1.41', by: 'root', at: 1 },
    desired: { state: 'running', starts: 1 } as const,
  };
  await store.update((tx) => {
    expect(() => putContainer(tx, places, asked)).toThrow('Address already in use');
  });
  store.view((tx) => {
    expect([...tx.all('containers')].map(({ name }) => name)).toEqual(['holder']);
    expect(tx.get('volumes', 'data')).toBeUndefined();
    const held = [...tx.all('addresses')].filter(({ holder }) => holder.kind === 'container');
    expect(held.map(({ ip }) => ip)).toEqual([taken]);
  });
});
