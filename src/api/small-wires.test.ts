import { expect, it } from 'vitest';
import type { ChangeEvent } from '../contract/v1/cluster.ts';
import { networkStore, putHost, putNetwork } from './networks/networks.fixture.ts';
import { smallWires } from './small-wires.ts';
import { ChangeFeed } from './v1/change-feed.ts';
import type { ApiDeps } from './v1/deps.ts';
import { nodeList, nodeView } from './v1/node-view.ts';
import { clusterStatus } from './v1/status.ts';

const usable = { usable: true, reason: '' };
const wire = (wireMtu: number) => ({ drivers: { xoverlay: usable, vlan: usable }, wireMtu });
const text =
  'has a wire with MTU 1400 at 192.0.2.3, too small for network x1 (MTU 1450, which needs 1500 there): raise the MTU of that interface, or make the network anew with --opt mtu=1350';

it('a host that joins with a wire too small for a network is shown with what to do', async () => {
  const store = await networkStore(2);
  await store.update((tx) => {
    putNetwork(tx, 'x1', ['10.1.0.0/24']);
    putNetwork(tx, 'x2', ['10.2.0.0/24'], { options: { mtu: '1300' } });
    putNetwork(tx, 'v1', ['10.3.0.0/24'], { driver: 'vlan', options: { VlanId: '7' } });
    putHost(tx, 'h3', { dataAddress: '192.0.2.3', network: wire(1400) });
  });
  store.view((tx) => {
    expect(smallWires(tx)('h1')).toEqual([]);
    expect(smallWires(tx)('h3')).toEqual([text]);
    expect(nodeView(tx, tx.get('hosts', 'h3') ?? expect.fail()).reason).toBe(text);
    expect(nodeList(tx).map(({ reason }) => reason)).toEqual(['', '', text]);
    const deps = { version: '', ca: { fingerprint: '' }, clock: { now: () => 0 } } as ApiDeps;
    expect(clusterStatus(tx, deps).warnings).toContain(`host h3 ${text}`);
  });
});

it('a host whose address is an IPv6 one needs more, one without the driver nothing; many networks are counted', async () => {
  const store = await networkStore(1);
  await store.update((tx) => {
    for (let i = 1; i <= 5; i++) putNetwork(tx, `x${i}`, [`10.${i}.0.0/24`]);
    putHost(tx, 'h2', { dataAddress: '2001:db8::2', network: wire(1500) });
    putHost(tx, 'h3', { dataAddress: '192.0.2.3', network: { drivers: {}, wireMtu: 1280 } });
    putHost(tx, 'h4', { dataAddress: '192.0.2.4', network: undefined });
  });
  store.view((tx) => {
    const texts = smallWires(tx)('h2');
    expect(texts[0]).toContain('network x1 (MTU 1450, which needs 1520 there)');
    expect(texts[0]).toContain('--opt mtu=1430');
    expect(texts).toHaveLength(4);
    expect(texts[3]).toBe('and for 2 more networks');
    expect([smallWires(tx)('h3'), smallWires(tx)('h4')]).toEqual([[], []]);
  });
});

it('is an event when it comes about and when it ends, by the wire or by the network, and once', async () => {
  const store = await networkStore(2);
  const feed = new ChangeFeed(store, Date.now);
  const told: string[] = [];
  feed.subscribe(undefined, (_, event) => {
    const { kind, ...one } = event as ChangeEvent;
    if (kind === 'node' && 'reason' in one) told.push(`${one.name} ${one.change}: ${one.reason}`);
  });
  const atH3 = (wireMtu: number, lastHeardAt = 0) =>
    store.update((tx) =>
      putHost(tx, 'h3', { dataAddress: '192.0.2.3', network: wire(wireMtu), lastHeardAt }),
    );
  await atH3(1500);
  const id = await store.update((tx) => putNetwork(tx, 'x1', ['10.1.0.0/24']).id);
  await atH3(1400);
  await atH3(1400, 5_000);
  await atH3(1500);
  expect(told.splice(0)).toEqual(['h3 added: ', `h3 changed: ${text}`, 'h3 changed: ']);
  await atH3(1400);
  await store.update((tx) => tx.delete('networks', id));
  await store.update((tx) => putNetwork(tx, 'x1', ['10.1.0.0/24'], { options: { mtu: '1450' } }));
  await store.update((tx) => tx.delete('hosts', 'h3'));
  expect(told).toEqual([`h3 changed: ${text}`, 'h3 changed: ', `h3 changed: ${text}`, `h3 removed: ${text}`]);
  feed.close();
});
