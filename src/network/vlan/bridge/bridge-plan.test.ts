import { describe, expect, it } from 'vitest';
import type { Place } from '../backend.ts';
import type { Link } from '../links.ts';
import {
  bridgedElsewhere,
  bridgeFor,
  bridgeObstacle,
  ensureLines,
  filterRule,
  isBridged,
  portLines,
  removeLines,
  serviceLines,
} from './bridge-plan.ts';

const place: Place = { networkId: 'n1', uplink: 'eth1', vlanId: 217, mtu: 1500, subnets: ['10.0.0.0/24'] };
const untagged: Place = { ...place, vlanId: undefined };
const BRIDGE = 'vbhllym';

const links = (...some: (Partial<Link> & { name: string })[]) =>
  new Map(
    some.map((link) => [
      link.name,
      {
        up: true,
        mtu: 1500,
        mac: '',
        kind: '',
        alias: '',
        isolated: false,
        addresses: [],
        ...link,
      } as unknown as Link,
    ]),
  );
const tagged = { name: 'eth1.217', parent: 'eth1', vlanId: 217, kind: 'vlan' };

describe('plan of a bridge', () => {
  it('lies over an 802.1q interface', () => {
    expect(ensureLines(links({ name: 'eth1' }), place)).toEqual([
      'link add link eth1 name eth1.217 type vlan id 217',
      'link set dev eth1.217 alias berth-vlan:n1',
      'link set dev eth1.217 addrgenmode none',
      'link set dev eth1 up',
      'link set dev eth1.217 up',
      `link add name ${BRIDGE} mtu 1500 type bridge`,
      `link set dev ${BRIDGE} addrgenmode none`,
      `link set dev eth1.217 master ${BRIDGE}`,
      'link set dev eth1.217 type bridge_slave isolated on',
      `link set dev ${BRIDGE} up`,
    ]);
  });

  it('lies over the uplink where frames have no tag', () => {
    expect(ensureLines(links({ name: 'eth1' }), untagged)).toEqual([
      'link set dev eth1 up',
      `link add name ${BRIDGE} mtu 1500 type bridge`,
      `link set dev ${BRIDGE} addrgenmode none`,
      `link set dev eth1 master ${BRIDGE}`,
      'link set dev eth1 type bridge_slave isolated on',
      `link set dev ${BRIDGE} up`,
    ]);
  });

  it('goes on from what is there', () => {
    const there = links(
      { name: 'eth1' },
      { ...tagged, alias: 'berth-vlan:n1', master: BRIDGE },
      { name: BRIDGE, kind: 'bridge' },
    );
    expect(ensureLines(there, place)).toEqual([
      'link set dev eth1 up',
      'link set dev eth1.217 up',
      'link set dev eth1.217 type bridge_slave isolated on',
      `link set dev ${BRIDGE} up`,
    ]);
    expect(removeLines(there, place)).toEqual([`link delete dev ${BRIDGE}`, 'link delete dev eth1.217']);
    expect(isBridged(there, place)).toBe(true);
    expect(removeLines(links({ name: 'eth1' }), place)).toEqual([]);
  });

  it("uses an operator's VLAN interface, whatever its name, and bridge, and leaves them", () => {
    const theirs = links(
      { name: 'eth1' },
      { ...tagged, name: 'vlan217', master: 'br217', isolated: true },
      { name: 'br217', kind: 'bridge' },
    );
    expect(bridgeFor(theirs, place)).toBe('br217');
    expect(ensureLines(theirs, place)).not.toContainEqual(expect.stringContaining('add'));
    expect(removeLines(theirs, place)).toEqual(['link set dev vlan217 type bridge_slave isolated off']);
  });

  it('connects ports; the one of names does not reach the uplink', () => {
    expect(portLines('br', 'vh1')).toEqual(['link set dev vh1 master br']);
    expect(serviceLines('br', 'vs1')).toEqual([
      'link set dev vs1 master br',
      'link set dev vs1 type bridge_slave isolated on',
    ]);
    expect(filterRule('br').join(' ')).toBe('FORWARD -i br -o br -m comment --comment berth-vlan -j ACCEPT');
  });

  it('refuses to cut the host off from an address', () => {
    expect(bridgeObstacle(links({ name: 'eth1', addresses: ['192.0.2.13'] }), untagged)).toMatch(
      /^eth1 has the address 192\.0\.2\.13, and as a port of a bridge this host would be cut off/,
    );
    // with a tag the address stays where it is
    expect(bridgeObstacle(links({ name: 'eth1', addresses: ['192.0.2.13'] }), place)).toBeUndefined();
    const bonded = links({ name: 'eth1', master: 'bond0' }, { name: 'bond0', kind: 'bond' });
    expect(bridgeObstacle(bonded, untagged)).toContain('name bond0 as the uplink');
  });

  it('knows what is on another uplink, and whether containers are', () => {
    const moved = { ...place, uplink: 'eth2' };
    const own = [
      { name: 'eth1' },
      { ...tagged, master: BRIDGE, isolated: true },
      { name: BRIDGE, kind: 'bridge' },
      { name: 'vshllym', master: BRIDGE, isolated: true },
    ];
    const container = { name: 'vhhllymabcdefg', master: BRIDGE };
    expect(bridgedElsewhere(links(...own), moved)).toEqual({ uplink: 'eth1', inUse: false });
    expect(bridgedElsewhere(links(...own, container), moved)).toEqual({ uplink: 'eth1', inUse: true });
    expect(bridgedElsewhere(links(...own, container), place)).toBeUndefined();
    expect(bridgedElsewhere(links({ name: 'eth1' }, { name: 'eth2' }), moved)).toBeUndefined();
    const theirs = links(
      { name: 'eth1', master: 'br0', isolated: true },
      { name: 'br0', kind: 'bridge' },
      { name: 'vshllym', master: 'br0', isolated: true },
    );
    expect(bridgedElsewhere(theirs, { ...moved, vlanId: undefined })).toEqual({
      uplink: 'eth1',
      inUse: false,
    });
  });
});
