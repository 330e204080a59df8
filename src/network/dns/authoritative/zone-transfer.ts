import { BlockList, isIP } from 'node:net';
import { encodeReply, type ResourceRecord } from '../message.ts';
import { RCODE } from '../numbers.ts';
import type { Query } from '../wire.ts';
import { healthyOf, type ZoneData } from './zone.ts';

/** Records in one message; with names of 255 bytes and texts of some kilobytes it still is under 64 KiB by far. */
const RECORDS = 100;
const MAX_MESSAGE = 65_535;

/** The whole zone, between two copies of its SOA (RFC 5936): as many messages as it takes. */
export function transfer(query: Query, zone: ZoneData): Buffer[] {
  const records: ResourceRecord[] = [zone.soa];
  for (const sets of zone.sets.values())
    for (const set of sets)
      for (const { record } of healthyOf(set)) if (record !== zone.soa) records.push(record);
  records.push(zone.soa);
  const messages: Buffer[] = [];
  for (let at = 0; at < records.length; ) {
    const some = fitting(query, records.slice(at, at + RECORDS));
    messages.push(some.bytes);
    at += some.count;
  }
  return messages;
}

function fitting(query: Query, records: readonly ResourceRecord[]): { bytes: Buffer; count: number } {
  const said = { rcode: RCODE.NOERROR, authoritative: true, recursionAvailable: false };
  const bytes = encodeReply(query, { ...said, answers: records }, MAX_MESSAGE);
  const isCut = (bytes.readUInt16BE(2) & 0x0200) !== 0;
  if (isCut && records.length > 1) return fitting(query, records.slice(0, Math.ceil(records.length / 2)));
  return { bytes, count: records.length };
}

/** Whether the address is one of those, or in one of those networks (`192.0.2.0/24`). */
export function isListed(list: readonly string[], address: string): boolean {
  const family = familyOf(address);
  if (family === undefined) return false;
  const allowed = new BlockList();
  for (const entry of list) {
    const [base = '', prefix] = entry.split('/');
    const kind = familyOf(base);
    if (kind === undefined) continue;
    if (prefix === undefined) allowed.addAddress(base, kind);
    else allowed.addSubnet(base, Number(prefix), kind);
  }
  return allowed.check(address, family);
}

function familyOf(address: string): 'ipv4' | 'ipv6' | undefined {
  const version = isIP(address);
  return version === 4 ? 'ipv4' : version === 6 ? 'ipv6' : undefined;
}
