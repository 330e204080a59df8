import { afterEach, beforeEach, expect, it } from 'vitest';
import { TEST_IMAGE, testEngine, testImageId } from '../../scheduler/testing.ts';
import type { Store } from '../../store/index.ts';
import { networkId, networkStore, putNetwork } from '../networks/networks.fixture.ts';
import { newStorePlacer, type StorePlacer } from './store-placer.ts';

let store: Store;
let placer: StorePlacer;

beforeEach(async () => {
  store = await networkStore(3);
  await store.update((tx) => {
    putNetwork(tx, 'v1', ['10.1.0.0/24'], { driver: 'vlan' });
    putNetwork(tx, 'x1', ['10.2.0.0/24']);
    for (const status of [...tx.all('hostStatus')]) {
      const { id: hostId } = status;
      tx.put('hostStatus', { ...status, engine: testEngine({ name: hostId }) });
      const image = { hostId, imageId: testImageId(TEST_IMAGE), repoTags: [TEST_IMAGE], repoDigests: [] };
      tx.put('observedImages', {
        kind: 'observed-image',
        ...image,
        labels: {},
        created: 0,
        size: 0,
        raw: {},
      });
    }
    // h1 is of an older release, h2 lacks something.
    drivers('h1', undefined);
    drivers('h2', { usable: false, reason: 'Open vSwitch is not installed' });
    function drivers(id: string, vlan: { usable: boolean; reason: string } | undefined) {
      const status = tx.get('hostStatus', id) ?? expect.fail();
      const xoverlay = { usable: true, reason: '' };
      const network = vlan && { drivers: { xoverlay, vlan }, wireMtu: 1500 };
      tx.put('hostStatus', { ...status, network });
    }
  });
  placer = newStorePlacer({ store });
});
afterEach(() => placer.close());

const asked = (network: string, Env: string[] = []) => ({
  name: 'web',
  spec: { Image: TEST_IMAGE, HostConfig: { NetworkMode: network }, Env },
});

it('only hosts that can take part in its networks get a container, by name or ID of the network', () => {
  store.view((tx) => {
    for (const network of ['v1', networkId('v1')])
      expect(placer.place(tx, asked(network)).hostId, network).toBe('h3');
    const { hosts } = placer.explain(tx, asked('v1'));
    expect(hosts.filter(({ fits }) => !fits).map(({ hostId, reasons }) => [hostId, ...reasons])).toEqual([
      ['h1', 'network driver vlan: its agent is of an older release'],
      ['h2', 'network driver vlan: Open vSwitch is not installed'],
    ]);
    expect(placer.explain(tx, asked('x1')).hosts.filter(({ fits }) => fits)).toHaveLength(2);
    expect(placer.explain(tx, asked('bridge')).hosts.filter(({ fits }) => fits)).toHaveLength(3);
  });
});

it('a refusal counts hosts by what they lack; what is mended counts at once', async () => {
  const nowhere = asked('v1', ['constraint:node!=h3']);
  store.view((tx) => {
    expect(() => placer.place(tx, nowhere)).toThrow(
      '1 host: network driver vlan: Open vSwitch is not installed',
    );
  });
  await store.update((tx) => {
    const status = tx.get('hostStatus', 'h2') ?? expect.fail();
    const usable = { usable: true, reason: '' };
    tx.put('hostStatus', { ...status, network: { drivers: { vlan: usable }, wireMtu: 1500 } });
  });
  expect(store.view((tx) => placer.place(tx, nowhere).hostId)).toBe('h2');
});
