import { expect, it } from 'vitest';
import { silentLogger } from '../kit/logger.ts';
import { dataAddressOf } from './data-address.ts';

const entry = (address: string) => ({ address, family: address.includes(':') ? 6 : 4 });
const of = (given: string | undefined, ...found: string[]) =>
  dataAddressOf(
    given,
    silentLogger,
    async (name) => {
      if (found.length === 0) throw new Error(`getaddrinfo ENOTFOUND ${name}`);
      return found.map(entry);
    },
    () => '10.0.0.5',
  );

it('is the address that was given, in its shortest form, or the default one', async () => {
  expect(await of('192.0.2.1')).toBe('192.0.2.1');
  expect(await of('2001:DB8:0::1')).toBe('2001:db8::1');
  expect(await of(undefined)).toBe('10.0.0.5');
});

it('is what a name leads to, IPv4 first, and never a name', async () => {
  expect(await of('berth.example', '2001:db8::1', '192.0.2.9')).toBe('192.0.2.9');
  expect(await of('berth.example', '2001:db8::1')).toBe('2001:db8::1');
  expect(await of('me', '127.0.1.1')).toBe('10.0.0.5');
  expect(await of('me', '127.0.1.1', '192.0.2.9')).toBe('192.0.2.9');
  expect(await of('nobody.example')).toBe('10.0.0.5');
});
