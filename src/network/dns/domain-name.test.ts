import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isDomainName, reverseName } from './domain-name.ts';

it('knows what can stand in a message', () => {
  for (const good of ['web', 'web.shop', '_http._tcp.web', 'a'.repeat(63), 'x_1-y'])
    expect(isDomainName(good)).toBe(true);
  for (const bad of ['', '.', 'a..b', 'web.', 'a b', 'ä', 'a\\046b', 'a'.repeat(64), 'a.'.repeat(130)])
    expect(isDomainName(bad)).toBe(false);
});

it('turns addresses round', () => {
  expect(reverseName('192.168.1.10')).toBe('10.1.168.192.in-addr.arpa');
  expect(reverseName('2001:DB8::1')).toBe(`1.${'0.'.repeat(23)}8.b.d.0.1.0.0.2.ip6.arpa`);
  expect(reverseName('::')).toBe(`${'0.'.repeat(32)}ip6.arpa`);
  expect(reverseName('::ffff:192.0.2.1')).toMatch(/^1\.0\.2\.0\.0\.0\.0\.c\.f\.f\.f\.f\.0\./);
  expect(reverseName('fe80::1%eth0')).toBeUndefined();
  expect(reverseName('web')).toBeUndefined();
});

it('has 32 digits for every IPv6 address', () => {
  fc.assert(
    fc.property(fc.ipV6(), (address) => {
      expect(reverseName(address)).toMatch(/^([0-9a-f]\.){32}ip6\.arpa$/);
    }),
  );
});
