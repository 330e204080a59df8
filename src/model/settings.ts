import { z } from 'zod';
import { labelKeySchema } from './host.ts';
import { domainSchema, sourceSchema } from './router.ts';

/** Settings of the cluster; one record. Every field has a default, so an older record reads well. */
export const settingsSchema = z.strictObject({
  /** `spread`, `binpack`, `random`, or the name of a strategy in `plugins`. */
  strategy: z.string().default('spread'),
  /** Labels that name failure domains, the widest first. */
  failureDomains: z.array(labelKeySchema).default(['datacenter', 'switch', 'rack']),
  /** Asked CPU may be this many times the host's. */
  cpuOvercommit: z.number().min(0.1).max(100).default(1),
  memoryOvercommit: z.number().min(0.1).max(100).default(1),
  /** Kept free on each host for the system: thousandths of a core, bytes. */
  reservedCpuMilli: z.number().min(0).default(0),
  reservedMemory: z.number().min(0).default(0),
  /** ES modules that add filters or strategies: absolute paths on the manager. */
  plugins: z.array(z.string()).default([]),
  /** Which hosts `docker pull` and `docker load` fill: `all`, or a label expression such as `role==web`. */
  imageHosts: z.string().default('all'),
  /** A host that has been silent for this long is suspect, then down (milliseconds). */
  suspectAfterMs: z.number().min(500).default(2500),
  downAfterMs: z.number().min(1000).default(5000),
  /**
   * A silent host is down as early as this where neither the manager nor other hosts reach its machine any more, though
   * they did while it was well. As long as `downAfterMs`, or longer, only silence counts.
   */
  downConfirmedAfterMs: z.number().min(1000).default(1400),
  /**
   * Fail-over stops and says so where more than this share of the hosts, and at least two, vanish within the window: it is
   * then more likely the manager's own network. 1 never stops it.
   */
  failoverMaxShare: z.number().min(0).max(1).default(0.5),
  failoverWindowMs: z.number().min(1000).default(30_000),
  /** How long hosts have after a start of the manager to connect, before they count as down; downAfterMs at least. */
  failoverGraceMs: z.number().min(0).default(30_000),
  /**
   * Driver of a network that is made without one (compose projects, `--driver default`): `xoverlay`, `vlan` or `bridge`. A
   * bridge network takes its place where no host has a usable driver of that name.
   */
  networkDriver: z.string().max(64).default('xoverlay'),
  /**
   * Where subnets of networks come from for which none is named: ranges, each with the prefix length of the subnets that are
   * cut from it.
   */
  networkPools: z.array(z.string()).default(['10.128.0.0/9:20']),
  /** The address of a container that is gone goes to nobody else for this long (milliseconds). */
  addressGraceMs: z.number().min(0).default(60_000),
  /** How long an answer from one host is waited for when many are asked (milliseconds). */
  fanoutTimeoutMs: z.number().min(100).default(5000),
  /** Domain behind routes that name a prefix only: `shop` is `shop.apps.example.com` where this is `apps.example.com`. */
  appsDomain: domainSchema
    .refine((name) => !name.startsWith('*'), { error: 'appsDomain is a domain without *' })
    .or(z.literal(''))
    .default(''),
  /** What the router of an ingress host is started from: HAProxy 2.6 or later. Pulled where a host has it not. */
  routerImage: z
    .string()
    .max(255)
    .regex(/^[A-Za-z0-9][A-Za-z0-9._/:@-]*$/, {
      error: (issue) => `"${String(issue.input)}" is not the name of an image`,
    })
    .default('haproxy:2.8-alpine'),
  /** Where ingress hosts listen for HTTP. */
  routerPort: z.number().int().min(1).max(65_535).default(80),
  /** Where ingress hosts listen for HTTP over TLS; 0: nowhere. */
  routerTlsPort: z.number().int().min(0).max(65_535).default(0),
  /** Balancers in front of the ingress hosts whose X-Forwarded-For and X-Forwarded-Proto are believed: subnets. */
  routerTrust: z.array(sourceSchema).max(1000).default([]),
  /** Balancers in front that begin each connection with the PROXY protocol: subnets. From others none is taken. */
  routerProxyFrom: z.array(sourceSchema).max(1000).default([]),
  /** The CA that gives certificates by ACME: URL of its directory (RFC 8555, section 7.1.1). */
  acmeDirectory: z
    .string()
    .max(1_000)
    .regex(/^https:\/\/[A-Za-z0-9.:[\]-]+(?:\/[!-~]*)?$/, {
      error: (issue) => `"${String(issue.input)}" is not a URL with https`,
    })
    .default('https://acme-v02.api.letsencrypt.org/directory'),
  /** Mail address that the CA writes to; empty: none. */
  acmeContact: z
    .string()
    .max(254)
    .regex(/^(?:[A-Za-z0-9.!#$&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+)?$/, {
      error: (issue) => `"${String(issue.input)}" is not a mail address`,
    })
    .default(''),
  /** The operator agrees to the CA's terms. Without it nothing is asked of the CA. */
  acmeTermsAgreed: z.boolean().default(false),
  /** CAs that the server of `acmeDirectory` itself is checked by, PEM; empty: the public ones. */
  acmeRoot: z
    .string()
    .max(50_000)
    .regex(/^(?:-----BEGIN CERTIFICATE-----\s[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----\s*)*$/, {
      error: 'acmeRoot is not PEM of certificates alone: give the content of the file',
    })
    .default(''),
  /** How long a container that leaves may still have requests before it is stopped (milliseconds). */
  drainMs: z.number().int().min(0).max(3_600_000).default(10_000),
});
export type Settings = Readonly<z.infer<typeof settingsSchema>>;

export const defaultSettings: Settings = Object.freeze(settingsSchema.parse({}));

/** The cluster's one record of settings, and its identity. */
export const settingsRecordSchema = z.object({
  kind: z.literal('settings'),
  clusterId: z.string(),
  settings: settingsSchema,
});
export type SettingsRecord = Readonly<z.infer<typeof settingsRecordSchema>>;
