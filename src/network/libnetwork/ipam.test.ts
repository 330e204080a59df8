import { beforeEach, describe, expect, it } from 'vitest';
import { BerthError } from '../../kit/errors.ts';
import { MemoryBook } from './host-book.fixture.ts';
import { ipamHandlers } from './ipam.ts';

let book: MemoryBook;
beforeEach(() => {
  book = new MemoryBook();
});
const ask = async (name: string, body: object) => ipamHandlers(book)[`IpamDriver.${name}`]?.(body);
const pool = { Pool: '10.5.0.0/24', Options: { 'berth.network': 'n1' } };
const GATEWAY = { RequestAddressType: 'com.docker.network.gateway' };

describe('pools', () => {
  it('are named after their network, and bring their gateway', async () => {
    expect(await ask('RequestPool', pool)).toEqual({
      PoolID: 'n1/10.5.0.0/24',
      Pool: '10.5.0.0/24',
      Data: { 'com.docker.network.gateway': '10.5.0.1/24' },
    });
  });

  it('are refused with what there is', async () => {
    await expect(ask('RequestPool', { ...pool, Pool: '10.6.0.0/24' })).rejects.toThrow(
      /its subnets are 10.5.0.0\/24/,
    );
    await expect(ask('RequestPool', { ...pool, Options: { 'berth.network': 'n2' } })).rejects.toThrow(
      /not been told/,
    );
    await expect(ask('RequestPool', { Options: null })).rejects.toThrow(/needs a subnet/);
  });

  it('of plain docker may have the same subnet', async () => {
    const [one, two] = [
      await ask('RequestPool', { Pool: '10.7.0.0/16', Options: null }),
      await ask('RequestPool', { Pool: '10.7.0.0/16', Options: null }),
    ] as { PoolID: string }[];
    expect(one?.PoolID).toMatch(/^plain-[0-9a-f]{12}\/10.7.0.0\/16$/);
    expect(one?.PoolID).not.toBe(two?.PoolID);
    await ask('ReleasePool', { PoolID: one?.PoolID });
    await ask('ReleasePool', { PoolID: one?.PoolID });
    expect(book.pools.size).toBe(1);
  });
});

describe('addresses', () => {
  const address = (Address: string, Options: object | null = null) =>
    ask('RequestAddress', { PoolID: 'n1/10.5.0.0/24', Address, Options });

  it('of a container of the cluster and of the network itself need nobody', async () => {
    book.assigned.set('10.5.0.20', { ipv4: '10.5.0.20', mac: '02:be:0a:05:00:14' });
    expect(await address('10.5.0.20')).toMatchObject({ Address: '10.5.0.20/24' });
    expect(await address('10.5.0.9')).toMatchObject({ Address: '10.5.0.9/24' });
    expect(await address('', GATEWAY)).toMatchObject({ Address: '10.5.0.1/24' });
    expect(book.asked).toEqual([]);
  });

  it('of any other container are the manager’s, and given back', async () => {
    expect(await address('')).toMatchObject({ Address: '10.5.0.100/24' });
    // The same once more.
    expect(await address('10.5.0.100')).toMatchObject({ Address: '10.5.0.100/24' });
    expect(book.asked).toEqual([{ network: 'n1', subnet: '10.5.0.0/24' }]);
    const back = { PoolID: 'n1/10.5.0.0/24', Address: '10.5.0.100' };
    await ask('ReleaseAddress', back);
    await ask('ReleaseAddress', back);
    expect(book.returned).toHaveLength(1);
  });

  it('are refused in the manager’s words', async () => {
    book.refuse = new BerthError('conflict', '10.5.0.30 is taken by web on h2');
    await expect(address('10.5.0.30')).rejects.toThrow('taken by web on h2');
  });

  it('that are in no pool are refused', async () => {
    await expect(address('10.9.0.1')).rejects.toThrow('10.9.0.1 is not in 10.5.0.0/24');
    await expect(address('10.5.0.7', GATEWAY)).rejects.toThrow('the gateway of 10.5.0.0/24 is 10.5.0.1');
    await expect(ask('RequestAddress', { PoolID: 'n9/10.5.0.0/24' })).rejects.toThrow(/no pool n9/);
  });
});
