import { beforeEach, describe, expect, it } from 'vitest';
import type { AgentFrame, NetworkAsk } from '../../contract/link.ts';
import { systemClock } from '../../kit/clock.ts';
import { silentLogger } from '../../kit/logger.ts';
import { FakeDisk } from '../../store/fake-disk.fixture.ts';
import { newJournalledStore } from '../../store/memory/store.ts';
import type { Store } from '../../store/store.ts';
import { NetworkAsks } from '../agents/network-asks.ts';
import { networkId, networkStore, putContainer, putHost, putNetwork } from './networks.fixture.ts';

type Hold = AgentFrame & { t: 'hold' };

const POOLS = [{ subnet: '10.7.0.0/29' }];
let store: Store;
let asks: NetworkAsks;
let id = 0;
beforeEach(async () => {
  store = await networkStore();
  asks = new NetworkAsks({ store, clock: systemClock, logger: silentLogger });
  asks.begin('h1');
});

const ask = (question: NetworkAsk) => asks.answer('h1', { id: ++id, ask: question });
const create: NetworkAsk = {
  op: 'create-network',
  driver: 'xoverlay',
  pools: POOLS,
  options: {},
  internal: false,
};
async function made() {
  const { network = '', span } = await ask(create);
  return { network, span: span ?? expect.fail() };
}
async function taken(network: string, endpoint: string) {
  const { endpoint: given } = await ask({ op: 'take-address', network, endpoint, subnet: '10.7.0.0/29' });
  return { network, endpoint, ip: given?.ipv4 ?? expect.fail(), mac: given?.mac ?? '' };
}
const hold = (held: Partial<Hold> = {}) =>
  asks.hold({ hostId: 'h1', hostName: 'h1' }, { t: 'hold', networks: [], addresses: [], ...held });
const reconnect = () => asks.begin('h1');
/** IP addresses that containers of plain docker have. */
const inUse = () =>
  store.view((tx) =>
    [...tx.all('addresses')].flatMap(({ ip, holder }) =>
      holder.kind === 'endpoint' ? [`${holder.endpointId} ${ip}`] : [],
    ),
  );
const networks = () => store.view((tx) => [...tx.all('networks')].map((one) => one.id));

describe('what a host does not name', () => {
  it('is nobody’s any more: addresses after the grace time, networks at once', async () => {
    const kept = await made();
    const lost = await made();
    const web = await taken(kept.network, 'web');
    const db = await taken(kept.network, 'db');
    reconnect();
    expect(await hold({ networks: [kept], addresses: [web] })).toEqual({ t: 'held', refused: [] });
    expect(networks()).toEqual([kept.network]);
    expect(networks()).not.toContain(lost.network);
    expect(inUse()).toEqual(['web 10.7.0.2']);
    const record = store.view((tx) => tx.get('addresses', `${kept.network}/${db.ip}`));
    expect(record).toMatchObject({ holder: { kind: 'none' }, releasedAt: expect.any(Number) });
  });

  it('stays where it was given since the connection began: the host may not know of it yet', async () => {
    const before = await made();
    reconnect();
    const web = await taken(before.network, 'web');
    const { network } = await made();
    await hold({ networks: [before] });
    expect(networks()).toEqual([before.network, network]);
    expect(inUse()).toEqual([`web ${web.ip}`]);
  });

  it('stays where it was given before, and is told again over this connection', async () => {
    const question = { id: 7, ask: create };
    const { network } = await asks.answer('h1', question);
    reconnect();
    // Together in one turn, as they come in one piece of data.
    const again = asks.answer('h1', question);
    await hold();
    expect((await again).network).toBe(network);
    expect(networks()).toEqual([network]);
  });

  it('is made anew where it is asked for later: no earlier answer counts', async () => {
    const question = { id: 7, ask: create };
    const { network } = await asks.answer('h1', question);
    reconnect();
    await hold();
    expect(networks()).toEqual([]);
    const again = await asks.answer('h1', question);
    expect(again.network).not.toBe(network);
    expect(networks()).toEqual([again.network]);
  });

  it('of another host stays', async () => {
    await store.update((tx) => putNetwork(tx, 'x1', ['10.7.0.0/29']));
    const other = {
      op: 'take-address',
      network: networkId('x1'),
      endpoint: 'e',
      subnet: '10.7.0.0/29',
    } as const;
    await asks.answer('h2', { id: 1, ask: other });
    await hold();
    expect(inUse()).toEqual(['e 10.7.0.2']);
  });
});

describe('what the state does not know', () => {
  let network: Hold['networks'][number];
  let web: Hold['addresses'][number];
  /** A state that was put back from before. */
  beforeEach(async () => {
    network = await made();
    web = await taken(network.network, 'web');
    store = await networkStore();
    asks = new NetworkAsks({ store, clock: systemClock, logger: silentLogger });
    asks.begin('h1');
  });

  it('is taken in as it is', async () => {
    expect(await hold({ networks: [network], addresses: [web] })).toEqual({ t: 'held', refused: [] });
    store.view((tx) => {
      const record = tx.get('networks', network.network);
      expect(record).toMatchObject({
        plainOn: 'h1',
        span: network.span,
        name: `h1/${network.network.slice(0, 12)}`,
      });
      expect(tx.get('addresses', `${network.network}/10.7.0.1`)?.holder.kind).toBe('gateway');
      expect(tx.get('addresses', `${network.network}/${web.ip}`)).toMatchObject({ mac: web.mac });
    });
    expect(inUse()).toEqual([`web ${web.ip}`]);
    // Nothing changes when it is said again.
    reconnect();
    await hold({ networks: [network], addresses: [web] });
    expect(inUse()).toEqual([`web ${web.ip}`]);
  });

  it('is taken in on a network of the cluster, within the grace time as well', async () => {
    await store.update((tx) => putNetwork(tx, 'x1', ['10.7.0.0/29', 'fd00::/64']));
    const mine = { network: networkId('x1'), endpoint: 'e', ip: '10.7.0.5', mac: '02:be:0a:07:00:05' };
    await hold({ addresses: [mine] });
    expect(inUse()).toEqual(['e 10.7.0.5']);
    reconnect();
    await hold();
    expect(inUse()).toEqual([]);
    await hold({ addresses: [mine] });
    expect(inUse()).toEqual(['e 10.7.0.5']);
  });

  it('is the host’s own under another name, where it has forgotten by which it had asked', async () => {
    await hold({ networks: [network], addresses: [web] });
    await hold({ networks: [network], addresses: [{ ...web, endpoint: 'other' }] });
    expect(inUse()).toEqual([`other ${web.ip}`]);
  });

  it('is refused where another has it, who is named and keeps it; shown until the host has no more of it', async () => {
    await store.update((tx) => {
      putNetwork(tx, 'x1', ['10.7.0.0/29']);
      putContainer(tx, 'db', 'h2', ['x1']);
    });
    const mine = { network: networkId('x1'), endpoint: 'e', ip: '10.7.0.2', mac: '02:be:0a:07:00:02' };
    const reason = 'Address already in use: 10.7.0.2 of network x1 is held by container db on host h2';
    const { refused } = await hold({ networks: [network], addresses: [mine, web] });
    // The network's identifier is that of x1 by now.
    expect(refused).toEqual([
      {
        network: network.network,
        reason: `network ${network.network.slice(0, 12)} of plain docker cannot be taken in: network x1 has the VXLAN identifier 8388608`,
      },
      { network: networkId('x1'), ip: '10.7.0.2', reason },
    ]);
    expect(inUse()).toEqual([]);
    const shown = () => store.view((tx) => tx.get('plainRefusals', 'h1')?.refused.map((one) => one.ip));
    expect(shown()).toEqual([undefined, '10.7.0.2']);
    await ask({ op: 'give-back', network: networkId('x1'), endpoint: 'e', ip: '10.7.0.2' });
    expect(shown()).toEqual([undefined]);
    expect(store.view((tx) => tx.get('addresses', `${networkId('x1')}/10.7.0.2`)?.holder.kind)).toBe(
      'container',
    );
    await ask({ op: 'delete-network', network: network.network });
    expect(shown()).toEqual([]);
  });

  it('is refused where it makes no sense', async () => {
    const { refused } = await hold({
      networks: [
        { ...network, network: '../x' },
        { network: network.network, span: { ...network.span, driver: 'nope' } },
      ],
      addresses: [{ ...web, network: 'none' }],
    });
    expect(refused.map(({ reason }) => reason)).toEqual([
      'network ../x of plain docker cannot be taken in: that is no ID of a network',
      `network ${network.network.slice(0, 12)} of plain docker cannot be taken in: the cluster has no network driver "nope"`,
      'the cluster has no network none for this host',
    ]);
    expect(networks()).toEqual([]);
  });

  it('is to be told again where it cannot be written, and nothing of it counts until then', async () => {
    const disk = new FakeDisk();
    store = newJournalledStore(disk);
    await store.update((tx) => putHost(tx, 'h1'));
    asks = new NetworkAsks({ store, clock: systemClock, logger: silentLogger });
    disk.full = true;
    expect(await hold({ networks: [network] })).toEqual({ t: 'held', refused: [], again: true });
    expect(networks()).toEqual([]);
    disk.full = false;
    expect(await hold({ networks: [network] })).toEqual({ t: 'held', refused: [] });
    expect(networks()).toEqual([network.network]);
  });
});
