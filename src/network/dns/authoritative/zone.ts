import type { DnsRecord, DnsZone } from '../../../model/dns.ts';
import type { ResourceRecord } from '../message.ts';
import { TYPE } from '../numbers.ts';

/** Seconds: how often a secondary looks by itself, tries again, gives up, and how long nothing is remembered. */
const REFRESH = 900;
const RETRY = 60;
const EXPIRE = 1_209_600;
const NEGATIVE = 60;

export type RecordSet = Readonly<{ type: number; records: readonly Member[] }>;
type Member = Readonly<{ record: ResourceRecord; weight: number | undefined; healthy: boolean }>;

/** A zone as it is answered from: record sets by full name, and every name that is there, if only above another one. */
export type ZoneData = Readonly<{
  zone: DnsZone;
  soa: ResourceRecord;
  sets: ReadonlyMap<string, readonly RecordSet[]>;
  names: ReadonlySet<string>;
}>;

/**
 * @param records of that zone
 * @param isHealthy of a record with a check
 */
export function zoneData(
  zone: DnsZone,
  records: readonly DnsRecord[],
  isHealthy: (id: string) => boolean,
): ZoneData {
  const sets = new Map<string, { type: number; records: Member[] }[]>();
  const add = (record: ResourceRecord, more: Omit<Member, 'record'>) => {
    const ofName = sets.get(record.name) ?? [];
    sets.set(record.name, ofName);
    const type = TYPE[record.type as keyof typeof TYPE];
    const set = ofName.find((one) => one.type === type);
    if (set === undefined) ofName.push({ type, records: [{ record, ...more }] });
    else set.records.push({ record, ...more });
  };
  const soa = soaOf(zone);
  add(soa, PLAIN);
  for (const server of zone.nameservers)
    add({ name: zone.name, type: 'NS', ttl: zone.ttl, data: server }, PLAIN);
  for (const one of records) {
    const healthy = one.check === undefined || isHealthy(one.id);
    add(recordOf(zone, one), { weight: one.weight, healthy });
  }
  return { zone, soa, sets, names: allNames(zone.name, sets.keys()) };
}

const PLAIN = { weight: undefined, healthy: true } as const;

/** The set without what is unhealthy; all of it where everything is (a check may be wrong, and nothing helps nobody). */
export function healthyOf({ records }: RecordSet): readonly Member[] {
  const healthy = records.filter((one) => one.healthy);
  return healthy.length === 0 ? records : healthy;
}

export function fullName(zone: string, owner: string): string {
  return owner === '@' ? zone : `${owner}.${zone}`;
}

function soaOf(zone: DnsZone): ResourceRecord {
  return {
    name: zone.name,
    type: 'SOA',
    ttl: zone.ttl,
    data: {
      mname: zone.nameservers[0] ?? zone.name,
      rname: zone.contact,
      serial: zone.serial,
      refresh: REFRESH,
      retry: RETRY,
      expire: EXPIRE,
      minimum: NEGATIVE,
    },
  };
}

function recordOf(zone: DnsZone, { name: owner, data, ttl = zone.ttl }: DnsRecord): ResourceRecord {
  const name = fullName(zone.name, owner);
  switch (data.type) {
    case 'A':
    case 'AAAA':
      return { name, type: data.type, ttl, data: data.address };
    case 'CNAME':
      return { name, type: 'CNAME', ttl, data: data.target };
    case 'TXT':
      return { name, type: 'TXT', ttl, data: strings(data.text) };
    case 'SRV': {
      const { priority, weight, port, target } = data;
      return { name, type: 'SRV', ttl, data: { priority, weight, port, target } };
    }
    case 'MX':
      return { name, type: 'MX', ttl, data: { preference: data.preference, exchange: data.exchange } };
  }
}

/** A string of a TXT record has 255 bytes at most; who reads it joins them. */
function strings(text: string): Buffer[] {
  const bytes = Buffer.from(text);
  const parts: Buffer[] = [];
  for (let at = 0; at === 0 || at < bytes.length; at += 255) parts.push(bytes.subarray(at, at + 255));
  return parts;
}

function allNames(zone: string, owners: Iterable<string>): Set<string> {
  const names = new Set([zone]);
  for (const owner of owners) {
    for (let name = owner; name !== zone && !names.has(name); name = name.slice(name.indexOf('.') + 1))
      names.add(name);
  }
  return names;
}
