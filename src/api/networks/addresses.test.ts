import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../kit/clock.ts';
import type { AddressHolder } from '../../model/address.ts';
import { contains, parseIp, parseSubnet } from '../../model/ip.ts';
import type { Endpoint } from '../../model/span.ts';
import type { Store, WriteTx } from '../../store/index.ts';
import { sweepAddresses } from './address-sweep.ts';
import { endContainer, giveBackOf } from './give-back.ts';
import { leaveBehind } from './leave-behind.ts';
import { removeSpanning } from './make-network.ts';
import { networkId, networkStore, putContainer, putNetwork } from './networks.fixture.ts';
import { release } from './reservations.ts';
import { endpointIn, isSpanning } from './spanning.ts';
import { takeEndpoint } from './take-address.ts';

const GRACE = 60_000;
const holder = (id: string): AddressHolder => ({ kind: 'container', id });

function take(
  tx: WriteTx,
  network: string,
  id: string,
  more: Partial<Parameters<typeof takeEndpoint>[2]> = {},
  now = 0,
): Endpoint {
  const record = tx.get('networks', networkId(network));
  if (!isSpanning(record)) throw new Error(`no network ${network}`);
  return takeEndpoint(tx, now, { network: record, holder: holder(id), name: id, ...more });
}

async function withNetwork(subnets: string[], more = {}): Promise<Store> {
  const store = await networkStore();
  await store.update((tx) => putNetwork(tx, 'x1', subnets, more));
  return store;
}

describe('addresses', () => {
  it('are given one after the other, and from the beginning again at the end', async () => {
    const store = await withNetwork(['10.1.0.0/29']);
    await store.update((tx) => {
      const ips = ['a', 'b', 'c'].map((id) => take(tx, 'x1', id).ipv4);
      expect(ips).toEqual(['10.1.0.2', '10.1.0.3', '10.1.0.4']);
      giveBackOf(tx, { id: 'a', name: 'a' }, 0);
      expect([take(tx, 'x1', 'd', {}, GRACE).ipv4, take(tx, 'x1', 'e', {}, GRACE).ipv4]).toEqual([
        '10.1.0.5',
        '10.1.0.6',
      ]);
      expect(take(tx, 'x1', 'f', {}, GRACE).ipv4).toBe('10.1.0.2');
    });
  });

  it('come with a MAC of their own, of both families where the network has them', async () => {
    const store = await withNetwork(['10.1.0.0/24', 'fd00:1::/64']);
    await store.update((tx) => {
      const endpoint = { ipv4: '10.1.0.2', ipv6: 'fd00:1::2', mac: '02:be:0a:01:00:02' };
      expect(take(tx, 'x1', 'a')).toEqual(endpoint);
      expect(endpointIn(tx, 'a', networkId('x1'))).toEqual(endpoint);
      expect(take(tx, 'x1', 'b', { mac: '02:42:00:00:00:01' }).mac).toBe('02:42:00:00:00:01');
    });
  });

  it('come from the range, and from the next subnet where one is full', async () => {
    const pools = [
      { subnet: '10.1.0.0/24', range: '10.1.0.8/31', gateway: '10.1.0.1' },
      { subnet: '10.2.0.0/30' },
    ];
    const store = await withNetwork([], { pools });
    await store.update((tx) => {
      expect(['a', 'b', 'c'].map((id) => take(tx, 'x1', id).ipv4)).toEqual([
        '10.1.0.8',
        '10.1.0.9',
        '10.2.0.2',
      ]);
      expect(() => take(tx, 'x1', 'd')).toThrow(
        "no available IPv4 addresses on this network's address pools: x1: 10.1.0.8/31 has 2, 10.2.0.0/30 has 2, all in use: 3 containers (a, b, c), the gateway",
      );
      // As in Docker, an address that is asked for may be outside of the range.
      expect(take(tx, 'x1', 'd', { ipv4: '10.1.0.77' }).ipv4).toBe('10.1.0.77');
    });
  });

  it('that are taken say by whom', async () => {
    const store = await withNetwork(['10.1.0.0/24'], {
      pools: [{ subnet: '10.1.0.0/24', aux: { printer: '10.1.0.9' } }],
    });
    await store.update((tx) => {
      putContainer(tx, 'web', 'h2', ['x1']);
      take(tx, 'x1', 'e', {
        holder: { kind: 'endpoint', hostId: 'h1', endpointId: 'e'.repeat(64), name: 'plain' },
        ipv4: '10.1.0.5',
      });
      const asked = (ipv4: string) => () => take(tx, 'x1', 'b', { ipv4 });
      expect(asked('10.1.0.2')).toThrow(
        'Address already in use: 10.1.0.2 of network x1 is held by container web on host h2',
      );
      expect(asked('10.1.0.1')).toThrow('the gateway of the network');
      expect(asked('10.1.0.9')).toThrow('auxiliary address "printer"');
      expect(asked('10.1.0.5')).toThrow('container plain of plain docker on host h1');
      expect(asked('10.9.0.5')).toThrow('invalid address 10.9.0.5: it is not in the pools of network x1');
      expect(asked('10.1.0.255')).toThrow('not in the pools');
    });
  });

  it('go to nobody else for the grace time, but for a request by name or address', async () => {
    const store = await withNetwork(['10.1.0.0/30']);
    await store.update((tx) => {
      take(tx, 'x1', 'web');
      giveBackOf(tx, { id: 'web', name: 'web' }, 1000);
      expect(() => take(tx, 'x1', 'b', {}, 1000 + GRACE - 1)).toThrow(
        '1 of containers that are gone, the first free again in 1 s',
      );
      expect(take(tx, 'x1', 'new', { name: 'web' }, 2000).ipv4).toBe('10.1.0.2');
      giveBackOf(tx, { id: 'new', name: 'web' }, 3000);
      expect(take(tx, 'x1', 'c', { ipv4: '10.1.0.2' }, 3001).ipv4).toBe('10.1.0.2');
      giveBackOf(tx, { id: 'c', name: 'c' }, 4000);
      expect(take(tx, 'x1', 'd', {}, 4000 + GRACE).ipv4).toBe('10.1.0.2');
    });
  });

  it('of hosts on the same VLAN are not given', async () => {
    const store = await withNetwork(['192.0.2.0/24'], {
      driver: 'vlan',
      pools: [{ subnet: '192.0.2.0/24', gateway: '192.0.2.254' }],
    });
    await store.update((tx) => {
      expect(take(tx, 'x1', 'a').ipv4).toBe('192.0.2.3');
      expect(() => take(tx, 'x1', 'b', { ipv4: '192.0.2.2' })).toThrow('is held by host h2');
      // As after a restart of the manager: it has not connected yet.
      tx.delete('hostStatus', 'h2');
      tx.put('hosts', { ...(tx.get('hosts', 'h2') ?? expect.fail()), dataAddress: '192.0.2.2' });
      expect(() => take(tx, 'x1', 'b', { ipv4: '192.0.2.2' })).toThrow('is held by host h2');
    });
  });

  it('of orphans are not given', async () => {
    const store = await withNetwork(['10.1.0.0/24']);
    await store.update((tx) => {
      const network = tx.get('networks', networkId('x1')) ?? expect.fail();
      const endpoint = { ipv4: '10.1.0.2', mac: '02:be:0a:01:00:02' };
      const { desired } = putContainer(tx, 'gone', 'h1', []);
      const needs = {
        networks: [{ id: network.id, spec: network.spec, span: network.span, endpoint }],
        volumes: [],
      };
      tx.put('orphans', {
        kind: 'orphan',
        hostId: 'h1',
        id: 'o',
        name: 'old',
        held: { apiVersion: '1.41', desired, needs },
      });
      expect(take(tx, 'x1', 'a').ipv4).toBe('10.1.0.3');
      expect(() => take(tx, 'x1', 'b', { ipv4: '10.1.0.2' })).toThrow('is held by orphan old on host h1');
      const left = { kind: 'address' as const, networkId: network.id, ip: '10.1.0.2', mac: endpoint.mac };
      tx.put('addresses', { ...left, holder: { kind: 'none' }, reservedFor: 'old' });
      expect(take(tx, 'x1', 'c', { name: 'old' }).ipv4).toBe('10.1.0.4');
      tx.put('addresses', { ...left, holder: { kind: 'none' }, releasedAt: 0, formerly: 'old' });
      expect(take(tx, 'x1', 'd', { name: 'old' }).ipv4).toBe('10.1.0.5');
    });
  });

  it('are forgotten once the grace time is over, if nobody has reserved them', async () => {
    const store = await withNetwork(['10.1.0.0/24']);
    const ips = () => store.view((tx) => [...tx.all('addresses')].map(({ ip }) => ip));
    const sweep = (now: number) => sweepAddresses({ store, clock: { ...systemClock, now: () => now } });
    await store.update((tx) => {
      for (const id of ['a', 'b', 'c']) take(tx, 'x1', id);
      const key = `${networkId('x1')}/10.1.0.2`;
      tx.put('addresses', { ...(tx.get('addresses', key) ?? expect.fail()), reservedFor: 'a' });
      for (const id of ['a', 'b']) giveBackOf(tx, { id, name: id }, 1000);
    });
    await sweep(1000 + GRACE - 1);
    expect(ips()).toHaveLength(4);
    await sweep(1000 + GRACE);
    expect(ips()).toEqual(['10.1.0.1', '10.1.0.2', '10.1.0.4']);
  });

  it('may be the same in two networks', async () => {
    const store = await withNetwork(['10.1.0.0/24']);
    await store.update((tx) => {
      putNetwork(tx, 'x2', ['10.1.0.0/24']);
      expect([take(tx, 'x1', 'a').ipv4, take(tx, 'x2', 'a').ipv4]).toEqual(['10.1.0.2', '10.1.0.2']);
      removeSpanning(tx, networkId('x1'));
      expect(endpointIn(tx, 'a', networkId('x1'))).toBeUndefined();
      expect(endpointIn(tx, 'a', networkId('x2'))?.ipv4).toBe('10.1.0.2');
    });
  });

  it('of a container come back with its end, and a reserved one waits', async () => {
    const store = await withNetwork(['10.1.0.0/24']);
    await store.update((tx) => {
      const { id } = putContainer(tx, 'db', 'h1', ['x1']);
      const key = `${networkId('x1')}/10.1.0.2`;
      const address = tx.get('addresses', key) ?? expect.fail();
      tx.put('addresses', { ...address, reservedFor: 'db' });
      endContainer(tx, id, 5000);
      expect(tx.get('addresses', key)).toMatchObject({
        holder: { kind: 'none' },
        reservedFor: 'db',
        releasedAt: 5000,
      });
      expect(() => take(tx, 'x1', 'web', { ipv4: '10.1.0.2' })).toThrow('is held by a reservation for db');
      putContainer(tx, 'db', 'h2', ['x1'], {}, 10 * GRACE);
      expect(tx.get('addresses', key)).toMatchObject({ holder: { kind: 'container' }, reservedFor: 'db' });
    });
  });

  it('of a container that was given up with its host go to who asks for them', async () => {
    const store = await withNetwork(['10.1.0.0/24']);
    await store.update((tx) => {
      const old = putContainer(tx, 'web', 'h1', ['x1']);
      const ask = () => take(tx, 'x1', 'new', { name: 'web', ipv4: '10.1.0.2' });
      tx.put('containers', { ...old, desired: { ...old.desired, state: 'removed' } });
      expect(ask).toThrow('is held by container web on host h1');
      const status = tx.get('hostStatus', 'h1') ?? expect.fail();
      tx.put('hostStatus', { ...status, state: 'down' });
      expect(take(tx, 'x1', 'other').ipv4).toBe('10.1.0.3');
      expect(ask().ipv4).toBe('10.1.0.2');
      // What the host does when it is back takes nothing away from the new one.
      endContainer(tx, old.id, 9);
      expect(endpointIn(tx, 'new', networkId('x1'))?.ipv4).toBe('10.1.0.2');
    });
  });

  it('on a VLAN stay taken where their host leaves the cluster, until they are released', async () => {
    const store = await withNetwork(['10.1.0.0/24'], {
      driver: 'vlan',
      pools: [{ subnet: '10.1.0.0/24', gateway: '10.1.0.254' }],
    });
    await store.update((tx) => {
      putNetwork(tx, 'x2', ['10.2.0.0/24']);
      const web = putContainer(tx, 'web', 'h1', ['x1', 'x2']);
      const db = putContainer(tx, 'db', 'h1', ['x1']);
      putContainer(tx, 'other', 'h2', ['x1']);
      take(tx, 'x1', 'e', { holder: { kind: 'endpoint', hostId: 'h1', endpointId: 'e', name: 'plain' } });
      const key = `${networkId('x1')}/10.1.0.2`;
      tx.put('addresses', { ...(tx.get('addresses', key) ?? expect.fail()), reservedFor: 'db' });
      const host = tx.get('hosts', 'h1') ?? expect.fail();
      expect(leaveBehind(tx, host).map(({ network, ip }) => `${network} ${ip}`)).toEqual([
        'x1 10.1.0.1',
        'x1 10.1.0.2',
        'x1 10.1.0.4',
      ]);
      for (const { id } of [web, db]) endContainer(tx, id, 0);
      expect(() => take(tx, 'x1', 'b', { ipv4: '10.1.0.1' })).toThrow('held by a container left on host h1');
      const later = 10 * GRACE;
      // What is reserved for it is no use while an old one may run with it.
      expect(take(tx, 'x1', 'new', { name: 'db' }, later).ipv4).toBe('10.1.0.5');
      expect(take(tx, 'x1', 'c', {}, later).ipv4).toBe('10.1.0.6');
      const network = tx.get('networks', networkId('x1'));
      if (!isSpanning(network)) expect.fail();
      expect(release(tx, network, '10.1.0.1')).toEqual(['10.1.0.1']);
      expect(take(tx, 'x1', 'd', { ipv4: '10.1.0.1' }, later).ipv4).toBe('10.1.0.1');
      expect(release(tx, network, 'left on host h1')).toEqual(['10.1.0.2', '10.1.0.4']);
      expect(tx.get('addresses', key)).toMatchObject({ holder: { kind: 'none' }, reservedFor: 'db' });
      expect(tx.get('addresses', `${networkId('x1')}/10.1.0.4`)).toBeUndefined();
    });
  });

  it('asked for by label, in EndpointsConfig, or with a MAC', async () => {
    const store = await withNetwork(['10.1.0.0/24', 'fd00::/64']);
    await store.update((tx) => {
      const Labels = { 'com.docker.network.endpoint.ipv4address': '10.1.0.11' };
      const { id } = putContainer(tx, 'a', 'h1', ['x1'], { Labels, MacAddress: '02:42:AA:00:00:01' });
      expect(endpointIn(tx, id, networkId('x1'))).toMatchObject({
        ipv4: '10.1.0.11',
        mac: '02:42:aa:00:00:01',
      });
      const IPAMConfig = { IPv4Address: '10.1.0.12', IPv6Address: 'FD00::9' };
      const NetworkingConfig = { EndpointsConfig: { [networkId('x1')]: { IPAMConfig } } };
      const b = putContainer(tx, 'b', 'h1', ['x1'], { NetworkingConfig });
      expect(endpointIn(tx, b.id, networkId('x1'))).toMatchObject({ ipv4: '10.1.0.12', ipv6: 'fd00::9' });
      const wrong = { Labels: { 'com.docker.network.endpoint.ipv4address': 'fd00::1' } };
      expect(() => putContainer(tx, 'c', 'h1', ['x1'], wrong)).toThrow('invalid IPv4 address: fd00::1');
      expect(() => putContainer(tx, 'd', 'h1', ['x1'], { MacAddress: 'x' })).toThrow(
        'invalid MAC address: x',
      );
    });
  });
});

it('one VLAN is one network', async () => {
  const store = await networkStore();
  await store.update((tx) => {
    const vlan = (name: string, options: Record<string, string>) =>
      putNetwork(tx, name, ['10.1.0.0/24'], { driver: 'vlan', options });
    vlan('v7', { VlanId: '7' });
    expect(() => vlan('again', { vlanid: '7' })).toThrow('VLAN 7 is network v7 already');
    vlan('v8', { VlanId: '8' });
    vlan('other', { VlanId: '7', uplink: 'eth2' });
    expect(() => vlan('again', { parent: 'eth2.7' })).toThrow('VLAN 7 is network other already');
  });
});

describe('whatever is asked for', () => {
  const steps = fc.array(
    fc.oneof(
      fc.record({ op: fc.constant('take' as const), id: fc.integer({ min: 0, max: 30 }) }),
      fc.record({
        op: fc.constant('ask' as const),
        id: fc.integer({ min: 0, max: 30 }),
        host: fc.integer({ min: 0, max: 33 }),
      }),
      fc.record({ op: fc.constant('end' as const), id: fc.integer({ min: 0, max: 30 }) }),
      fc.record({ op: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: GRACE * 2 }) }),
    ),
    { maxLength: 60 },
  );

  it('no two hold one address, each is in its pool, none within the grace time of another, and a refusal is true', async () => {
    await fc.assert(
      fc.asyncProperty(steps, fc.boolean(), async (list, together) => {
        const store = await withNetwork(['10.1.0.0/28', '10.1.0.32/30']);
        const held = new Map<number, string>();
        const left = new Map<string, { at: number; by: number }>();
        let now = 0;
        const pools = [parseSubnet('10.1.0.0/28'), parseSubnet('10.1.0.32/30')];
        // 14 + 2 less two gateways.
        const size = 14;
        const requests = list.map((step) => async () => {
          if (step.op === 'wait') {
            now += step.ms;
            return;
          }
          await store.update((tx) => {
            const { id } = step;
            if (step.op === 'end') {
              giveBackOf(tx, { id: `c${id}`, name: `c${id}` }, now);
              const ip = held.get(id);
              if (ip !== undefined) left.set(ip, { at: now, by: id });
              held.delete(id);
              return;
            }
            if (held.has(id)) return;
            const asked = step.op === 'ask' ? { ipv4: `10.1.0.${step.host}` } : {};
            let ip: string | undefined;
            try {
              ip = take(tx, 'x1', `c${id}`, asked, now).ipv4;
            } catch (thrown) {
              const busy = new Set(held.values());
              if (asked.ipv4 !== undefined)
                expect(busy.has(asked.ipv4) || !/^10\.1\.0\.([2-9]|1[0-4]|34)$/.test(asked.ipv4)).toBe(true);
              else {
                const waiting = [...left].filter(
                  ([one, { at, by }]) => !busy.has(one) && now - at < GRACE && by !== id,
                );
                expect(busy.size + waiting.length, String(thrown)).toBe(size);
              }
              return;
            }
            if (ip === undefined) throw new Error('no address');
            const parsed = parseIp(ip) ?? expect.fail();
            expect([...held.values()]).not.toContain(ip);
            expect(pools.some((pool) => pool !== undefined && contains(pool, parsed))).toBe(true);
            const before = left.get(ip);
            if (asked.ipv4 === undefined && before !== undefined && before.by !== id)
              expect(now - before.at).toBeGreaterThanOrEqual(GRACE);
            held.set(id, ip);
          });
        });
        if (together) await Promise.all(requests.map((request) => request()));
        else for (const request of requests) await request();
        store.view((tx) => {
          for (const [id, ip] of held) expect(endpointIn(tx, `c${id}`, networkId('x1'))?.ipv4).toBe(ip);
        });
      }),
      { numRuns: 200 },
    );
  });

  it('taking in a large network does not slow down as it fills', async () => {
    const store = await withNetwork(['10.0.0.0/16']);
    await store.update((tx) => {
      for (let i = 0; i < 60_000; i++) take(tx, 'x1', `c${i}`);
      const before = performance.now();
      for (let i = 60_000; i < 61_000; i++) take(tx, 'x1', `c${i}`);
      // 10 µs each are usual; looking through all that are taken would be 10 ms each.
      expect(performance.now() - before).toBeLessThan(1000);
    });
  });
});
