import { describe, expect, it } from 'vitest';
import { parseLinks, readNamespaces } from './links.ts';

/** As iproute2 6.1 prints it, shortened. */
const SHOWN = JSON.stringify([
  {
    ifname: 'eth1',
    flags: ['BROADCAST', 'MULTICAST', 'UP', 'LOWER_UP'],
    mtu: 1500,
    address: '52:54:00:00:00:01',
    addr_info: [
      { family: 'inet', local: '192.0.2.13', prefixlen: 24, scope: 'global' },
      { family: 'inet6', local: 'fe80::1', prefixlen: 64, scope: 'link' },
    ],
  },
  {
    ifname: 'eth1.217',
    link: 'eth1',
    flags: ['BROADCAST', 'UP'],
    mtu: 1500,
    address: '52:54:00:00:00:01',
    master: 'vbabcde',
    ifalias: 'berth-vlan:n1',
    linkinfo: {
      info_kind: 'vlan',
      info_data: { protocol: '802.1Q', id: 217, flags: ['REORDER_HDR'] },
      info_slave_kind: 'bridge',
      info_slave_data: { state: 'forwarding', isolated: true },
    },
    addr_info: [],
  },
  { ifname: 'tun0', flags: [], mtu: 1400, link: null, linkinfo: { info_kind: 'tun' }, addr_info: [] },
]);

describe('links', () => {
  it('reads what ip shows', () => {
    const links = parseLinks(SHOWN);
    expect(links.get('eth1')).toEqual({
      name: 'eth1',
      up: true,
      mtu: 1500,
      mac: '52:54:00:00:00:01',
      kind: '',
      master: undefined,
      parent: undefined,
      alias: '',
      vlanId: undefined,
      isolated: false,
      addresses: ['192.0.2.13'],
    });
    expect(links.get('eth1.217')).toMatchObject({
      parent: 'eth1',
      vlanId: 217,
      master: 'vbabcde',
      alias: 'berth-vlan:n1',
      isolated: true,
      addresses: [],
    });
    expect(links.get('tun0')).toMatchObject({ up: false, mac: '', kind: 'tun', parent: undefined });
  });

  it('takes an empty answer, and refuses another one', () => {
    expect(parseLinks('').size).toBe(0);
    expect(() => parseLinks('{"a":1}')).toThrow();
  });

  it('reads names of namespaces', async () => {
    expect(await readNamespaces(async () => 'berth-vlan-a (id: 3)\nb\n')).toEqual(
      new Set(['berth-vlan-a', 'b']),
    );
  });
});
