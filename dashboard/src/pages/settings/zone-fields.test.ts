import { expect, it } from 'vitest';
import { NO_ZONE_TEXT, zoneFlags, zoneInput, zoneProblems, zoneText } from './zone-fields.ts';

const zone = {
  ...{ nameservers: ['ns1.example.com', 'ns2.example.com'], contact: 'hostmaster.example.com', ttl: 300 },
  ...{ transfer: ['192.0.2.0/24'], notify: [{ address: '2001:db8::53', port: 5353 }] },
};

it('sends what is another one than before, and reads what it has written', () => {
  const before = zoneText(zone);
  expect(before.notify).toBe('[2001:db8::53]:5353');
  expect(zoneInput(before, before)).toEqual({});
  expect(zoneInput(before, NO_ZONE_TEXT)).toEqual(zone);
  expect(zoneInput({ ...before, nameservers: 'ns1.example.com,  ns2.example.com ' }, before)).toEqual({});
  expect(zoneInput({ ...before, ttl: '60', notify: '192.0.2.53, 192.0.2.54:54' }, before)).toEqual({
    ttl: 60,
    notify: [
      { address: '192.0.2.53', port: 53 },
      { address: '192.0.2.54', port: 54 },
    ],
  });
});

it('says of each field what the manager would refuse', () => {
  const before = zoneText(zone);
  const problems = (part: Partial<typeof before>) =>
    zoneProblems(zoneInput({ ...before, ...part }, before), 'missing');
  expect(problems({})).toEqual({});
  expect(problems({ ttl: '', contact: '', nameservers: ' ', transfer: '', notify: '' })).toEqual({
    ...{ ttl: 'missing', contact: 'missing', nameservers: 'missing' },
  });
  expect(problems({ nameservers: 'ns1.example.com n/s' }).nameservers).toContain(
    '"n/s" is not a domain name',
  );
  expect(problems({ transfer: '192.0.2.0/99' }).transfer).toContain('neither an IP address nor a network');
  expect(problems({ notify: 'ns3' }).notify).toContain('"ns3" is not an IP address');
  expect(Object.keys(problems({ ttl: '1.5' }))).toEqual(['ttl']);
});

it('says it as a command, unless a list is to be empty', () => {
  expect(zoneFlags(zone)).toBe(
    ' --ns ns1.example.com --ns ns2.example.com --contact hostmaster.example.com --ttl 300' +
      " --transfer 192.0.2.0/24 --notify '[2001:db8::53]:5353'",
  );
  expect(zoneFlags({})).toBe('');
  expect(zoneFlags({ transfer: [] })).toBeUndefined();
});
