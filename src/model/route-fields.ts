import type { RouteOptions } from './route-options.ts';
import { routeOptionsSchema } from './route-options.ts';

/**
 * One word that a user sets for a route: a label `berth.routing.NAME`, or `NAME=VALUE` of a balancer. `read` makes options
 * of a text, or says what is wrong with it, in words that go behind the text.
 */
type RouteField = Readonly<{
  /** What it does and how it is written, for the table of labels and for help. */
  words: string;
  example: string;
  read(text: string): Record<string, unknown> | string;
}>;

/** What is wrong with one field. */
export type RouteProblem = Readonly<{ field: string; message: string }>;

const HEADERS =
  'a line each: `NAME: VALUE` sets a header, `-NAME` takes it away; beside a line break `|` separates too';
const SOURCES = 'addresses and subnets, separated by spaces or commas';

/** All of them, by name. */
export const ROUTE_FIELDS: Readonly<Record<string, RouteField>> = {
  rewrite: {
    words:
      '`FROM TO`: takes the path FROM off the beginning of requests and puts TO there, such as `/api /`.',
    example: '/api /v2',
    read(text) {
      const [strip = '', prefix, ...more] = text.split(/\s+/);
      if (prefix === undefined || more.length > 0) return 'is not two paths: write FROM TO, such as /api /';
      return { rewrite: { strip, prefix } };
    },
  },
  redirect: {
    words:
      '`https` (requests without TLS), or `[301\\|302\\|303\\|307\\|308] URL`: the answer to all requests; with `/*` at its end the path asked for comes behind it.',
    example: '308 https://www.example.com/*',
    read: redirectOf,
  },
  request_headers: {
    words: `Headers of requests: ${HEADERS}.`,
    example: 'X-Team: shop|-X-Debug',
    read: (text) => headersOf('request', text),
  },
  response_headers: {
    words: `Headers of answers: ${HEADERS}.`,
    example: 'Strict-Transport-Security: max-age=31536000|-Server',
    read: (text) => headersOf('response', text),
  },
  basic_auth: {
    words:
      'What `berth route password USER…` prints: requests need one of these names and passwords. It has hashes, and no password.',
    example: `q83vEjRWeJCrze8SNFZ4kA== ann:${'0a'.repeat(32)}`,
    read: authOf,
  },
  allow: {
    words: `Only these clients: ${SOURCES}.`,
    example: '192.0.2.0/24, 2001:db8::1',
    read: (text) => ({ allow: listOf(text) }),
  },
  deny: {
    words: `Never these clients: ${SOURCES}.`,
    example: '192.0.2.7',
    read: (text) => ({ deny: listOf(text) }),
  },
  rate_limit: {
    words: 'Most requests of one client: `N/s`, `N/10s`, `N/m`, `N/h`. Further ones get 429.',
    example: '100/10s',
    read(text) {
      const [, count, times = '1', unit = ''] = /^(\d{1,7})\/(\d{0,4})([smh])$/.exec(text) ?? [];
      if (count === undefined) return 'is no rate: write REQUESTS/TIME, such as 100/s, 300/10s, 1000/m';
      const seconds = (times === '' ? 1 : Number(times)) * ({ s: 1, m: 60, h: 3600 }[unit] ?? 1);
      return { rateLimit: { requests: Number(count), seconds } };
    },
  },
  body_limit: {
    words: 'Largest body of a request, such as `10m` (bytes, or with k, m, g). Larger ones get 413.',
    example: '10m',
    read(text) {
      const [, count, unit = ''] = /^(\d{1,12})([kmg]?)b?$/i.exec(text) ?? [];
      if (count === undefined) return 'is no size: write bytes, or a number with k, m or g, such as 10m';
      const times = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 }[unit.toLowerCase()] ?? 1;
      return { bodyLimit: Number(count) * times };
    },
  },
  timeout: {
    words: 'How long a container may take to answer, such as `90s` or `5m` (60s). Then clients get 504.',
    example: '90s',
    read: (text) => timeOf('responseSeconds', text),
  },
  tunnel_timeout: {
    words: 'How long a WebSocket may be silent (1h).',
    example: '12h',
    read: (text) => timeOf('tunnelSeconds', text),
  },
  gzip: {
    words: '`true`: text is compressed for clients that take it and containers that have not done it.',
    example: 'true',
    read: (text) => flagOf('gzip', text),
  },
  backend: {
    words:
      'What containers speak: `http` (as without it), `h2c`, `https` or `h2` (TLS, whoever answers), `https NAME` or `h2 NAME` (TLS, and a certificate of that name that the machine trusts).',
    example: 'h2c',
    read(text) {
      const [word = '', name, ...more] = text.split(/\s+/);
      const encrypted = word === 'https' || word === 'h2';
      const plain = (word === 'http' || word === 'h2c') && name === undefined;
      if (more.length > 0 || !(encrypted || plain))
        return 'is none of http, h2c, https, h2, https NAME and h2 NAME';
      const protocol = word === 'h2' || word === 'h2c' ? 'h2' : 'http1';
      if (!encrypted) return { protocol, tls: { kind: 'none' } };
      return { protocol, tls: name === undefined ? { kind: 'unverified' } : { kind: 'verified', name } };
    },
  },
  tls: {
    words:
      "`acme`: its domains have certificates of the CA that the setting `acmeDirectory` names (Let's Encrypt), which are renewed by themselves.",
    example: 'acme',
    read: (text) => (text === 'acme' ? { certificate: 'acme' } : 'is no source of certificates: write acme'),
  },
  proxy_protocol: {
    words:
      '`true`: containers are told the client by the PROXY protocol (version 2), before each connection.',
    example: 'true',
    read: (text) => flagOf('proxyProtocol', text),
  },
};

/** Hashes of passwords, and keys of what is behind the router, stand in them: no message repeats what they say. */
export const SECRET_ROUTE_FIELDS: ReadonlySet<string> = new Set(['basic_auth', 'request_headers']);

/**
 * Options of a route from texts by field.
 * @param value undefined where the field is not said
 */
export function routeOptionsOf(
  value: (field: string) => string | undefined,
): Readonly<{ options: RouteOptions; problems: readonly RouteProblem[] }> {
  const problems: RouteProblem[] = [];
  let options: RouteOptions = {};
  for (const [field, { read }] of Object.entries(ROUTE_FIELDS)) {
    const text = value(field)?.trim();
    if (text === undefined) continue;
    const made = read(text);
    const checked = typeof made === 'string' ? undefined : routeOptionsSchema.safeParse(made);
    if (checked?.success === true) {
      options = { ...options, ...checked.data };
      continue;
    }
    const shown = SECRET_ROUTE_FIELDS.has(field) ? '' : `${short(text)} `;
    const message =
      typeof made === 'string'
        ? `${shown}${made}`
        : `${shown}is refused: ${checked?.error.issues[0]?.message}`;
    problems.push({ field, message });
  }
  return { options, problems };
}

const short = (text: string) => JSON.stringify(text.length > 80 ? `${text.slice(0, 77)}...` : text);

const listOf = (text: string) => text.split(/[\s,]+/).filter((one) => one !== '');

function redirectOf(text: string): Record<string, unknown> | string {
  const [, code = '302', target = ''] = /^(?:(\d{3})\s+)?(\S+)$/.exec(text) ?? [];
  // 443 stands for the cluster's own port.
  if (target === 'https')
    return { redirect: { kind: 'https', code: text === 'https' ? 308 : Number(code), port: 443 } };
  if (!/^https?:\/\//.test(target)) return 'is no redirect: write https, or [CODE] URL';
  const keepPath = target.endsWith('/*');
  const url = keepPath ? target.slice(0, -2) : target;
  return { redirect: { kind: 'url', code: Number(code), url, keepPath } };
}

function headersOf(of: 'request' | 'response', text: string): Record<string, unknown> | string {
  const set: { name: string; value: string }[] = [];
  const remove: string[] = [];
  for (const line of text.split(/[\n|]/).map((one) => one.trim())) {
    if (line === '') continue;
    const [, name, value = ''] = /^([^:\s]+):\s*(.*)$/.exec(line) ?? [];
    if (line.startsWith('-')) remove.push(line.slice(1).trim());
    else if (name === undefined) return 'has a line that is neither NAME: VALUE nor -NAME';
    else set.push({ name, value });
  }
  return { [of]: { set, remove } };
}

function authOf(text: string): Record<string, unknown> | string {
  const [salt = '', ...users] = text.split(/\s+/);
  const hashes = users.map((user) => user.replace(/^[^:]*:/, ''));
  if (users.length === 0) return 'has no user: "berth route password USER" prints it';
  return { auth: { realm: 'Restricted', salt, users: hashes } };
}

function timeOf(field: string, text: string): Record<string, unknown> | string {
  const [, count, unit = 's'] = /^(\d{1,6})([smh]?)$/.exec(text) ?? [];
  if (count === undefined) return 'is no time: write seconds, or a number with s, m or h, such as 90s';
  return { [field]: Number(count) * ({ s: 1, m: 60, h: 3600 }[unit] ?? 1) };
}

function flagOf(field: string, text: string): Record<string, unknown> | string {
  return text === 'true' || text === 'false' ? { [field]: text === 'true' } : 'must be true or false';
}
