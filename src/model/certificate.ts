import { z } from 'zod';
import { domainSchema, routerNameSchema } from './router.ts';

/** A certificate that routers show, with its key. */
export const certificateRecordSchema = z.object({
  kind: z.literal('certificate'),
  name: routerNameSchema,
  /** `cluster`: made by the cluster's own CA; `acme`: had by ACME. Both are renewed by themselves. */
  source: z.enum(['upload', 'cluster', 'acme']),
  /** `*.example.com` is the names one label below. */
  domains: z.array(domainSchema),
  /** Milliseconds. */
  notBefore: z.number(),
  notAfter: z.number(),
  /** SHA-256 of the certificate, hexadecimal. */
  fingerprint: z.string(),
  /** Certificate, those that signed it, and the private key, as PEM; sealed by the vault. */
  sealed: z.string(),
  /** Milliseconds. */
  createdAt: z.number(),
  createdBy: z.string(),
});
export type CertificateRecord = Readonly<z.infer<typeof certificateRecordSchema>>;

/** The one that the cluster's CA makes. */
export const CLUSTER_CERTIFICATE = 'berth-cluster';
/** Most names that it has. */
export const MOST_CLUSTER_NAMES = 200;

/** What its sealed text is of, to the vault. */
export function certificatePurpose({ name }: Pick<CertificateRecord, 'name'>): string {
  return `certificates/${name}/pem`;
}

/** Whether a certificate of these names is good for that one: `*` is one label (RFC 6125, section 6.4.3). */
export function covers(domains: readonly string[], name: string): boolean {
  return domains.includes(name) || domains.includes(`*.${name.slice(name.indexOf('.') + 1)}`);
}

/**
 * Names of the certificate of the cluster's own CA: all names right below `appsDomain`, and domains that are to be reached
 * over TLS and have no other one. Names by which clients know their manager are never among them, as whoever holds such a
 * certificate could pass for it.
 */
export function clusterNames(
  wanted: Readonly<{ appsDomain: string; https: Iterable<string>; others: readonly (readonly string[])[] }>,
  reserved: readonly string[],
): readonly string[] {
  const { appsDomain, https } = wanted;
  const apps = appsDomain === '' ? [] : [appsDomain, `*.${appsDomain}`];
  const others = [...new Set(https)].filter(
    (domain) => !covers(apps, domain) && !wanted.others.some((domains) => covers(domains, domain)),
  );
  const mayBe = (name: string) =>
    !/(^|\.)(berth\.internal|localhost)$/.test(name) && !reserved.some((one) => covers([name], one));
  const names = [...apps, ...others.sort()].filter(mayBe).slice(0, MOST_CLUSTER_NAMES);
  return names.length === 0 ? ['router.invalid'] : names;
}
