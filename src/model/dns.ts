import { z } from 'zod';

/** A name in lower case, without the last dot: labels of letters, digits, `-` and `_`, 1 to 63 characters, 253 in all. */
const LABEL = '[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?';
const NAME = new RegExp(`^${LABEL}(?:\\.${LABEL})*$`);

export const dnsNameSchema = z
  .string()
  .max(253)
  .transform((text) => text.toLowerCase().replace(/\.$/, ''))
  .pipe(
    z.string().regex(NAME, {
      error: (issue) =>
        `"${String(issue.input)}" is not a domain name: labels of letters, digits, - and _, with dots between`,
    }),
  );

/** Owner of a record, relative to its zone: `@` is the zone itself, `*` and `*.eu` stand for all names that have no own. */
export const dnsOwnerSchema = z
  .string()
  .max(253)
  .transform((text) => text.toLowerCase())
  .pipe(
    z.string().regex(new RegExp(`^(?:@|\\*|(?:\\*\\.)?${LABEL}(?:\\.${LABEL})*)$`), {
      error: (issue) =>
        `"${String(issue.input)}" is not a name in a zone: such as www, @ (the zone itself) or *`,
    }),
  );

/** Seconds. RFC 2181, section 8: 31 bits. */
export const ttlSchema = z.number().int().min(0).max(2_147_483_647);

/** A zone that the manager answers for. */
export const dnsZoneSchema = z.object({
  kind: z.literal('dns-zone'),
  /** `apps.example.com`. */
  name: dnsNameSchema,
  /** Names of its name servers, in full; the first one is the primary. */
  nameservers: z.array(dnsNameSchema).min(1),
  /** Mail address of who is responsible, as a name (`hostmaster.example.com`). */
  contact: dnsNameSchema,
  /** Of records that say nothing else. */
  ttl: ttlSchema,
  /** Addresses and networks (`192.0.2.0/24`) that may fetch the whole zone. */
  transfer: z.array(z.string()),
  /** Addresses of secondaries that are told of each change. */
  notify: z.array(z.object({ address: z.string(), port: z.number().int() })),
  /** Rises with each change, also of what is healthy (RFC 1982). */
  serial: z.number().int().min(0).max(0xffff_ffff),
  createdAt: z.number(),
  createdBy: z.string(),
});
export type DnsZone = Readonly<z.infer<typeof dnsZoneSchema>>;

const port = z.number().int().min(1).max(65_535);
const u16 = z.number().int().min(0).max(65_535);

/** What a record says, by its type. */
export const dnsDataSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('A'), address: z.ipv4() }),
  z.object({ type: z.literal('AAAA'), address: z.ipv6() }),
  z.object({ type: z.literal('CNAME'), target: dnsNameSchema }),
  z.object({ type: z.literal('TXT'), text: z.string().max(4_096) }),
  z.object({ type: z.literal('SRV'), priority: u16, weight: u16, port: u16, target: dnsNameSchema }),
  z.object({ type: z.literal('MX'), preference: u16, exchange: dnsNameSchema }),
]);
export type DnsData = Readonly<z.infer<typeof dnsDataSchema>>;

/** How the manager finds out whether what a record leads to works. */
export const dnsCheckSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('tcp'), port }),
  /** Answered with a status under 400. `host`: the Host header; the record's name where it is left out. */
  z.object({
    kind: z.literal('http'),
    port,
    path: z.string().regex(/^\/[!-~]*$/, { error: 'a path begins with / and has no spaces' }),
    host: dnsNameSchema.optional(),
  }),
]);
export type DnsCheck = Readonly<z.infer<typeof dnsCheckSchema>>;

/** Records of one name and type are a set. */
export const dnsRecordSchema = z.object({
  kind: z.literal('dns-record'),
  id: z.string(),
  /** Name of the zone. */
  zone: z.string(),
  name: dnsOwnerSchema,
  data: dnsDataSchema,
  ttl: ttlSchema.optional(),
  /**
   * Of A and AAAA: where one of the set has a weight each answer is one of them, chosen by weight (1 where it has none).
   * Without weights the answer is the whole set.
   */
  weight: z.number().int().min(0).max(255).optional(),
  /** Of A and AAAA: one that fails is left out of the set, unless all do. */
  check: dnsCheckSchema.optional(),
  createdAt: z.number(),
  createdBy: z.string(),
});
export type DnsRecord = Readonly<z.infer<typeof dnsRecordSchema>>;

/**
 * The serial after a change: one more, and never under the time in seconds, so that a zone from a backup does not fall back
 * behind what its secondaries have.
 * @param now milliseconds since the epoch
 */
export function nextSerial(serial: number, now: number): number {
  return Math.max(serial + 1, Math.floor(now / 1000)) % 0x1_0000_0000;
}
