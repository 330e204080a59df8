import { isIPv6 } from 'node:net';
import type { DnsRecordView, DnsZoneView, dnsRoutes } from '../../contract/v1/dns.ts';
import { BerthError } from '../../kit/errors.ts';
import { newShortId } from '../../kit/ids.ts';
import { type DnsData, type DnsRecord, type DnsZone, dnsNameSchema, nextSerial } from '../../model/dns.ts';
import type { ReadTx, WriteTx } from '../../store/store.ts';
import { refuseOtherZone } from './as-seen.ts';
import type { ApiDeps } from './deps.ts';
import type { Handlers } from './handler.ts';

const MAX_ZONES = 100;
const MAX_RECORDS = 10_000;
/** Five minutes: an entry point that has gone is forgotten in time. */
const DEFAULT_TTL = 300;

export const dnsHandlers: Handlers<keyof typeof dnsRoutes> = {
  'dns.zone.list': ({ deps }) =>
    deps.store.view((tx) => ({
      zones: [...tx.all('dnsZones')].map((zone) => zoneView(tx, zone)).sort(byName),
      ...(deps.dns?.listens === undefined ? {} : { listens: deps.dns.listens }),
    })),

  'dns.zone.create': ({ deps, body, principal, about }) => {
    about(body.name);
    const made = { createdAt: deps.clock.now(), createdBy: principal.user };
    const { wildcard, name, nameservers, contact, ttl = DEFAULT_TTL, transfer = [], notify = [] } = body;
    const own = nameservers === undefined ? ownServer(deps, name) : undefined;
    const zone: DnsZone = {
      ...{ kind: 'dns-zone', name, ttl, transfer, notify, ...made },
      nameservers: nameservers ?? [own?.name ?? `ns.${name}`],
      contact: contact ?? `hostmaster.${name}`,
      serial: nextSerial(0, made.createdAt),
    };
    return deps.store.update((tx) => {
      if (tx.get('dnsZones', name) !== undefined)
        throw new BerthError('conflict', `there is a zone "${name}" already`, {
          hint: 'change it with "berth dns zone set"',
        });
      if (tx.count('dnsZones') >= MAX_ZONES)
        throw new BerthError('conflict', `there are ${MAX_ZONES} zones, which is as many as may be`);
      tx.put('dnsZones', zone);
      const addresses = [
        ...wildcard.map((address) => ['*', address] as const),
        ...(own?.address === undefined ? [] : [['ns', own.address] as const]),
      ];
      for (const [owner, address] of addresses) {
        const data: DnsData = { type: isIPv6(address) ? 'AAAA' : 'A', address };
        putNew(tx, { kind: 'dns-record', id: newShortId(), zone: name, name: owner, data, ...made });
      }
      return zoneView(tx, zone);
    });
  },

  'dns.zone.change': ({ deps, params, body: { was, ...settings } }) =>
    deps.store.update((tx) => {
      const zone = findZone(tx, params.zone);
      refuseOtherZone(zone, was);
      const given = Object.entries(settings).filter(([, value]) => value !== undefined);
      if (given.length === 0) throw new BerthError('bad_request', 'nothing is to be changed');
      const changed: DnsZone = {
        ...zone,
        ...Object.fromEntries(given),
        serial: nextSerial(zone.serial, deps.clock.now()),
      };
      tx.put('dnsZones', changed);
      return zoneView(tx, changed);
    }),

  'dns.zone.delete': ({ deps, params }) =>
    deps.store.update((tx) => {
      const { name } = findZone(tx, params.zone);
      for (const { id } of [...tx.by('dnsRecords', 'zone', name)]) tx.delete('dnsRecords', id);
      tx.delete('dnsZones', name);
      return {};
    }),

  'dns.record.list': ({ deps, query }) =>
    deps.store.view((tx) => {
      const { zone } = query;
      const records =
        zone === undefined ? tx.all('dnsRecords') : tx.by('dnsRecords', 'zone', findZone(tx, zone).name);
      return { records: [...records].map((record) => recordView(tx, record, deps)).sort(byPlace) };
    }),

  'dns.record.create': ({ deps, params, body, principal, about }) =>
    deps.store.update((tx) => {
      const zone = findZone(tx, params.zone);
      about(`${body.name} ${body.data.type} in ${zone.name}`);
      const { name, data, ttl, weight, check } = body;
      const record: DnsRecord = {
        ...{ kind: 'dns-record', id: newShortId(), zone: zone.name, name, data },
        ...(ttl === undefined ? {} : { ttl }),
        ...(weight === undefined ? {} : { weight }),
        ...(check === undefined ? {} : { check }),
        ...{ createdAt: deps.clock.now(), createdBy: principal.user },
      };
      putNew(tx, record);
      raiseSerial(tx, zone.name, deps.clock.now());
      return recordView(tx, record, deps);
    }),

  'dns.record.delete': ({ deps, params, about }) =>
    deps.store.update((tx) => {
      const record = tx.get('dnsRecords', params.id);
      if (record === undefined)
        throw new BerthError('not_found', `there is no DNS record "${params.id}"`, {
          hint: '"berth dns ls" lists them by ID',
        });
      about(`${record.name} ${record.data.type} in ${record.zone}`);
      tx.delete('dnsRecords', record.id);
      raiseSerial(tx, record.zone, deps.clock.now());
      return {};
    }),
};

/** Something of the zone has changed: secondaries must fetch it anew. No zone of that name is no error. */
export function raiseSerial(tx: WriteTx, name: string, now: number): void {
  const zone = tx.get('dnsZones', name);
  if (zone !== undefined) tx.put('dnsZones', { ...zone, serial: nextSerial(zone.serial, now) });
}

/** The manager itself: by its name, or, where it is only known by an address, as `ns` in the zone. */
function ownServer({ address }: ApiDeps, zone: string): { name: string; address?: string } {
  if (isIPv6(address) || /^[\d.]+$/.test(address)) return { name: `ns.${zone}`, address };
  const named = dnsNameSchema.safeParse(address);
  return { name: named.success ? named.data : `ns.${zone}` };
}

/** @throws BerthError `conflict` where it does not go together with what is there, `bad_request` where it cannot be */
function putNew(tx: WriteTx, record: DnsRecord): void {
  const { zone, name, data, ttl, weight, check } = record;
  const where = name === '@' ? zone : `${name}.${zone}`;
  if (where.length > 253)
    throw new BerthError('bad_request', `"${where}" is longer than the 253 characters of a name`);
  if ((weight !== undefined || check !== undefined) && data.type !== 'A' && data.type !== 'AAAA')
    throw new BerthError(
      'bad_request',
      `a ${data.type} record has neither weight nor check: A and AAAA have`,
    );
  const all = [...tx.by('dnsRecords', 'zone', zone)];
  if (all.length >= MAX_RECORDS)
    throw new BerthError('conflict', `zone ${zone} has ${MAX_RECORDS} records, which is as many as may be`);
  const same = all.filter((one) => one.name === name);
  const isAlias = data.type === 'CNAME';
  const other = same.find((one) => isAlias || one.data.type === 'CNAME');
  if (other !== undefined || (isAlias && name === '@'))
    throw new BerthError(
      'conflict',
      `${where} has ${other === undefined ? 'SOA and NS records' : `a record of type ${other.data.type}`}: an alias (CNAME) stands alone (RFC 1034, section 3.6.2)`,
      { hint: 'remove the one, or take another name for the other' },
    );
  if (same.some((one) => JSON.stringify(one.data) === JSON.stringify(data)))
    throw new BerthError('conflict', `${where} has that ${data.type} record already`);
  const set = same.find((one) => one.data.type === data.type);
  if (set !== undefined && set.ttl !== ttl)
    throw new BerthError(
      'conflict',
      `the ${data.type} records of ${where} have ${set.ttl === undefined ? "the zone's TTL" : `a TTL of ${set.ttl}`}: all of a set have the same (RFC 2181, section 5.2)`,
    );
  tx.put('dnsRecords', record);
}

function findZone(tx: ReadTx, name: string): DnsZone {
  const zone = tx.get('dnsZones', name);
  if (zone !== undefined) return zone;
  const known = [...tx.all('dnsZones')].map((one) => one.name).sort();
  throw new BerthError('not_found', `there is no zone "${name}"`, {
    hint: known.length === 0 ? 'make it with "berth dns zone add"' : `there are: ${known.join(', ')}`,
  });
}

function zoneView(tx: ReadTx, { kind: _, ...zone }: DnsZone): DnsZoneView {
  return { ...zone, records: [...tx.by('dnsRecords', 'zone', zone.name)].length };
}

function recordView(tx: ReadTx, record: DnsRecord, { dns }: ApiDeps): DnsRecordView {
  const { id, zone, name, data, weight, check } = record;
  return {
    ...{ id, zone, name, data, ttl: record.ttl ?? tx.get('dnsZones', zone)?.ttl ?? DEFAULT_TTL },
    ...(weight === undefined ? {} : { weight }),
    ...(check === undefined ? {} : { check, ...(dns === undefined ? {} : { healthy: dns.isHealthy(id) }) }),
  };
}

function byName(a: DnsZoneView, b: DnsZoneView): number {
  return a.name < b.name ? -1 : 1;
}

function byPlace(a: DnsRecordView, b: DnsRecordView): number {
  const key = ({ zone, name, data, id }: DnsRecordView) => [zone, name, data.type, id].join(' ');
  return key(a) < key(b) ? -1 : 1;
}
