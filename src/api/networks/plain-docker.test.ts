import { beforeEach, describe, expect, it } from 'vitest';
import type { NetworkAsk } from '../../contract/link.ts';
import { systemClock } from '../../kit/clock.ts';
import { silentLogger } from '../../kit/logger.ts';
import type { Store } from '../../store/index.ts';
import { NetworkAsks } from '../agents/network-asks.ts';
import { networkId, networkStore, putContainer, putNetwork } from './networks.fixture.ts';
import { forgetPlainDocker } from './plain-docker.ts';
import { spanningNetwork } from './spanning.ts';

let store: Store;
let asks: NetworkAsks;
let id = 0;
beforeEach(async () => {
  store = await networkStore();
  asks = new NetworkAsks({ store, clock: systemClock, logger: silentLogger });
});

const ask = (hostId: string, question: NetworkAsk) => asks.answer(hostId, { id: ++id, ask: question });
const newNetwork = (hostId: string, more = {}) =>
  ask(hostId, { op: 'create-network', driver: 'xoverlay', pools: [], options: {}, internal: false, ...more });
const take = (
  hostId: string,
  network: string,
  endpoint: string,
  more: { ip?: string; name?: string; subnet?: string } = {},
) => ask(hostId, { op: 'take-address', network, endpoint, subnet: '10.7.0.0/29', ...more });
const pools = [{ subnet: '10.7.0.0/29' }];

describe('a network of plain docker', () => {
  it('has subnet, VNI and MTU of the manager, and is nobody else’s', async () => {
    await store.update((tx) => putNetwork(tx, 'x1', []));
    const { network = '', span } = await newNetwork('h1');
    expect(span).toMatchObject({
      driver: 'xoverlay',
      pools: [{ subnet: '10.128.16.0/20' }],
      mtu: 1450,
      vni: 8_388_609,
    });
    store.view((tx) => {
      expect(spanningNetwork(tx, network)).toBeUndefined();
      expect([...tx.by('networks', 'name', `h1/${network.slice(0, 12)}`)]).toEqual([]);
    });
    expect((await take('h2', network, 'e1')).error?.message).toContain('the cluster has no network');
    await ask('h2', { op: 'delete-network', network });
    expect(store.view((tx) => tx.get('networks', network))).toBeDefined();
    await ask('h1', { op: 'delete-network', network });
    expect(store.view((tx) => tx.get('networks', network))).toBeUndefined();
  });

  it('is refused in words', async () => {
    expect((await newNetwork('h1', { driver: 'nope' })).error?.message).toBe(
      'the cluster has no network driver "nope"',
    );
    const wire = await newNetwork('h1', { pools: [{ subnet: '192.0.2.0/24' }] });
    expect(wire.error).toEqual({
      message: 'subnet 192.0.2.0/24 overlaps the wire: 192.0.2.1 in it is the data address of host h1',
      hint: 'choose another one, or leave --subnet out',
    });
  });

  it('is made once, though the question comes twice', async () => {
    const question: NetworkAsk = {
      op: 'create-network',
      driver: 'xoverlay',
      pools: [],
      options: {},
      internal: false,
    };
    const twice = await Promise.all([1, 2].map(() => asks.answer('h1', { id: 77, ask: question })));
    expect(twice[0]).toEqual(twice[1]);
    expect(store.view((tx) => tx.count('networks'))).toBe(1);
    await asks.answer('h1', { id: 78, ask: question });
    expect(store.view((tx) => tx.count('networks'))).toBe(2);
  });
});

describe('a container of plain docker', () => {
  it('has an address of its own in the whole cluster, until it is given back', async () => {
    const { network = '' } = await newNetwork('h1', { pools });
    const first = await take('h1', network, 'e1', { name: 'web' });
    expect(first.endpoint).toEqual({ ipv4: '10.7.0.2', mac: '02:be:0a:07:00:02' });
    expect((await take('h1', network, 'e1')).endpoint).toEqual(first.endpoint);
    expect((await take('h1', network, 'e2', { ip: '10.7.0.2' })).error?.message).toBe(
      'Address already in use: 10.7.0.2 of network h1/' +
        `${network.slice(0, 12)} is held by container web of plain docker on host h1`,
    );
    expect((await take('h1', network, 'e2', { subnet: '10.8.0.0/24' })).error?.message).toContain(
      'has no subnet',
    );
    // Another's cannot be given back.
    await ask('h2', { op: 'give-back', network, endpoint: 'e1', ip: '10.7.0.2' });
    expect((await take('h1', network, 'e2')).endpoint?.ipv4).toBe('10.7.0.3');
    await ask('h1', { op: 'give-back', network, endpoint: 'e1', ip: '10.7.0.2' });
    expect((await take('h1', network, 'e3', { ip: '10.7.0.2' })).endpoint?.ipv4).toBe('10.7.0.2');
  });

  it('may be on a network of the cluster, and have both families in two questions', async () => {
    await store.update((tx) => {
      putNetwork(tx, 'x1', ['10.7.0.0/29', 'fd00::/64']);
      putContainer(tx, 'web', 'h1', ['x1']);
    });
    const six = await take('h2', networkId('x1'), 'e1', { subnet: 'fd00::/64' });
    const four = await take('h2', networkId('x1'), 'e1');
    expect([six.endpoint?.ipv6, four.endpoint?.ipv4]).toEqual(['fd00::3', '10.7.0.3']);
    expect(six.endpoint?.mac).toBe(four.endpoint?.mac);
  });

  it('is forgotten with its host, as are the host’s networks', async () => {
    await store.update((tx) => putNetwork(tx, 'x1', ['10.7.0.0/29']));
    const { network = '' } = await newNetwork('h1', { pools });
    await take('h1', network, 'e1');
    await take('h1', networkId('x1'), 'e2');
    await store.update((tx) => forgetPlainDocker(tx, 'h1', 5));
    store.view((tx) => {
      expect([...tx.all('networks')].map(({ name }) => name)).toEqual(['x1']);
      expect([...tx.all('addresses')].map(({ ip, releasedAt }) => [ip, releasedAt])).toEqual([
        ['10.7.0.1', undefined],
        ['10.7.0.2', 5],
      ]);
    });
  });
});
