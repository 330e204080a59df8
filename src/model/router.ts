import { z } from 'zod';
import { normalIp, parseSubnet } from './ip.ts';

/**
 * What one ingress host serves: routes by domain and path, ports for TCP, certificates. Everything in it that a user has
 * written is checked here, down to single characters: the room `router` writes it into HAProxy's configuration.
 */

const said = (what: string) => ({
  error: (issue: { input?: unknown }) => `"${String(issue.input)}" ${what}`,
});
const port = z.number().int().min(1).max(65_535);
/** Up to a week. */
export const secondsSchema = z
  .number()
  .int()
  .min(1)
  .max(7 * 24 * 3600);

/** Of routes, pools and certificates; a word in HAProxy's configuration, and in names of files. */
export const routerNameSchema = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9_.-]{0,62}$/,
    said(
      'is no name here: up to 63 small letters, digits, _, . and -, of which the first is a letter or digit',
    ),
  );

const LABEL = '[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?';
const DOMAIN = new RegExp(`^(?:\\*\\.)?${LABEL}(?:\\.${LABEL})*$`);

/**
 * `shop.example.com`, or `*.example.com` for all names below it, however deep (as in DNS, RFC 4592). In lower case;
 * internationalised names in Punycode.
 */
export const domainSchema = z
  .string()
  .max(253)
  .regex(
    DOMAIN,
    said(
      'is not a domain: small letters, digits, - and _ with dots between, other letters in Punycode (xn--…), * as the whole first label only',
    ),
  );

/** As it stands in the request line, decoded: a prefix that ends where a part of the path ends. `/api`, or `/` for all. */
export const pathSchema = z
  .string()
  .max(1024)
  .regex(
    /^\/(?:[A-Za-z0-9._~!$&'()*+,;=:@-]+(?:\/[A-Za-z0-9._~!$&'()*+,;=:@-]+)*)?$/,
    said(
      "is not a path: it begins with /, does not end with one, and has letters, digits and ._~!$&'()*+,;=:@- only",
    ),
  )
  .refine((path) => !path.split('/').some((part) => part === '.' || part === '..'), {
    error: 'a path has no part . or ..',
  });

/** Of a header or cookie: of RFC 9110's tokens (section 5.6.2) those that people use. */
export const headerNameSchema = z
  .string()
  .max(128)
  .regex(/^[A-Za-z0-9][A-Za-z0-9_-]*$/, said('is not the name of a header: letters, digits, _ and -'));

/** RFC 9110, section 5.5, without bytes over 127. */
export const headerValueSchema = z
  .string()
  .max(4096)
  // Keys stand in them: no error repeats what it says.
  .regex(/^[\x20-\x7e\t]*$/, 'a value of a header is not printable ASCII on one line');

const ipSchema = z
  .string()
  .refine((text) => normalIp(text) !== undefined, said('is not an IP address'))
  .transform((text) => normalIp(text) ?? text);

/** An address, or a subnet (`192.0.2.0/24`). */
export const sourceSchema = z
  .string()
  .refine(
    (text) => normalIp(text) !== undefined || parseSubnet(text)?.hostBits === false,
    said('is neither an IP address nor a subnet without host bits, such as 192.0.2.0/24'),
  );

/** A container's way in. Together with `weight` 0 to 100 in relation to the others of its pool. */
export const poolServerSchema = z.object({
  address: ipSchema,
  port,
  weight: z.number().int().min(1).max(100),
  /** `drain`: requests with its cookie only. `maint`: those that are under way end. */
  state: z.enum(['ready', 'drain', 'maint']),
});
export type PoolServer = Readonly<z.infer<typeof poolServerSchema>>;

/** A name that the router's own host looks up: each address that it leads to is a server. */
const namedServerSchema = poolServerSchema.omit({ address: true }).extend({
  host: domainSchema.refine((name) => !name.startsWith('*'), { error: 'a target is no wildcard' }),
});
export type NamedServer = Readonly<z.infer<typeof namedServerSchema>>;

/** What a router itself asks of a server every 2 s: three failures take it out, two successes let it in again. */
const checkSchema = z.discriminatedUnion('kind', [
  /** A connection. */
  z.object({ kind: z.literal('tcp') }),
  /** 2xx or 3xx. */
  z.object({ kind: z.literal('http'), path: pathSchema }),
]);

/** The containers of one release of a service. */
export const poolSchema = z.object({
  id: routerNameSchema,
  /** Share of new requests, in relation to the other pools of the route. */
  weight: z.number().int().min(0).max(100),
  servers: z.array(poolServerSchema).max(2000),
  /** Routers of agents before link version 6 leave them out. */
  named: z.array(namedServerSchema).max(500).optional(),
  /** Tells containers the client's address and port before the request (PROXY protocol, version 2). */
  proxyProtocol: z.boolean(),
  /** What the containers speak; `h2` without TLS begins at once (RFC 9113, section 3.3). */
  protocol: z.enum(['http1', 'h2']),
  /** `unverified`: encrypted, whoever answers. `verified`: by the machine's CAs, for that name. */
  tls: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('none') }),
    z.object({ kind: z.literal('unverified') }),
    z.object({
      kind: z.literal('verified'),
      name: domainSchema.refine((name) => !name.startsWith('*'), {
        error: 'a container has a name without *',
      }),
    }),
  ]),
  /** Routers of agents before link version 6 leave it out. */
  check: checkSchema.optional(),
});
export type Pool = Readonly<z.infer<typeof poolSchema>>;

const poolsSchema = z
  .array(poolSchema)
  .max(16)
  .refine((pools) => new Set(pools.map(({ id }) => id)).size === pools.length, {
    error: 'two pools of one route have the same id',
  })
  .refine(
    (pools) =>
      pools.every(
        ({ servers }) => new Set(servers.map((one) => `${one.address} ${one.port}`)).size === servers.length,
      ),
    { error: 'a pool has one address and port twice' },
  );

/** Requests with that header or cookie go to one pool, whatever the weights are. */
export const canaryRuleSchema = z.object({
  in: z.enum(['header', 'cookie']),
  name: headerNameSchema,
  value: headerValueSchema.min(1),
  pool: routerNameSchema,
});
export type CanaryRule = Readonly<z.infer<typeof canaryRuleSchema>>;

export const headersSchema = z.object({
  set: z.array(z.object({ name: headerNameSchema, value: headerValueSchema })).max(50),
  remove: z.array(headerNameSchema).max(50),
});
export type HeaderChanges = Readonly<z.infer<typeof headersSchema>>;

const redirectCode = z.union([
  z.literal(301),
  z.literal(302),
  z.literal(303),
  z.literal(307),
  z.literal(308),
]);

/** Answered instead of a container. */
export const redirectSchema = z.discriminatedUnion('kind', [
  /** Requests without TLS only; `port` is the one of clients. */
  z.object({ kind: z.literal('https'), code: redirectCode, port }),
  z.object({
    kind: z.literal('url'),
    code: redirectCode,
    url: z
      .string()
      .max(2048)
      .regex(
        /^https?:\/\/[A-Za-z0-9][A-Za-z0-9._~:/?#[\]@!$&'()*+,;=%-]*$/,
        said('is not a URL with http or https'),
      ),
    /** Path and query of the request come behind it. */
    keepPath: z.boolean(),
  }),
]);
export type Redirect = Readonly<z.infer<typeof redirectSchema>>;

/**
 * HMAC-SHA-256 of the base64 form of `user:password` as the client sends it, 64 hexadecimal digits; `hashCredentials`
 * makes it. Not a slow hash: HAProxy would work it out for each request, in the thread that serves all others.
 */
export const basicAuthSchema = z.object({
  realm: z.string().regex(/^[A-Za-z0-9 ._-]{1,64}$/, said('is not a realm: letters, digits, spaces and ._-')),
  /** Base64 of 16 random bytes or more. */
  salt: z
    .string()
    .regex(/^[A-Za-z0-9+/]{22,86}={0,2}$/, { error: 'the salt is not base64 of 16 bytes or more' }),
  users: z.array(
    z.string().regex(/^[0-9a-f]{64}$/, { error: 'a user is not a hash of 64 hexadecimal digits' }),
  ),
});

/** What a route does to a request beside sending it on. */
export const routeRulesSchema = z.object({
  /** Takes `strip` off the path's beginning and puts `prefix` there. */
  rewrite: z.object({ strip: pathSchema, prefix: pathSchema }).optional(),
  redirect: redirectSchema.optional(),
  request: headersSchema.optional(),
  response: headersSchema.optional(),
  auth: basicAuthSchema.optional(),
  /** Where there are some, only they; and never those of `deny`. */
  allow: z.array(sourceSchema).max(10_000),
  deny: z.array(sourceSchema).max(10_000),
  /** Requests of one client's address within `seconds`. */
  rateLimit: z
    .object({ requests: z.number().int().min(1).max(1_000_000), seconds: z.number().int().min(1).max(3600) })
    .optional(),
  /** Bytes of a request's body. A body without a length is refused then (411). */
  bodyLimit: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER).optional(),
  /** How long a container may take: until it answers; and, with an upgraded connection, without a byte in either direction. */
  timeouts: z.object({ responseSeconds: secondsSchema, tunnelSeconds: secondsSchema }).optional(),
  gzip: z.boolean(),
  /** Requests with the same cookie go to the same container while it is there. */
  sticky: z
    .object({ cookie: headerNameSchema, idleSeconds: secondsSchema, lifeSeconds: secondsSchema })
    .optional(),
});
export type RouteRules = Readonly<z.infer<typeof routeRulesSchema>>;
export type StickyRule = NonNullable<RouteRules['sticky']>;

/**
 * Of services' routes that have their domains' roots. A browser sends it to one domain only, so that one name does for all of
 * them, and such a route needs no configuration of its own. A browser stays so long: without a request, and in all.
 */
export const SERVICE_STICKY: StickyRule = {
  cookie: 'berth-sticky',
  ...{ idleSeconds: 1_800, lifeSeconds: 28_800 },
};

/** Requests for one of its names go to one of its pools. */
export const httpRouteSchema = z
  .object({
    kind: z.literal('http-route'),
    id: routerNameSchema,
    names: z
      .array(z.object({ domain: domainSchema, path: pathSchema }))
      .min(1)
      .max(200),
    rules: routeRulesSchema,
    pools: poolsSchema,
    /** The first one that fits counts. */
    canary: z.array(canaryRuleSchema).max(20),
  })
  .superRefine(({ canary, pools }, context) => {
    for (const { pool } of canary)
      if (!pools.some(({ id }) => id === pool))
        context.addIssue({
          code: 'custom',
          message: `a canary rule names the pool ${pool}, which the route has not`,
        });
  });
export type HttpRoute = Readonly<z.infer<typeof httpRouteSchema>>;

/** Connections to a port of the ingress host go to one of its pools, byte for byte. */
export const tcpRouteSchema = z.object({
  kind: z.literal('tcp-route'),
  id: routerNameSchema,
  port,
  /** Names that a TLS client asks for (SNI), several routes to one port; empty: all connections, and the port is its own. */
  names: z.array(domainSchema).max(200),
  pools: poolsSchema,
});
export type TcpRoute = Readonly<z.infer<typeof tcpRouteSchema>>;

export const certificateSchema = z.object({
  name: routerNameSchema,
  /** Certificate, those that signed it, and the private key. */
  pem: z
    .string()
    .max(14_000)
    .regex(/^(?:-----BEGIN [A-Z0-9 ]+-----\r?\n(?:[A-Za-z0-9+/=]+\r?\n)+-----END [A-Z0-9 ]+-----\s*)+$/, {
      error: 'the certificate is not PEM without anything between its blocks', // never the text itself: it has the key
    }),
});
export type Certificate = Readonly<z.infer<typeof certificateSchema>>;

/** A challenge by HTTP (RFC 8555, section 8.3), and what its CA wants to read at `/.well-known/acme-challenge/TOKEN`. */
export const challengeSchema = z.object({
  /** At least 128 random bits in base64url. */
  token: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,200}$/, { error: 'a token of a challenge has letters, digits, _ and - only' }),
  /** Token and thumbprint of the account's key (section 8.1). */
  answer: z.string().regex(/^[A-Za-z0-9_-]{1,200}\.[A-Za-z0-9_-]{43}$/, {
    error: 'the answer to a challenge is its token, a dot and a thumbprint',
  }),
});
export type Challenge = Readonly<z.infer<typeof challengeSchema>>;

/** Where the router listens for HTTP. */
export const entrySchema = z.object({
  address: ipSchema,
  port,
  tls: z.boolean(),
  /** Balancers in front that send the PROXY protocol, always; from others none is taken. */
  proxyFrom: z.array(sourceSchema).max(1000),
  /** Balancers in front whose X-Forwarded-For and X-Forwarded-Proto are believed. */
  trust: z.array(sourceSchema).max(1000),
});
export type RouterEntry = Readonly<z.infer<typeof entrySchema>>;

/** Answers that the router gives itself. */
export const PAGE_NAMES = [
  'nobody', // no route has that domain and path
  'unavailable', // no container of the route is ready
  'forbidden',
  'too-large',
  'too-many',
  'bad-gateway',
  'timeout',
  'bad-request',
] as const;
export type PageName = (typeof PAGE_NAMES)[number];

/** Plain text; `{domain}` is the one that was asked for, which is not known any more in `bad-gateway` and `timeout`. */
const pageTextSchema = z
  .string()
  .max(8000)
  .regex(/^[^\0]*$/, { error: 'a page has no zero bytes' });

export const routerStateSchema = z
  .object({
    kind: z.literal('router'),
    entries: z.array(entrySchema).max(32),
    routes: z.array(httpRouteSchema),
    tcpRoutes: z.array(tcpRouteSchema),
    certificates: z.array(certificateSchema),
    /** Whose name is shown to clients that ask for none of the names; the first one where it is left out. */
    defaultCertificate: routerNameSchema.optional(),
    pages: z.partialRecord(z.enum(PAGE_NAMES), pageTextSchema),
    /**
     * Answered at all domains, before any rule of a route. Where it is left out there is no look-up of them; a first list,
     * even an empty one, is a reload, and none of what follows.
     */
    challenges: z.array(challengeSchema).readonly().optional(),
    /** Of sticky cookies, which do not show addresses then; the same on all ingress hosts. Hexadecimal. */
    cookieKey: z
      .string()
      .regex(/^[0-9a-f]{16,128}$/, { error: 'the key of cookies is not hexadecimal, 16 digits or more' }),
    /** How long connections may go on with a container that has left. */
    drainSeconds: secondsSchema,
  })
  .superRefine((state, context) => {
    for (const message of clashes(state)) context.addIssue({ code: 'custom', message });
  });
export type RouterState = Readonly<z.infer<typeof routerStateSchema>>;

type Clashing = Readonly<{
  entries: readonly RouterEntry[];
  routes: readonly HttpRoute[];
  tcpRoutes: readonly TcpRoute[];
  certificates: readonly Certificate[];
  defaultCertificate?: string | undefined;
}>;

/** What cannot be served at the same time: names that two have, each with both. */
export function clashes(state: Clashing): string[] {
  const found: string[] = [];
  const holders = new Map<string, string>();
  const take = (what: string, holder: string) => {
    const other = holders.get(what);
    if (other !== undefined) found.push(`${what} is taken: ${other} and ${holder} both have it`);
    holders.set(what, holder);
  };
  for (const { id } of state.routes) take(`the id ${id}`, `route ${id}`);
  for (const { id } of state.tcpRoutes) take(`the id ${id}`, `route ${id}`);
  for (const { id, names } of state.routes)
    for (const { domain, path } of names) take(`${domain}${path}`, `route ${id}`);
  // Each would take the other's cookie for one of a container that has gone, and give out a new one.
  for (const { id, names, rules } of state.routes)
    for (const domain of new Set(names.map((name) => name.domain)))
      if (rules.sticky !== undefined) take(`the cookie ${rules.sticky.cookie} at ${domain}`, `route ${id}`);
  for (const { name } of state.certificates) take(`the name ${name}`, `certificate ${name}`);
  // At an address and at all addresses one port is the same: told apart by port alone, as listeners are of all addresses.
  const ports = new Map<number, string>();
  for (const entry of state.entries) {
    take(`the entry ${entry.address} ${entry.port}`, 'an entry');
    ports.set(entry.port, 'an entry');
  }
  for (const { id, port, names } of state.tcpRoutes) {
    const other = ports.get(port);
    if (other !== undefined && (names.length === 0 || other !== 'names'))
      found.push(
        `port ${port} is taken: ${other === 'names' ? 'routes by name' : other} and route ${id} both have it`,
      );
    ports.set(port, names.length === 0 ? `route ${id}` : 'names');
    for (const name of names) take(`port ${port} for ${name}`, `route ${id}`);
  }
  const { defaultCertificate, certificates } = state;
  if (defaultCertificate !== undefined && !certificates.some(({ name }) => name === defaultCertificate))
    found.push(`there is no certificate ${defaultCertificate}, which is to be the default one`);
  if (certificates.length === 0 && state.entries.some(({ tls }) => tls))
    found.push("an entry with TLS needs a certificate, such as one of the cluster's own CA");
  return found;
}
