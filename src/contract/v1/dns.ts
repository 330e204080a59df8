import { z } from 'zod';
import {
  dnsCheckSchema,
  dnsDataSchema,
  dnsNameSchema,
  dnsOwnerSchema,
  dnsZoneSchema,
  ttlSchema,
} from '../../model/dns.ts';
import { parseIp } from '../../model/ip.ts';
import { json, nothingSchema, type RouteSpec } from './route.ts';

const zoneSchema = dnsZoneSchema.omit({ kind: true }).extend({ records: z.number() });
export type DnsZoneView = z.infer<typeof zoneSchema>;

const recordSchema = z.object({
  id: z.string(),
  zone: z.string(),
  name: z.string(),
  data: dnsDataSchema,
  ttl: z.number(),
  weight: z.number().optional(),
  check: dnsCheckSchema.optional(),
  /** Of a record with a check. */
  healthy: z.boolean().optional(),
});
export type DnsRecordView = z.infer<typeof recordSchema>;

const addressSchema = z.string().refine((text) => parseIp(text) !== undefined, {
  error: (issue) => `"${String(issue.input)}" is not an IP address`,
});
const networkSchema = z.string().refine(isNetwork, {
  error: (issue) => `"${String(issue.input)}" is neither an IP address nor a network such as 192.0.2.0/24`,
});

function isNetwork(text: string): boolean {
  const [base = '', prefix, ...more] = text.split('/');
  const family = parseIp(base)?.family;
  const longest = family === 4 ? 32 : family === 6 ? 128 : -1;
  if (longest < 0 || more.length > 0) return false;
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= longest);
}

const settings = {
  /** Names of the zone's name servers; the manager, as `ns` in the zone, where none is given. */
  nameservers: z.array(dnsNameSchema).min(1).max(13).optional(),
  contact: dnsNameSchema.optional(),
  ttl: ttlSchema.optional(),
  transfer: z.array(networkSchema).max(100).optional(),
  notify: z
    .array(z.strictObject({ address: addressSchema, port: z.number().int().min(1).max(65_535).default(53) }))
    .max(20)
    .optional(),
};

const zoneParams = z.strictObject({ zone: dnsNameSchema });

/** Zones that the manager answers for, and their records. */
export const dnsRoutes = {
  'dns.zone.list': {
    method: 'GET',
    path: '/v1/dns/zones',
    role: 'viewer',
    /** `listens`: where the manager's name server does; absent where it has none (`berth up --dns-listen`). */
    answer: json(z.object({ zones: z.array(zoneSchema), listens: z.string().optional() })),
  },
  'dns.zone.create': {
    method: 'POST',
    path: '/v1/dns/zones',
    role: 'admin',
    action: 'dns.zone.create',
    body: z.strictObject({
      name: dnsNameSchema,
      ...settings,
      /** Where all names lead that have no record of their own: records of the name `*`. */
      wildcard: z.array(addressSchema).max(100).default([]),
    }),
    answer: json(zoneSchema),
  },
  'dns.zone.change': {
    method: 'PATCH',
    path: '/v1/dns/zones/:zone',
    role: 'admin',
    action: 'dns.zone.change',
    params: zoneParams,
    body: z.strictObject({
      ...settings,
      /** Fields as whoever asks has seen them: refused where one is another by now. */
      was: z.strictObject(settings).optional(),
    }),
    answer: json(zoneSchema),
  },
  /** With all its records. */
  'dns.zone.delete': {
    method: 'DELETE',
    path: '/v1/dns/zones/:zone',
    role: 'admin',
    action: 'dns.zone.delete',
    params: zoneParams,
    answer: json(nothingSchema),
  },
  'dns.record.list': {
    method: 'GET',
    path: '/v1/dns/records',
    role: 'viewer',
    query: z.strictObject({ zone: dnsNameSchema.optional() }),
    answer: json(z.object({ records: z.array(recordSchema) })),
  },
  'dns.record.create': {
    method: 'POST',
    path: '/v1/dns/zones/:zone/records',
    role: 'operator',
    action: 'dns.record.create',
    params: zoneParams,
    body: z.strictObject({
      name: dnsOwnerSchema,
      data: dnsDataSchema,
      ttl: ttlSchema.optional(),
      weight: z.number().int().min(0).max(255).optional(),
      check: dnsCheckSchema.optional(),
    }),
    answer: json(recordSchema),
  },
  'dns.record.delete': {
    method: 'DELETE',
    path: '/v1/dns/records/:id',
    role: 'operator',
    action: 'dns.record.delete',
    params: z.strictObject({ id: z.string().min(1).max(64) }),
    answer: json(nothingSchema),
  },
} as const satisfies Record<string, RouteSpec>;
