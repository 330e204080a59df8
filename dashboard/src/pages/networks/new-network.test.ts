import { expect, it } from 'vitest';
import { type Draft, networkCli, newNetwork } from './new-network.ts';

const draft = (more: Partial<Draft>): Draft => ({
  ...{
    name: 'shop',
    driver: 'xoverlay',
    subnet: '',
    range: '',
    gateway: '',
    vlanId: '',
    uplink: '',
    mtu: '',
  },
  ...{ encrypted: false, internal: false, ipv6: false },
  ...more,
});

it('says nothing that was not said', () => {
  expect(newNetwork(draft({ name: ' shop ' }))).toEqual({ name: 'shop', driver: 'xoverlay' });
  expect(networkCli(newNetwork(draft({})))).toBe('docker network create -d xoverlay shop');
});

it('leaves out what was typed for another driver', () => {
  const all = { vlanId: '7', uplink: 'eth1', range: '10.7.0.128/25', gateway: '10.7.0.1', encrypted: true };
  const own = newNetwork(draft({ ...all, subnet: '10.7.0.0/24', mtu: ' 1400 ' }));
  expect(own).toMatchObject({
    pools: [{ subnet: '10.7.0.0/24' }],
    options: { encrypted: 'true', mtu: '1400' },
  });
  expect(own.pools).toEqual([{ subnet: '10.7.0.0/24' }]);
  expect(newNetwork(draft({ ...all, driver: 'bridge' }))).toEqual({ name: 'shop', driver: 'bridge' });
});

it('is a command of docker’s, quoted for a shell', () => {
  const vlan = draft({
    ...{ name: "it's", driver: 'vlan', subnet: '10.7.0.0/24', range: '10.7.0.128/25', gateway: '10.7.0.1' },
    ...{ vlanId: '7', uplink: 'eth1', internal: true, ipv6: true },
  });
  expect(networkCli(newNetwork(vlan))).toBe(
    "docker network create -d vlan --subnet 10.7.0.0/24 --ip-range 10.7.0.128/25 --gateway 10.7.0.1 --ipv6 --internal -o VlanId=7 -o uplink=eth1 'it'\\''s'",
  );
});
