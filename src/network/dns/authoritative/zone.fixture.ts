import type { DnsData, DnsRecord, DnsZone } from '../../../model/dns.ts';

export const zone: DnsZone = {
  ...{ kind: 'dns-zone', name: 'apps.example', nameservers: ['ns.apps.example', 'ns2.other.example'] },
  ...{
    contact: 'hostmaster.example',
    ttl: 300,
    transfer: [],
    notify: [],
    serial: 7,
    createdAt: 0,
    createdBy: 'a',
  },
};

let count = 0;

export function record(name: string, data: DnsData, more: Partial<DnsRecord> = {}): DnsRecord {
  const id = `r${count++}`;
  return { kind: 'dns-record', id, zone: zone.name, name, data, createdAt: 0, createdBy: 'a', ...more };
}

export const a = (name: string, address: string, more: Partial<DnsRecord> = {}) =>
  record(name, { type: 'A', address }, more);
