import { beforeEach, describe, expect, it } from 'vitest';
import { newKeyedQueue } from '../../kit/keyed-queue.ts';
import { silentLogger } from '../../kit/logger.ts';
import { MemoryBook, notingDriver } from './host-book.fixture.ts';
import { ipamHandlers } from './ipam.ts';
import { networkHandlers } from './network-driver.ts';

let book: MemoryBook;
let driver: ReturnType<typeof notingDriver>;
let ask: (name: string, body: object) => Promise<unknown>;
beforeEach(() => {
  book = new MemoryBook();
  driver = notingDriver();
  const handlers = networkHandlers({ driver, book, logger: silentLogger, inTurn: newKeyedQueue() });
  ask = async (name, body) => handlers[`NetworkDriver.${name}`]?.(body);
});

const ID = { NetworkID: 'e1' };
const create = {
  ...ID,
  Options: { 'com.docker.network.generic': { 'berth.network': 'n1' } },
  IPv4Data: [{ AddressSpace: 'x', Pool: '10.5.0.0/24', Gateway: '10.5.0.1/24', AuxAddresses: null }],
  IPv6Data: null,
};
const endpoint = (id: string, address: string) => ({
  ...ID,
  EndpointID: id,
  Interface: { Address: `${address}/24`, AddressIPv6: '', MacAddress: '' },
});
const join = (id: string, SandboxKey = '/run/s1') => ask('Join', { ...ID, EndpointID: id, SandboxKey });

describe('a network of the cluster', () => {
  it('is made, and made again, and removed, and removed again', async () => {
    expect(await ask('CreateNetwork', create)).toEqual({});
    expect(await ask('CreateNetwork', create)).toEqual({});
    expect(book.networkOfEngine('e1')?.id).toBe('n1');
    expect(await ask('DeleteNetwork', ID)).toEqual({});
    expect(await ask('DeleteNetwork', ID)).toEqual({});
    expect(driver.done).toEqual(['ensure n1', 'ensure n1', 'remove n1']);
  });

  it('leaves nothing where it cannot be made', async () => {
    driver.fails = true;
    await expect(ask('CreateNetwork', create)).rejects.toThrow('no ensure today');
    expect(driver.done).toEqual(['ensure n1', 'remove n1']);
    expect(book.networkOfEngine('e1')).toBeUndefined();
  });

  it('is removed after it has been made, where both are asked for at once', async () => {
    const { ensure } = driver;
    driver.ensure = async (network) => {
      await new Promise((resolve) => setImmediate(resolve));
      await ensure(network);
    };
    expect(await Promise.all([ask('CreateNetwork', create), ask('DeleteNetwork', ID)])).toEqual([{}, {}]);
    expect(driver.done).toEqual(['ensure n1', 'remove n1']);
    expect(book.networkOfEngine('e1')).toBeUndefined();
  });

  it('must be known, and of this driver', async () => {
    const other = { ...create, Options: { 'com.docker.network.generic': { 'berth.network': 'n7' } } };
    await expect(ask('CreateNetwork', other)).rejects.toThrow('not been told of network n7');
    const vlan = networkHandlers({
      driver: notingDriver('vlan'),
      book,
      logger: silentLogger,
      inTurn: newKeyedQueue(),
    });
    await expect(vlan['NetworkDriver.CreateNetwork']?.(create)).rejects.toThrow('driver xoverlay, not vlan');
  });
});

describe('an endpoint', () => {
  beforeEach(() => ask('CreateNetwork', create));

  it('gets the MAC of its assignment, and joins', async () => {
    book.assigned.set('10.5.0.20', { ipv4: '10.5.0.20', mac: '02:00:00:00:00:01' });
    expect(await ask('CreateEndpoint', endpoint('p1', '10.5.0.20'))).toEqual({
      Interface: { MacAddress: '02:00:00:00:00:01' },
    });
    expect(await join('p1')).toEqual({
      InterfaceName: { SrcName: 'bc1', DstPrefix: 'eth' },
      StaticRoutes: [{ Destination: '169.254.53.53/32', RouteType: 1 }],
    });
    // Once more, as after an answer that was lost.
    expect(await join('p1')).toMatchObject({ StaticRoutes: [{ Destination: '169.254.53.53/32' }] });
    expect(book.asked).toEqual([]);
  });

  it('keeps a MAC that it has been given', async () => {
    book.assigned.set('10.5.0.20', { ipv4: '10.5.0.20', mac: '02:00:00:00:00:01' });
    const given = { ...endpoint('p1', '10.5.0.20').Interface, MacAddress: '02:00:00:00:00:99' };
    expect(await ask('CreateEndpoint', { ...ID, EndpointID: 'p1', Interface: given })).toEqual({});
    expect(book.endpoint('p1')?.endpoint.mac).toBe('02:00:00:00:00:99');
  });

  it('of a container on two networks has a route of its own to the names', async () => {
    await ask('CreateEndpoint', endpoint('p1', '10.5.0.20'));
    await ask('CreateEndpoint', endpoint('p2', '10.5.0.21'));
    await join('p1');
    expect(await join('p2')).toMatchObject({ StaticRoutes: [{ Destination: '169.254.53.52/31' }] });
    await ask('Leave', { ...ID, EndpointID: 'p1' });
    await ask('CreateEndpoint', endpoint('p3', '10.5.0.22'));
    expect(await join('p3')).toMatchObject({ StaticRoutes: [{ Destination: '169.254.53.53/32' }] });
  });

  it('that is unknown is no harm to delete, and refused to join', async () => {
    expect(await ask('DeleteEndpoint', { ...ID, EndpointID: 'p9' })).toEqual({});
    expect(await ask('Leave', { ...ID, EndpointID: 'p9' })).toEqual({});
    expect(await ask('DeleteEndpoint', { NetworkID: 'e9', EndpointID: 'p9' })).toEqual({});
    await expect(join('p9')).rejects.toThrow('endpoint p9 has not been created');
    await expect(ask('Join', { NetworkID: 'e9', EndpointID: 'p1', SandboxKey: 's' })).rejects.toThrow(
      'does not know the engine’s network e9'.replace('’', "'"),
    );
    await expect(ask('CreateEndpoint', { NetworkID: 'e9', EndpointID: 'p1' })).rejects.toThrow('e9');
  });

  it('whose address the engine has chosen is told to the manager, and given back', async () => {
    await ask('CreateEndpoint', endpoint('p1', '10.5.0.77'));
    expect(book.asked).toEqual([{ network: 'n1', subnet: '10.5.0.0/24', ip: '10.5.0.77', endpointId: 'p1' }]);
    await ask('DeleteEndpoint', { ...ID, EndpointID: 'p1' });
    expect(book.returned).toMatchObject([{ ip: '10.5.0.77' }]);
  });

  it.each([{}, { NetworkID: '' }, { NetworkID: 3 }, null])(
    'is refused where the request is %j',
    async (body) => {
      await expect(ask('Join', body as object)).rejects.toThrow();
      await expect(ask('CreateEndpoint', body as object)).rejects.toThrow();
    },
  );
});

describe('a network of plain docker', () => {
  it('is asked of the manager, with the pool that was requested for it', async () => {
    const ipam = ipamHandlers(book);
    const wanted = { Pool: '10.5.0.0/24', SubPool: '10.5.0.128/25', Options: {} };
    await ipam['IpamDriver.RequestPool']?.(wanted);
    const PoolID = `${[...book.pools.keys()][0]}/10.5.0.0/24`;
    await ask('CreateNetwork', { ...create, Options: { 'com.docker.network.generic': { mtu: '1400' } } });
    expect(book.asked).toEqual([
      {
        driver: 'xoverlay',
        pools: [{ subnet: '10.5.0.0/24', range: '10.5.0.128/25', gateway: '10.5.0.1' }],
        options: { mtu: '1400' },
        internal: false,
      },
    ]);
    expect(await ipam['IpamDriver.RequestAddress']?.({ PoolID })).toMatchObject({ Address: '10.5.0.100/24' });
    expect(book.asked[1]).toEqual({ network: 'p1', subnet: '10.5.0.0/24' });
  });
});
