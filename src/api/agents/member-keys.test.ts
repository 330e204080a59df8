import { afterEach, expect, it, vi } from 'vitest';
import type { ManagerFrame } from '../../contract/link.ts';
import { silentLogger } from '../../kit/logger.ts';
import type { Store } from '../../store/index.ts';
import { networkStore, putContainer, putHost, putNetwork } from '../networks/networks.fixture.ts';
import { testKeys } from './data-keys.fixture.ts';
import { DataKeys, KEY_ROTATION_MS, KEYS_LOOK_MS } from './data-keys.ts';
import { NetworkMembers } from './members.ts';

type MembersFrame = ManagerFrame & { t: 'members' };

let store: Store;
let members: NetworkMembers;
afterEach(async () => {
  members.close();
  await store.close();
  vi.useRealTimers();
});

/** The keys that a host was told of, in order. */
function told(hostId: string): () => NonNullable<MembersFrame['keys']>[] {
  const frames: MembersFrame[] = [];
  members.attach(hostId, (frame) => frames.push(frame));
  return () => frames.splice(0).flatMap(({ keys }) => keys ?? []);
}

it('hosts on an encrypted network get the keys of their pairs, others none', async () => {
  store = await networkStore(3);
  members = new NetworkMembers({ store, logger: silentLogger, keys: testKeys(), pause: () => 0 });
  const [h1, h2, h3] = [told('h1'), told('h2'), told('h3')] as const;
  await store.update((tx) => {
    putNetwork(tx, 'secret', ['10.1.0.0/24'], { options: { encrypted: '' } });
    putNetwork(tx, 'plain', ['10.2.0.0/24']);
    putContainer(tx, 'a', 'h1', ['secret']);
    putContainer(tx, 'b', 'h2', ['secret', 'plain']);
    putContainer(tx, 'c', 'h3', ['plain']);
  });
  const [first] = h1();
  const [second] = h2();
  expect(first?.put).toMatchObject([{ hostId: 'h2', own: '192.0.2.1', address: '192.0.2.2' }]);
  expect(second?.put[0]?.in).toContainEqual(first?.put[0]?.out);
  expect(first?.put[0]?.in).toContainEqual(second?.put[0]?.out);
  expect(h3()).toEqual([]);

  await store.update((tx) => putContainer(tx, 'd', 'h2', ['secret']));
  expect([h1(), h2()]).toEqual([[], []]);

  const { id } = await store.update((tx) => putContainer(tx, 'e', 'h3', ['secret']));
  expect(h1()).toMatchObject([{ whole: false, put: [{ hostId: 'h3' }], drop: [] }]);
  expect(h3()).toMatchObject([{ whole: true, put: [{ hostId: 'h1' }, { hostId: 'h2' }] }]);

  await store.update((tx) => {
    for (const { networkId, ip } of [...tx.by('addresses', 'container', id)])
      tx.delete('addresses', `${networkId}/${ip}`);
  });
  expect(h1()).toEqual([{ whole: false, put: [], drop: ['h3'] }]);
  expect(h3()).toMatchObject([{ put: [], drop: ['h1', 'h2'] }]);
  expect(told('h2')()).toMatchObject([{ whole: true, put: [{ hostId: 'h1' }] }]);
});

it('a host whose kernel was started anew gets other keys, and so do the others for it', async () => {
  store = await networkStore(3);
  members = new NetworkMembers({ store, logger: silentLogger, keys: testKeys(), pause: () => 0 });
  await store.update((tx) => {
    putNetwork(tx, 'secret', ['10.1.0.0/24'], { options: { encrypted: '' } });
    for (const n of [1, 2, 3]) putContainer(tx, `c${n}`, `h${n}`, ['secret']);
  });
  const [h1, h2, h3] = [told('h1'), told('h2'), told('h3')] as const;
  const [before] = h1();
  h2();
  h3();
  await store.update((tx) => {
    const host = tx.get('hosts', 'h2');
    if (host !== undefined) tx.put('hosts', { ...host, kernelLife: '0'.repeat(32) });
  });
  const [first] = h1();
  const [second] = h2();
  expect(first).toMatchObject({ whole: false, put: [{ hostId: 'h2' }], drop: [] });
  expect(first?.put[0]?.out).not.toEqual(before?.put[0]?.out);
  expect(second?.put.map(({ hostId }) => hostId)).toEqual(['h1', 'h3']);
  expect(second?.put[0]?.in).toContainEqual(first?.put[0]?.out);
  expect(first?.put[0]?.in).toContainEqual(second?.put[0]?.out);
  expect(h3()).toHaveLength(1);
});

/** How often hosts are looked at, and how many peers they are told of. */
class CountingKeys extends DataKeys {
  looks = 0;
  peers = 0;
  override changes(...of: Parameters<DataKeys['changes']>) {
    this.looks += of[1].length;
    return this.count(super.changes(...of));
  }
  override update(...of: Parameters<DataKeys['update']>) {
    this.looks += of[1].length + of[2].length;
    return this.count(super.update(...of));
  }
  private count(change: ReturnType<DataKeys['changes']>) {
    this.peers += change?.put.length ?? 0;
    return change;
  }
  take() {
    const { looks, peers: told } = this;
    this.looks = 0;
    this.peers = 0;
    return { looks, told };
  }
}

/** That many hosts with a container each on an encrypted network, and one host more without. */
async function many(count: number) {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  let now = 100 * KEY_ROTATION_MS;
  const ring = { secret: new Uint8Array(32), clusterId: 'c1', rotationMs: KEY_ROTATION_MS };
  const keys = new CountingKeys(ring, { now: () => now });
  store = await networkStore(count + 1);
  await store.update((tx) => {
    putNetwork(tx, 'secret', ['10.1.0.0/16'], { options: { encrypted: '' } });
    for (let i = 1; i <= count; i++) putContainer(tx, `c${i}`, `h${i}`, ['secret']);
  });
  members = new NetworkMembers({ store, logger: silentLogger, keys, pause: () => 0 });
  for (let i = 1; i <= count + 1; i++) members.attach(`h${i}`, () => {});
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  const settled = async () => {
    for (let i = 0; i < count; i++) await turn();
  };
  await settled();
  const rotate = () => {
    now += KEY_ROTATION_MS;
    vi.advanceTimersByTime(KEYS_LOOK_MS);
  };
  return { keys, turn, settled, rotate };
}

it('a host that joins costs as much as there are hosts, and what changes no address costs nothing', async () => {
  const { keys, settled } = await many(50);
  expect(keys.take().told).toBe(50 * 49);
  await store.update((tx) => putHost(tx, 'h1', { dataAddress: '192.0.2.1', state: 'down' }));
  await store.update((tx) => putContainer(tx, 'more', 'h2', ['secret']));
  await settled();
  expect(keys.take()).toEqual({ looks: 0, told: 0 });
  await store.update((tx) => putContainer(tx, 'new', 'h51', ['secret']));
  await settled();
  expect(keys.take()).toEqual({ looks: 100, told: 100 });
  await store.update((tx) => putHost(tx, 'h1', { dataAddress: '198.51.100.1' }));
  await settled();
  expect(keys.take()).toEqual({ looks: 100, told: 100 });
});

it('a rotation is told to a few hosts at a time, and between them a host that joins is', async () => {
  const { keys, turn, settled, rotate } = await many(120);
  expect(keys.take().told).toBe(120 * 119);
  rotate();
  expect(keys.peers).toBeLessThan(1200);
  await turn();
  await store.update((tx) => putContainer(tx, 'new', 'h121', ['secret']));
  await turn();
  expect(keys.peers).toBeLessThan(120 * 119);
  await settled();
  expect(keys.take().told).toBe(120 * 119 + 240);
  rotate();
  await turn();
  const before = keys.take().told;
  members.close();
  await settled();
  expect(before).toBeLessThan(121 * 120);
  expect(keys.take().told).toBe(0);
});
