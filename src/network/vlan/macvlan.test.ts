import { describe, expect, it } from 'vitest';
import type { Place } from './backend.ts';
import { portNames } from './device-names.ts';
import type { Link } from './links.ts';
import { attachLines, isOnMacvlan, macvlanElsewhere, macvlanObstacle, removeLines } from './macvlan.ts';
import { carrierObstacle } from './vlan-device.ts';

const place: Place = { networkId: 'n1', uplink: 'eth1', vlanId: 217, mtu: 1400, subnets: ['10.0.0.0/24'] };
const untagged: Place = { ...place, vlanId: undefined };
const port = { ...portNames('n1', 'e1'), mac: '02:bf:00:00:00:01' };
const links = (...some: (Partial<Link> & { name: string })[]) =>
  new Map(
    some.map((link) => [
      link.name,
      { up: true, mtu: 1500, kind: '', alias: '', addresses: [], ...link } as unknown as Link,
    ]),
  );
const tagged = { name: 'eth1.217', parent: 'eth1', vlanId: 217, kind: 'vlan' };

describe('plan of a macvlan', () => {
  it("makes the container's end over the VLAN, in the namespace where it is probed", () => {
    expect(attachLines(links({ name: 'eth1' }, tagged), place, port)).toEqual([
      `link add link eth1.217 name ${port.container} address 02:bf:00:00:00:01 mtu 1400 netns ${port.namespace} type macvlan mode bridge`,
    ]);
    expect(attachLines(links({ name: 'eth1' }), untagged, port)[0]).toContain('link add link eth1 name');
  });

  it('takes away the VLAN interface that it has made, and no other', () => {
    expect(removeLines(links({ name: 'eth1' }, { ...tagged, alias: 'berth-vlan:n1' }), place)).toEqual([
      'link delete dev eth1.217',
    ]);
    expect(removeLines(links({ name: 'eth1' }, tagged), place)).toEqual([]);
    expect(removeLines(links({ name: 'eth1' }), untagged)).toEqual([]);
  });

  it('knows what is its own', () => {
    expect(isOnMacvlan(links({ name: port.container, kind: 'macvlan' }), untagged)).toBe(true);
    expect(isOnMacvlan(links({ name: 'eth1' }, { ...tagged, alias: 'berth-vlan:n1' }), place)).toBe(true);
    expect(isOnMacvlan(links({ name: port.container, kind: 'veth' }), untagged)).toBe(false);
  });

  it('knows its VLAN interface on another uplink, with whom nobody can tell', () => {
    const own = { ...tagged, alias: 'berth-vlan:n1' };
    const moved = { ...place, uplink: 'eth2' };
    expect(macvlanElsewhere(links({ name: 'eth1' }, own), moved)).toEqual({ uplink: 'eth1', inUse: true });
    expect(macvlanElsewhere(links({ name: 'eth1' }, own), place)).toBeUndefined();
    expect(macvlanElsewhere(links({ name: 'eth1' }, tagged), moved)).toBeUndefined();
    // In a bridge: that backend's.
    expect(macvlanElsewhere(links({ name: 'eth1' }, { ...own, master: 'br0' }), moved)).toBeUndefined();
  });

  it('says what is in the way', () => {
    expect(macvlanObstacle(links({ name: 'eth1', master: 'br0' }), untagged)).toBe(
      'eth1 is a port of br0: name br0 as the uplink',
    );
    expect(macvlanObstacle(links({ name: 'eth1', addresses: ['192.0.2.13'] }), untagged)).toBeUndefined();
    expect(carrierObstacle(links({ name: 'eth0' }, { name: 'lo' }), place)).toBe(
      'this host has no interface eth1 (it has eth0)',
    );
    expect(carrierObstacle(links({ name: 'eth1', mtu: 1300 }), place)).toContain(
      "eth1 carries 1300 bytes, and the network's MTU is 1400",
    );
    expect(carrierObstacle(links({ name: 'eth1' }, { ...tagged, alias: 'berth-vlan:n2' }), place)).toContain(
      'VLAN 217 on eth1 is network n2 of the cluster already',
    );
  });
});
