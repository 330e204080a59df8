import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatSubnet, overlaps, parseSubnet } from '../ip.ts';
import type { Pool } from '../span.ts';
import { chooseSubnet, localSubnet, parseSource } from './choose-subnet.ts';
import { readPools } from './pools.ts';
import { readSpan, type SpanRequest, type SpanSurroundings } from './read-span.ts';
import { spanDriver } from './registry.ts';
import { vlan } from './vlan.ts';
import { xoverlay } from './xoverlay.ts';

const id = 'c0ffee0123'.padEnd(64, '0');
const around: SpanSurroundings = {
  networkId: id,
  hosts: [{ name: 'h1', dataAddress: '192.0.2.11' }],
  subnets: () => [],
  vnis: [],
  sources: [parseSource('10.128.0.0/9:20') ?? expect.fail()],
};
const asked: SpanRequest = { pools: [], ipv6: false, internal: false, options: {} };
const over = (request: Partial<SpanRequest>, change: Partial<SpanSurroundings> = {}) =>
  readSpan(xoverlay, { ...asked, ...request }, { ...around, ...change });
const onVlan = (request: Partial<SpanRequest>) =>
  readSpan(vlan, { ...asked, pools: [{ subnet: '100.200.163.0/24' }], ...request }, around);

describe('spanning networks', () => {
  it('get subnet, gateway, VNI and MTU where nothing is said', () => {
    expect(over({})).toEqual({
      driver: 'xoverlay',
      pools: [{ subnet: '10.128.0.0/20', gateway: '10.128.0.1' }],
      mtu: 1450,
      internal: false,
      vni: 8_388_608,
    });
  });

  it('get the VNI behind the highest one, and the lowest that is free behind the last', () => {
    const next = (...vnis: number[]) => over({}, { vnis }).vni;
    expect(next(8_388_608, 8_388_610)).toBe(8_388_611);
    expect(next(8_388_610, 8_388_609, 5, 20_000_000)).toBe(8_388_611);
    expect(next(16_777_215, 8_388_608)).toBe(8_388_609);
  });

  it('take seed 004 as it is written', () => {
    expect(onVlan({ options: { VlanId: '1' } })).toEqual({
      driver: 'vlan',
      pools: [{ subnet: '100.200.163.0/24', gateway: '100.200.163.1' }],
      mtu: 1500,
      internal: false,
      vlanId: 1,
    });
    expect(onVlan({ options: { '--VlanId': '7', parent: 'eth1', backend: 'macvlan' } })).toMatchObject({
      ...{ vlanId: 7, uplink: 'eth1', backend: 'macvlan' },
    });
  });

  it('take a VLAN that is named with its interface for what it is', () => {
    const tagged = { uplink: 'eth1', vlanId: 8 };
    const spellings: Record<string, string>[] = [
      { parent: 'eth1.8' },
      { uplink: 'eth1.8', VlanId: '8' },
      { parent: 'eth1', VlanId: '8' },
    ];
    for (const options of spellings) expect(onVlan({ options })).toMatchObject(tagged);
    // No VLAN has such a number: that is the interface's name.
    expect(onVlan({ options: { parent: 'eth1.5000' } })).toMatchObject({ uplink: 'eth1.5000' });
    expect(onVlan({ options: { parent: 'eth1.5000' } })).not.toHaveProperty('vlanId');
  });

  it('have room on the wire for their headers', () => {
    const wired = (hosts: SpanSurroundings['hosts'], options = {}) => over({ options }, { hosts }).mtu;
    const jumbo = { name: 'a', dataAddress: '192.0.2.1', wireMtu: 9000 };
    const plain = { name: 'b', dataAddress: '192.0.2.2', wireMtu: 1500 };
    const six = { name: 'c', dataAddress: '2001:db8::1', wireMtu: 1500 };
    expect(wired([])).toBe(1450);
    expect(wired([jumbo])).toBe(8950);
    expect(wired([jumbo, plain])).toBe(1450);
    expect(wired([plain, six])).toBe(1430);
    expect(wired([plain], { encrypted: '' })).toBe(1416);
    expect(wired([jumbo], { mtu: '1300' })).toBe(1300);
  });

  it('need a wire that carries their packets, and none that is larger', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1280, max: 9216 }),
        fc.constantFrom(4 as const, 6 as const),
        fc.boolean(),
        (mtu, family, encrypted) => {
          const wire = xoverlay.wireMtuFor({ mtu, encrypted }, family) ?? expect.fail();
          expect(xoverlay.mtu({ mtu: wire, family }, { encrypted })).toBeGreaterThanOrEqual(mtu);
          expect(xoverlay.mtu({ mtu: wire - 1, family }, { encrypted })).toBeLessThan(mtu);
        },
      ),
    );
    expect(vlan.wireMtuFor({ mtu: 9000 }, 4)).toBeUndefined();
  });

  it('never make an encrypted packet that is larger than the wire takes', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1280, max: 9216 }),
        fc.constantFrom(4 as const, 6 as const),
        (mtu, family) => {
          // IP header, ESP header, IV and check value around UDP, VXLAN, Ethernet and the packet, padded to words.
          const size = (inner: number) =>
            (family === 4 ? 20 : 40) + 8 + 8 + 16 + Math.ceil((8 + 8 + 14 + inner + 2) / 4) * 4;
          const inner = xoverlay.mtu({ mtu, family }, { encrypted: true });
          expect(size(inner)).toBeLessThanOrEqual(mtu);
          expect(size(inner + 4)).toBeGreaterThan(mtu - 4);
        },
      ),
    );
  });

  it('have both families on request', () => {
    expect(over({ ipv6: true }).pools).toEqual([
      { subnet: '10.128.0.0/20', gateway: '10.128.0.1' },
      { subnet: 'fdc0:ffee:123::/64', gateway: 'fdc0:ffee:123::1' },
    ]);
    const pools = [{ subnet: 'fd00:1::/64' }, { subnet: '10.1.0.0/16' }];
    expect(over({ ipv6: true, pools }).pools.map(({ subnet }) => subnet)).toEqual([
      '10.1.0.0/16',
      'fd00:1::/64',
    ]);
    expect(() => over({ pools })).toThrow('subnet fd00:1::/64 is an IPv6 one: ask for IPv6 with --ipv6');
    expect(() => over({ ipv6: true, options: { mtu: '1000' } })).toThrow('MTU 1000 is too small for IPv6');
  });

  it('stay clear of the wire and of other networks', () => {
    const hosts = [{ name: 'h1', dataAddress: '10.128.7.7' }];
    expect(over({}, { hosts, subnets: () => ['10.129.0.0/20', '10.129.32.0/19'] }).pools[0]?.subnet).toBe(
      '10.129.16.0/20',
    );
    expect(() => over({ pools: [{ subnet: '192.1.0.0/16' }] })).not.toThrow();
    expect(() => over({ pools: [{ subnet: '192.0.2.0/24' }] })).toThrow(
      'subnet 192.0.2.0/24 overlaps the wire: 192.0.2.11 in it is the data address of host h1',
    );
    // Hosts may be on the VLAN themselves.
    expect(onVlan({ pools: [{ subnet: '192.0.2.0/24' }] }).pools[0]?.subnet).toBe('192.0.2.0/24');
    expect(() => onVlan({ pools: [] })).toThrow('needs an IPv4 subnet');
  });

  it('read what other networks have only where a subnet is to be chosen, and each text once', () => {
    const subnets = () => expect.fail('nothing is to be chosen');
    const pools = [{ subnet: '192.1.0.0/16' }];
    expect(over({ pools }, { subnets }).pools[0]?.subnet).toBe('192.1.0.0/16');
    // Each of many engines has the same few.
    const texts = Array.from({ length: 100_000 }, (_, i) => `10.128.${(i % 4) * 16}.0/20`);
    // The best of five, as a machine may stand still in any of them.
    const elapsed = (what: () => void) =>
      Math.min(
        ...Array.from({ length: 5 }, () => {
          const before = performance.now();
          what();
          return performance.now() - before;
        }),
      );
    const parsing = elapsed(() => texts.map(parseSubnet));
    const choosing = elapsed(() =>
      expect(over({}, { subnets: () => texts }).pools[0]?.subnet).toBe('10.128.64.0/20'),
    );
    expect(choosing).toBeLessThan(parsing / 2);
  });

  it.each([
    [{ VlanId: '0' }, 'network option VlanId=0 of driver vlan is not possible: it is 1 to 4094'],
    [{ VlanId: '5000' }, 'VlanId=5000 of driver vlan is not possible: it is 1 to 4094'],
    [{ vlanid: '1x' }, 'is not possible'],
    [
      { VlanIdd: '1' },
      'network driver vlan has no option "VlanIdd": it has mtu, vlanid, backend, uplink, parent',
    ],
    [{ backend: 'ovs' }, 'openvswitch, bridge, macvlan'],
    [{ uplink: 'eth/1' }, 'the name of an interface'],
    [{ encrypted: '' }, 'has no option "encrypted"'],
    [{ mtu: '9' }, 'from 576 to 65535'],
    [{ uplink: 'eth0', parent: 'eth1' }, 'uplink=eth0 and parent=eth1 contradict each other'],
    [{ VlanId: '7', parent: 'eth1.8' }, 'VlanId=7 and parent=eth1.8 contradict each other'],
    [{ parent: 'eth1.8', uplink: 'eth1.9' }, 'parent=eth1.8 and uplink=eth1.9 contradict each other'],
  ])('refuse %j', (options, message) => {
    expect(() => onVlan({ options: options as Record<string, string> })).toThrow(message);
  });
});

describe('pools', () => {
  const one = (pool: Partial<Pool>) => readPools([{ subnet: '10.1.0.0/24', ...pool }])[0];

  it('have the first address of subnet or range as gateway', () => {
    expect(one({})?.gateway).toBe('10.1.0.1');
    expect(one({ range: '10.1.0.128/25' })).toMatchObject({ range: '10.1.0.128/25', gateway: '10.1.0.128' });
    expect(one({ gateway: '10.1.0.254' })?.gateway).toBe('10.1.0.254');
    expect(one({ aux: { router: '10.1.0.1' } })).toMatchObject({
      gateway: '10.1.0.2',
      aux: { router: '10.1.0.1' },
    });
  });

  it.each<[Partial<Pool>, string]>([
    [{ subnet: '10.1.0.5/24' }, 'subnet 10.1.0.5/24 has host bits: 10.1.0.0/24'],
    [{ subnet: '10.1.0.0' }, '"10.1.0.0" is not a subnet'],
    [{ subnet: '10.1.0.0/31' }, 'no room'],
    [{ subnet: '0.0.0.0/0' }, 'too large'],
    [{ subnet: '127.0.0.0/16' }, 'loopback'],
    [{ subnet: '169.254.0.0/16' }, 'link-local'],
    [{ range: '10.2.0.0/25' }, 'is not a part of subnet'],
    [
      { gateway: '10.2.0.1' },
      'gateway 10.2.0.1 is not in subnet 10.1.0.0/24: possible are 10.1.0.1 to 10.1.0.254',
    ],
    [{ gateway: '10.1.0.255' }, 'possible are'],
    [{ gateway: 'router' }, 'is not an address'],
    [{ gateway: '10.1.0.9', aux: { a: '10.1.0.9' } }, 'at once'],
    [{ aux: { a: '10.1.0.9', b: '10.1.0.9' } }, 'are the same'],
    [{ aux: { a: '10.3.0.9' } }, 'auxiliary address a=10.3.0.9 is not in'],
  ])('refuse %j', (pool, message) => {
    expect(() => one(pool)).toThrow(message);
  });

  it('do not overlap', () => {
    expect(() => readPools([{ subnet: '10.1.0.0/16' }, { subnet: '10.1.2.0/24' }])).toThrow(
      'subnets 10.1.0.0/16 and 10.1.2.0/24 of one network overlap',
    );
  });
});

describe('chosen subnets', () => {
  it('are the lowest that nothing overlaps', () => {
    const sources = [parseSource('10.0.0.0/24:28') ?? expect.fail()];
    const taken = fc.array(
      fc.tuple(fc.integer({ min: 0, max: 255 }), fc.integer({ min: 25, max: 32 })).map(([host, prefix]) => {
        const size = 2 ** (32 - prefix);
        return parseSubnet(`10.0.0.${host - (host % size)}/${prefix}`) ?? expect.fail();
      }),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(taken, (list) => {
        const all = Array.from({ length: 16 }, (_, i) => parseSubnet(`10.0.0.${i * 16}/28`) ?? expect.fail());
        const free = all.find((one) => !list.some((other) => overlaps(one, other)));
        if (free === undefined) expect(() => chooseSubnet(sources, list)).toThrow('no subnet is free');
        else expect(formatSubnet(chooseSubnet(sources, list))).toBe(formatSubnet(free));
      }),
    );
  });

  it('are cut from ranges', () => {
    expect(parseSource('10.0.0.0/8:24')).toMatchObject({ size: 24 });
    for (const text of ['10.0.0.0/8', '10.0.0.1/8:24', '10.0.0.0/8:4', 'fd00::/8:24'])
      expect(parseSource(text), text).toBeUndefined();
  });

  it('of IPv6 are local to the network', () => {
    expect(formatSubnet(localSubnet('ab'.repeat(32)))).toBe('fdab:abab:abab::/64');
  });
});

it('a driver that is in no list spans nothing', () => {
  expect(spanDriver('bridge')).toBeUndefined();
  expect(spanDriver('vlan')).toBe(vlan);
});
