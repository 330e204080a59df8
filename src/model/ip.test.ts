import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  contains,
  covers,
  formatIp,
  formatSubnet,
  normalIp,
  overlaps,
  parseIp,
  parseSubnet,
  usable,
} from './ip.ts';
import { macOf, normalMac } from './mac.ts';

const ips = fc.oneof(
  fc.bigInt({ min: 0n, max: (1n << 32n) - 1n }).map((value) => ({ family: 4 as const, value })),
  fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }).map((value) => ({ family: 6 as const, value })),
);

describe('addresses', () => {
  it('are read as they were written', () => {
    fc.assert(
      fc.property(ips, (ip) => {
        expect(parseIp(formatIp(ip))).toEqual(ip);
      }),
    );
  });

  it('come out in their shortest form', () => {
    expect(normalIp('2001:DB8:0:0:0:0:0:1')).toBe('2001:db8::1');
    expect(normalIp('10.1.2.3')).toBe('10.1.2.3');
  });

  it('are nothing but dotted decimals and RFC 4291', () => {
    for (const text of [
      '',
      '10.1',
      '010.1.1.1',
      '0x7f.0.0.1',
      '1.2.3.256',
      'fe80::1%eth0',
      'host',
      '1.2.3.4/24',
    ])
      expect(parseIp(text), text).toBeUndefined();
  });
});

describe('subnets', () => {
  it('know their first address, and host bits', () => {
    expect(parseSubnet('192.168.1.0/24')).toMatchObject({ size: 256n, hostBits: false });
    const odd = parseSubnet('192.168.1.7/24');
    expect(odd?.hostBits).toBe(true);
    expect(odd && formatSubnet(odd)).toBe('192.168.1.0/24');
    for (const text of ['192.168.1.0', '192.168.1.0/33', '192.168.1.0/24/1', 'x/8', '::/129', '10.0.0.0/'])
      expect(parseSubnet(text), text).toBeUndefined();
  });

  it('leave out network and broadcast address', () => {
    const four = usable(parseSubnet('10.0.0.0/30') ?? expect.fail());
    expect([
      formatIp({ family: 4, value: four.lowest }),
      formatIp({ family: 4, value: four.highest }),
    ]).toEqual(['10.0.0.1', '10.0.0.2']);
    const six = usable(parseSubnet('fd00::/126') ?? expect.fail());
    expect(formatIp({ family: 6, value: six.highest })).toBe('fd00::3');
  });

  it('contain, cover and overlap as sets of addresses do', () => {
    const small = fc
      .tuple(fc.integer({ min: 24, max: 32 }), fc.integer({ min: 0, max: 255 }))
      .map(([prefix, host]) => {
        const size = 2 ** (32 - prefix);
        return parseSubnet(`10.0.0.${host - (host % size)}/${prefix}`) ?? expect.fail();
      });
    const members = (subnet: { first: bigint; size: bigint }) =>
      new Set(Array.from({ length: Number(subnet.size) }, (_, i) => subnet.first + BigInt(i)));
    fc.assert(
      fc.property(small, small, (a, b) => {
        const [one, other] = [members(a), members(b)];
        expect(overlaps(a, b)).toBe([...one].some((ip) => other.has(ip)));
        expect(covers(a, b)).toBe([...other].every((ip) => one.has(ip)));
        expect(contains(a, { family: 4, value: b.first })).toBe(one.has(b.first));
      }),
    );
  });
});

describe('MAC addresses', () => {
  it('are made of the IPv4 address', () => {
    expect(macOf(parseIp('192.168.1.254') ?? expect.fail())).toBe('02:be:c0:a8:01:fe');
  });

  it('are read in any form, and must be unicast', () => {
    expect(normalMac('02-42-AC-11-00-02')).toBe('02:42:ac:11:00:02');
    for (const text of ['01:00:5e:00:00:01', '00:00:00:00:00:00', '02:42', '02:42:ac:11:00:0g'])
      expect(normalMac(text), text).toBeUndefined();
  });
});
