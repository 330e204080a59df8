import { describe, expect, it } from 'vitest';
import { linesBetween, NO_ENTRIES } from '../xoverlay/entries.ts';
import { configureDevice, entriesFor, innerAddress, makeDevice } from './plan.ts';

describe("a host's address inside of the tunnel", () => {
  it('is its IPv4 address, or one that is nobody’s and follows from its IPv6 address', () => {
    expect(innerAddress('192.0.2.7')).toBe('192.0.2.7');
    const inner = Array.from({ length: 500 }, (_, i) => innerAddress(`2001:db8::${i.toString(16)}`));
    expect(inner.filter((one) => !/^2(4\d|5[0-4])\.\d+\.\d+\.\d+$/.test(one))).toEqual([]);
    expect(new Set(inner).size).toBe(500);
    expect(innerAddress('2001:db8::1')).toBe(inner[1]);
  });
});

describe('a probe device', () => {
  it('is a vxlan device below the VNIs of networks, made from the host’s namespace', () => {
    expect(makeDevice('clear', { namespace: 'n', address: '192.0.2.7', local: '192.0.2.7' })).toBe(
      'link add vx0 netns n address 02:be:c0:00:02:07 mtu 65000 type vxlan id 8388592 local 192.0.2.7 dstport 4789 nolearning',
    );
    expect(makeDevice('encrypted', { namespace: 'n', address: '192.0.2.7', local: undefined })).toMatch(
      / id 8388592 dstport 4790 nolearning$/,
    );
  });

  it('has one address, and a way to all others that nothing makes smaller', () => {
    expect(configureDevice('192.0.2.7')).toEqual([
      'link set dev vx0 mtu 65000 addrgenmode none',
      'link set dev vx0 up',
      'address replace 192.0.2.7/32 dev vx0',
      'route replace default dev vx0 scope link src 192.0.2.7 mtu lock 65000',
    ]);
  });

  it('knows the hosts that it is told, and no bridge; those of the other family cannot be there', () => {
    const entries = entriesFor('192.0.2.7', ['192.0.2.7', '192.0.2.8', '2001:db8::1']);
    expect(linesBetween(NO_ENTRIES, entries, { bridged: false })).toEqual({
      bridge: ['fdb replace 02:be:c0:00:02:08 dev vx0 dst 192.0.2.8 self static'],
      ip: ['neigh replace 192.0.2.8 lladdr 02:be:c0:00:02:08 dev vx0 nud permanent'],
    });
    expect(linesBetween(entries, NO_ENTRIES, { bridged: false })).toEqual({
      bridge: ['fdb del 02:be:c0:00:02:08 dev vx0 self'],
      ip: ['neigh del 192.0.2.8 dev vx0'],
    });
  });
});
