import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LABEL_ID } from '../../model/labels.ts';
import { observedContainer } from '../../model/records.fixture.ts';
import type { WriteTx } from '../../store/index.ts';
import { networkId, putContainer, putHost, putNetwork } from '../networks/networks.fixture.ts';
import { type ApiFixture, fakeNetworks, startApi } from './api.fixture.ts';
import type { NetworkHands } from './network-hands.ts';

let api: ApiFixture;
const asked: string[] = [];
const note = async (...words: readonly unknown[]) => void asked.push(words.map(String).join(' '));
const hands: NetworkHands = {
  ...fakeNetworks,
  create: async ({ name, driver }, user) => {
    await note('create', driver, name, user);
    return 'new-id';
  },
  remove: (ref) => note('remove', ref),
  connect: (ref, container, { ip, aliases }) => note('connect', ref, container, ip, aliases),
  disconnect: (ref, container) => note('disconnect', ref, container),
};
beforeEach(async () => {
  asked.length = 0;
  api = await startApi({ networks: hands });
  await api.store.update((tx) => {
    putHost(tx, 'h1', { dataAddress: '192.0.2.1' });
    putHost(tx, 'h2', { dataAddress: '192.0.2.2' });
    putNetwork(tx, 'shop', ['10.1.0.0/29'], { options: { encrypted: 'true' } });
    const labels = { 'com.docker.compose.project': 'shop', 'com.docker.compose.service': 'web' };
    putContainer(tx, 'web', 'h1', ['shop'], { Labels: labels });
    putContainer(tx, 'db', 'h2', ['shop']);
    putLocal(tx, 'h1', 'b1', 'bridge');
    putLocal(tx, 'h1', 'p1', 'shop', { [LABEL_ID]: networkId('shop') });
    tx.put('observedContainers', {
      ...observedContainer('h1', 'e1', { name: 'plain <b>' }),
      networkSettings: {
        Networks: {
          bridge: {
            ...{ NetworkID: 'b1', IPAddress: '172.17.0.2', GlobalIPv6Address: '', Aliases: ['alias'] },
            MacAddress: '02:42:ac:11:00:02',
          },
        },
      },
    });
  });
});
afterEach(() => api.close());

function putLocal(
  tx: WriteTx,
  hostId: string,
  id: string,
  name: string,
  labels: Record<string, string> = {},
) {
  const driver = name === 'bridge' ? 'bridge' : 'xoverlay';
  tx.put('observedNetworks', {
    ...{ kind: 'observed-network', hostId, networkId: id, name, driver, scope: 'local', labels },
    raw: {
      ...{
        Name: name,
        Id: id,
        Driver: driver,
        Internal: false,
        Created: '2026-01-01T00:00:00Z',
        Labels: labels,
      },
      IPAM: { Config: [{ Subnet: '172.17.0.0/16', Gateway: '172.17.0.1' }] },
    },
  });
}

describe('networks', () => {
  it('are listed with who is in them, each once, however many hosts take part', async () => {
    const { networks } = await api.root.call('network.list');
    expect(networks).toEqual([
      {
        ...{ id: 'b1', name: 'h1/bridge', driver: 'bridge', scope: 'host', managed: false, builtIn: true },
        ...{ internal: false, encrypted: false, subnets: ['172.17.0.0/16'], hostNames: ['h1'] },
        ...{ containers: 1, stack: '' },
      },
      {
        ...{ id: networkId('shop'), name: 'shop', driver: 'xoverlay', scope: 'cluster', managed: true },
        ...{ builtIn: false, internal: false, encrypted: true, subnets: ['10.1.0.0/29'] },
        ...{ hostNames: ['h1', 'h2'], containers: 2, stack: '', addresses: { size: '6', taken: 3 } },
      },
    ]);
  });

  it('say who answers to which name at which address', async () => {
    const { members, pools, createdBy } = await api.root.call('network.get', { network: 'shop' });
    expect({ pools, createdBy }).toEqual({
      pools: [{ subnet: '10.1.0.0/29', gateway: '10.1.0.1' }],
      createdBy: 'root',
    });
    expect(members).toMatchObject([
      { name: 'db', hostName: 'h2', state: 'pending', ipv4: '10.1.0.3' },
      { name: 'web', hostName: 'h1', ipv4: '10.1.0.2', names: expect.arrayContaining(['web', 'web.shop']) },
    ]);
    const bridge = await api.root.call('network.get', { network: 'h1/bridge' });
    expect(bridge.members).toEqual([
      {
        ...{ id: 'e1', name: 'plain <b>', hostName: 'h1', state: 'running', ipv4: '172.17.0.2' },
        ...{ mac: '02:42:ac:11:00:02', names: ['plain <b>', 'alias'] },
      },
    ]);
    await expect(api.root.call('network.get', { network: 'none' })).rejects.toMatchObject({
      code: 'not_found',
    });
  });

  it('are changed by operators, and that is written down', async () => {
    const operator = api.client(api.tokens.operator);
    const made = await operator.call('network.create', { name: 'new', driver: 'vlan' });
    expect(made).toEqual({ id: 'new-id' });
    const connected = { network: 'shop', container: 'h1/plain', ip: '10.1.0.5', aliases: ['a', 'b'] };
    await operator.call('network.connect', connected);
    const tested = await operator.call('network.test', { from: 'web', to: 'db', port: 80 });
    expect(tested).toMatchObject({ verdict: 'reached', port: 80 });
    await operator.call('network.disconnect', { network: 'shop', container: 'web' });
    await operator.call('network.remove', { network: 'h1/own' });
    expect(asked).toEqual([
      'create vlan new the-operator',
      'connect shop h1/plain 10.1.0.5 a,b',
      'disconnect shop web',
      'remove h1/own',
    ]);
    const viewer = api.client(api.tokens.viewer);
    await expect(viewer.call('network.remove', { network: 'shop' })).rejects.toMatchObject({
      code: 'forbidden',
    });
    const { entries } = await api.root.call('audit.list', { action: 'network.*' });
    expect(
      entries.map(({ action, target, outcome }) => `${action} ${target} ${outcome}`).toReversed(),
    ).toEqual([
      'network.create new ok',
      'network.connect shop/h1/plain ok',
      'network.test web db:80 ok',
      'network.disconnect shop/web ok',
      'network.remove h1/own ok',
      expect.stringMatching(/^network.remove shop user the-viewer is viewer/),
    ]);
  });
});
