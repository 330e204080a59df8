import { expect, it } from 'vitest';
import { nameservers, reachableFromContainers } from './resolv-conf.ts';

it('takes three servers, in order, once each', () => {
  const text =
    '# made by hand\nsearch corp.example\nnameserver 192.0.2.1\n nameserver\t2001:db8::1 # v6\nnameserver 192.0.2.1\nnameserver 192.0.2.2\nnameserver 192.0.2.3\noptions ndots:2\n';
  expect(nameservers(text)).toEqual(['192.0.2.1', '2001:db8::1', '192.0.2.2']);
});

it('leaves out what is no server of a host', () => {
  const text =
    'nameserver 127.0.0.11\nnameserver 169.254.53.53\nnameserver name.example\nnameserver\nnameserver 127.0.0.53\n';
  expect(nameservers(text)).toEqual(['127.0.0.53']);
  expect(nameservers('')).toEqual([]);
});

it("leaves out the host's loopback for containers", () => {
  expect(reachableFromContainers(['127.0.0.53', '::1', 'fe80::1%eth0', '192.0.2.1', 'fd00::1'])).toEqual([
    '192.0.2.1',
    'fd00::1',
  ]);
});
