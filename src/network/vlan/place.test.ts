import { describe, expect, it } from 'vitest';
import type { Span } from '../../model/span.ts';
import { placeOf, wordsOf } from './place.ts';

const place = (span: Partial<Span>, hostUplink?: string) =>
  placeOf(
    {
      id: 'n1',
      engineId: 'e1',
      span: {
        driver: 'vlan',
        mtu: 1500,
        internal: false,
        pools: [{ subnet: '10.0.0.0/24' }, { subnet: 'fd00::/64' }, { subnet: '10.0.1.0/24' }],
        ...span,
      },
    },
    hostUplink,
  );

describe('place', () => {
  it('is on the uplink of the network, else of the host', () => {
    expect(place({ vlanId: 217 }, 'eth1')).toEqual({
      networkId: 'n1',
      uplink: 'eth1',
      vlanId: 217,
      mtu: 1500,
      subnets: ['10.0.0.0/24', '10.0.1.0/24'],
    });
    expect(place({ vlanId: 217, uplink: 'bond0' }, 'eth1')).toMatchObject({ uplink: 'bond0', vlanId: 217 });
  });

  it('reads the VLAN from an uplink that is written as for macvlan', () => {
    expect(place({ uplink: 'eth0.217' })).toMatchObject({ uplink: 'eth0', vlanId: 217 });
    expect(place({ uplink: 'eth0.217', vlanId: 217 })).toMatchObject({ uplink: 'eth0', vlanId: 217 });
    expect(place({ uplink: 'eth0' })).toMatchObject({ uplink: 'eth0', vlanId: undefined });
    expect(place({ uplink: 'eth0.5000' })).toMatchObject({ uplink: 'eth0.5000', vlanId: undefined });
    expect(() => place({ uplink: 'eth0.217', vlanId: 218 })).toThrow(
      'the uplink eth0.217 is VLAN 217, and VlanId is 218',
    );
  });

  it('says what to do where nobody has named an uplink', () => {
    expect(() => place({ vlanId: 217 })).toThrow(
      expect.objectContaining({
        code: 'bad_request',
        hint: 'start its agent with --vlan-uplink IF, or create the network with --opt uplink=IF',
      }),
    );
  });

  it('takes nothing for an interface that is an option or a path', () => {
    for (const uplink of ['--help', 'a b', '../x', 'a/b', '', 'x'.repeat(16), 'eth0\nlink delete eth0', '..'])
      expect(() => place({ uplink }), uplink).toThrow('cannot be the name of an interface');
  });

  it('has words for messages', () => {
    expect(wordsOf({ uplink: 'eth1', vlanId: 217 })).toBe('VLAN 217 on eth1');
    expect(wordsOf({ uplink: 'eth1', vlanId: undefined })).toBe('eth1');
  });
});
