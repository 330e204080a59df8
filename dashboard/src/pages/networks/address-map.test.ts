import { describe, expect, it } from 'vitest';
import type { AddressView } from '../../../../src/contract/v1/addresses.ts';
import { addressMap, countStates } from './address-map.ts';

const used = (ip: string, more: Partial<AddressView> = {}): AddressView => ({
  ...{ ip, mac: '02:42:00:00:00:01', state: 'used', holder: 'container web on host h1' },
  ...more,
});

describe('a small pool', () => {
  it('shows each address: the gateway, who has one, what is free, and what is nobody’s', () => {
    const map = addressMap({ subnet: '10.1.0.0/29', gateway: '10.1.0.1' }, [
      used('10.1.0.1'),
      used('10.1.0.3', { state: 'reserved', reservedFor: 'db' }),
      used('10.2.0.4'),
    ]);
    if (map.kind !== 'grid') throw new Error('not a grid');
    expect(map.cells.map(({ ip, state }) => `${ip} ${state}`)).toEqual([
      '10.1.0.0 outside',
      '10.1.0.1 gateway',
      '10.1.0.2 free',
      '10.1.0.3 reserved',
      '10.1.0.4 free',
      '10.1.0.5 free',
      '10.1.0.6 free',
      '10.1.0.7 outside',
    ]);
    expect(map.cells[3]?.address?.reservedFor).toBe('db');
    expect(countStates(map.cells).get('free')).toBe(4);
  });

  it('gives nothing from outside of its range, and shows what has been taken there', () => {
    const pool = { subnet: '10.1.0.0/28', range: '10.1.0.8/30' };
    const map = addressMap(pool, [used('10.1.0.2')]);
    if (map.kind !== 'grid') throw new Error('not a grid');
    const free = map.cells.filter(({ state }) => state === 'free').map(({ ip }) => ip);
    expect(free).toEqual(['10.1.0.8', '10.1.0.9', '10.1.0.10', '10.1.0.11']);
    expect(map.cells[2]?.state).toBe('used');
  });
});

describe('a large pool', () => {
  it('shows runs of what is alike', () => {
    const map = addressMap({ subnet: '10.0.0.0/16' }, [used('10.0.0.2'), used('10.0.0.3')]);
    if (map.kind !== 'runs') throw new Error('no runs');
    expect(map.runs.map(({ first, last, count, state }) => `${first} ${last} ${count} ${state}`)).toEqual([
      '10.0.0.0 10.0.0.0 1 outside',
      '10.0.0.1 10.0.0.1 1 free',
      '10.0.0.2 10.0.0.2 1 used',
      '10.0.0.3 10.0.0.3 1 used',
      '10.0.0.4 10.0.255.254 65531 free',
      '10.0.255.255 10.0.255.255 1 outside',
    ]);
  });

  it('counts what a number cannot', () => {
    const map = addressMap({ subnet: 'fd00::/64' }, [used('fd00::1')]);
    if (map.kind !== 'runs') throw new Error('no runs');
    expect(map.runs.at(-1)).toMatchObject({ first: 'fd00::2', count: '18446744073709551614', state: 'free' });
  });
});
