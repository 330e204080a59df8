import { afterEach, beforeEach, expect, it } from 'vitest';
import { endContainer } from '../networks/give-back.ts';
import { networkId, putContainer, putHost, putNetwork } from '../networks/networks.fixture.ts';
import { type ApiFixture, startApi } from './api.fixture.ts';

let api: ApiFixture;
let web: string;
beforeEach(async () => {
  api = await startApi();
  await api.store.update((tx) => {
    putHost(tx, 'h1', { dataAddress: '192.0.2.1' });
    putNetwork(tx, 'x1', ['10.1.0.0/29']);
    putNetwork(tx, 'x2', ['10.2.0.0/24', 'fd00::/64']);
    web = putContainer(tx, 'web', 'h1', ['x1', 'x2']).id;
    tx.put('networks', {
      kind: 'network',
      id: 'f'.repeat(64),
      name: 'local',
      createdAt: 0,
      createdBy: '',
      spec: { Name: 'local' },
    });
  });
});
afterEach(() => api.close());

it('lists what is not free, and by whom', async () => {
  expect(await api.root.call('ip.list', { network: 'x2' })).toMatchObject({
    network: 'x2',
    pools: [
      { subnet: '10.2.0.0/24', size: '254', taken: 2 },
      { subnet: 'fd00::/64', size: String(2n ** 64n - 1n), taken: 2 },
    ],
    addresses: [
      { ip: '10.2.0.1', state: 'used', holder: 'the gateway of the network', heldBy: { kind: 'gateway' } },
      { ip: '10.2.0.2', state: 'used', holder: 'container web on host h1', mac: '02:be:0a:02:00:02' },
      { ip: 'fd00::1', state: 'used', holder: 'the gateway of the network' },
      { ip: 'fd00::2', state: 'used', holder: 'container web on host h1' },
    ],
  });
});

it('reserves what a container has, which then outlives it', async () => {
  const { call } = api.root;
  const { addresses } = await call('ip.reserve', { network: networkId('x2'), name: 'web' });
  expect(addresses.map(({ ip }) => ip)).toEqual(['10.2.0.2', 'fd00::2']);
  expect(await call('ip.reserve', { network: 'x2', name: 'web' })).toEqual({ addresses });
  await api.store.update((tx) => endContainer(tx, web, Date.now()));
  const list = async (network: string) => (await call('ip.list', { network })).addresses.slice(1);
  expect(await list('x2')).toMatchObject([
    {
      ...{ ip: '10.2.0.2', state: 'reserved', holder: 'a reservation for web', reservedFor: 'web' },
      heldBy: { kind: 'reservation', name: 'web' },
    },
    { state: 'used' },
    { ip: 'fd00::2', state: 'reserved' },
  ]);
  expect(await list('x1')).toMatchObject([
    {
      ...{ ip: '10.1.0.2', state: 'leaving', holder: 'container web, which is gone' },
      ...{ heldBy: { kind: 'gone', name: 'web' }, freeAt: expect.any(Number) },
    },
  ]);
  await api.store.update((tx) => putContainer(tx, 'web', 'h1', ['x2']));
  expect((await list('x2'))[0]).toMatchObject({ ip: '10.2.0.2', state: 'used', reservedFor: 'web' });
  expect(await call('ip.release', { network: 'x2', reservation: 'web' })).toEqual({
    released: ['10.2.0.2', 'fd00::2'],
  });
  expect((await list('x2'))[0]).not.toHaveProperty('reservedFor');
});

it('reserves an address for a container to come, and nobody else’s', async () => {
  const { call } = api.root;
  expect((await call('ip.reserve', { network: 'x1', name: 'db', ip: '10.1.0.5' })).addresses).toMatchObject([
    { ip: '10.1.0.5', state: 'reserved', mac: '02:be:0a:01:00:05' },
  ]);
  expect((await call('ip.reserve', { network: 'x1', name: 'cache' })).addresses).toMatchObject([
    { ip: '10.1.0.3' },
  ]);
  const refused = (input: { name: string; ip?: string; network?: string }) =>
    expect(call('ip.reserve', { network: 'x1', ...input })).rejects;
  await refused({ name: 'other', ip: '10.1.0.5' }).toThrow('is held by a reservation for db');
  await refused({ name: 'other', ip: '10.1.0.2' }).toThrow('is held by container web on host h1');
  await refused({ name: 'db', ip: '10.1.0.6' }).toThrow('10.1.0.5 of network x1 is reserved for db already');
  await refused({ name: 'db2', ip: '10.3.0.6' }).toThrow('not in the pools of network x1');
  await refused({ name: 'db2', ip: 'fd00::9' }).toThrow('not in the pools of network x1');
  await refused({ name: 'db2', ip: 'x' }).toThrow('"x" is not an address');
  await refused({ name: '-', ip: '10.1.0.6' }).toThrow('write a name that a container can have');
  await refused({ network: 'local', name: 'db' }).toThrow('network local lives on one host');
  await refused({ network: 'none', name: 'db' }).toThrow('there is no network "none"');
  await expect(call('ip.release', { network: 'x1', reservation: '10.1.0.2' })).rejects.toThrow(
    'has no reservation "10.1.0.2"',
  );
  expect(await call('ip.release', { network: 'x1', reservation: '10.1.0.5' })).toEqual({
    released: ['10.1.0.5'],
  });
  expect((await call('ip.list', { network: 'x1' })).addresses.map(({ ip }) => ip)).toEqual([
    '10.1.0.1',
    '10.1.0.2',
    '10.1.0.3',
  ]);
});

it('a full network says so', async () => {
  const { call } = api.root;
  for (const name of ['aa', 'bb', 'cc', 'dd']) await call('ip.reserve', { network: 'x1', name });
  await expect(call('ip.reserve', { network: 'x1', name: 'ee' })).rejects.toThrow(
    'x1: 10.1.0.0/29 has 6, all in use: 1 container (web), 4 reservations (aa, bb, cc, dd), the gateway',
  );
});
