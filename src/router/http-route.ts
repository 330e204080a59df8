import type {
  CanaryRule,
  HeaderChanges,
  HttpRoute,
  Redirect,
  RouteRules,
  StickyRule,
} from '../model/router.ts';
import { APPS, checkLines, httpBackend } from './layout.ts';
import { literal, pattern, word } from './quote.ts';

/** The domain that is asked for, of the Host header. */
export const ASKED_FOR = 'req.hdr(host),field(1,:),lower,rtrim(.)';

/** Words on a line: far below HAProxy's 64. */
const ON_A_LINE = 40;

const CLIENT = 'x-forwarded-for';
/** Where rules look at it or change it; elsewhere it is HAProxy's own option, which costs less and comes after all rules. */
export const SET_CLIENT = 'http-request set-header X-Forwarded-For %[src]';

/** Whether a route's own rules give its containers another header of that name, or none. */
export const changesHeader = ({ request }: RouteRules, header: string) =>
  [...(request?.set ?? []).map(({ name }) => name), ...(request?.remove ?? [])].some(
    (name) => name.toLowerCase() === header,
  );

/** A canary by the client's address as the header has it. */
export const readsClient = ({ in: place, name }: CanaryRule) =>
  place === 'header' && name.toLowerCase() === CLIENT;

/**
 * Lines of the backend of a route, without its servers: only what the route needs, so that a route pays for its own rules
 * and for nobody else's. Everything is rules of the backend, as the frontend has only looked up which one it is.
 */
export function httpBackendLines(route: HttpRoute, pool?: string): readonly string[] {
  const { rules } = route;
  return [
    ...(changesHeader(rules, CLIENT)
      ? [`backend ${httpBackend(route.id, pool)} from http`, SET_CLIENT]
      : [`backend ${httpBackend(route.id, pool)} from ${APPS}`]),
    ...accessLines(rules),
    ...rateLines(rules),
    ...(rules.redirect === undefined ? [] : redirectLines(rules.redirect)),
    ...authLines(rules),
    ...bodyLines(rules),
    ...rewriteLines(rules),
    ...headerLines('request', rules.request),
    ...headerLines('response', rules.response),
    ...timeLines(rules),
    ...(rules.gzip ? GZIP : []),
    ...(rules.sticky === undefined ? [] : [stickyLine(rules.sticky)]),
    ...checkLines(
      route.pools,
      route.names.find(({ domain }) => !domain.startsWith('*'))?.domain ?? 'localhost',
    ),
  ];
}

/** Lines of the frontend: what goes to one pool, whatever the weights are. */
export function canaryLines({ id, canary }: HttpRoute): readonly string[] {
  return canary.flatMap((rule, i) => [
    `acl canary:${id}:${i} ${canarySample(rule)} -m str -- ${word(rule.value)}`,
    `use_backend ${httpBackend(id, rule.pool)} if { var(txn.route) -m str ${httpBackend(id)} } canary:${id}:${i}`,
  ]);
}

const canarySample = ({ in: place, name }: CanaryRule) =>
  place === 'header' ? `req.fhdr(${name})` : `req.cook(${name})`;

/** One named list, on as many lines as it takes. */
export function aclLines(name: string, test: string, values: readonly string[]): readonly string[] {
  const lines: string[] = [];
  for (let i = 0; i < values.length; i += ON_A_LINE)
    lines.push(`acl ${name} ${test} ${values.slice(i, i + ON_A_LINE).join(' ')}`);
  return lines;
}

function accessLines({ allow, deny }: RouteRules): readonly string[] {
  return [
    ...aclLines('allowed', 'src', allow),
    ...aclLines('denied', 'src', deny),
    ...(deny.length === 0 ? [] : ['http-request deny deny_status 403 if denied']),
    ...(allow.length === 0 ? [] : ['http-request deny deny_status 403 unless allowed']),
  ];
}

function rateLines({ rateLimit }: RouteRules): readonly string[] {
  if (rateLimit === undefined) return [];
  const { requests, seconds } = rateLimit;
  return [
    `stick-table type ipv6 size 100k expire ${seconds * 2}s store http_req_rate(${seconds}s)`,
    'http-request track-sc0 src',
    `http-request deny deny_status 429 if { sc_http_req_rate(0) gt ${requests} }`,
  ];
}

function redirectLines(redirect: Redirect): readonly string[] {
  const { code } = redirect;
  if (redirect.kind === 'https') {
    const behind = redirect.port === 443 ? '' : `:${redirect.port}`;
    return [
      `http-request redirect location "https://%[${ASKED_FOR}]${behind}%[pathq]" code ${code} unless { req.hdr(X-Forwarded-Proto) -m str https }`,
    ];
  }
  const how = redirect.keepPath ? 'prefix' : 'location';
  return [`http-request redirect ${how} ${word(literal(redirect.url))} code ${code}`];
}

function authLines({ auth }: RouteRules): readonly string[] {
  if (auth === undefined) return [];
  return [
    `http-request set-var(txn.user) "req.hdr(Authorization),word(2,' '),hmac(sha256,${auth.salt}),hex,lower" if { req.hdr(Authorization) -m beg -i "Basic " }`,
    ...aclLines('known', 'var(txn.user) -m str', auth.users),
    `http-request auth realm ${word(auth.realm)}${auth.users.length === 0 ? '' : ' unless known'}`,
    'http-request del-header Authorization',
  ];
}

/** A body without a length may come by HTTP/2 with no header that says so: its first byte is waited for, 408 without one. */
function bodyLines({ bodyLimit }: RouteRules): readonly string[] {
  if (bodyLimit === undefined) return [];
  const lengthless =
    'status 411 content-type "text/plain; charset=utf-8" string "A request with a body needs a length here (Content-Length).\\n"';
  // An upgrade, as HTTP/2 has it too, is no body.
  const unsaid = '!{ req.hdr(content-length) -m found } !{ req.hdr(upgrade) -m found }';
  return [
    `http-request deny deny_status 413 if { req.hdr_val(content-length) gt ${bodyLimit} }`,
    `http-request return ${lengthless} if { req.hdr(transfer-encoding) -m found }`,
    `http-request wait-for-body time 5s at-least 1 if ${unsaid}`,
    `http-request return ${lengthless} if { req.body_len gt 0 } ${unsaid}`,
  ];
}

function rewriteLines({ rewrite }: RouteRules): readonly string[] {
  if (rewrite === undefined) return [];
  const strip = rewrite.strip === '/' ? '' : pattern(rewrite.strip);
  const prefix = rewrite.prefix === '/' ? '' : literal(rewrite.prefix).replaceAll('\\', '\\\\');
  return [`http-request replace-path ${word(`^${strip}(?:/(.*))?$`)} ${word(`${prefix}/\\1`)}`];
}

/** HAProxy takes no empty word there. */
const EMPTY = '"%[str()]"';

function headerLines(of: 'request' | 'response', changes: HeaderChanges | undefined): readonly string[] {
  return [
    ...(changes?.remove ?? []).map((name) => `http-${of} del-header ${name}`),
    ...(changes?.set ?? []).map(
      ({ name, value }) => `http-${of} set-header ${name} ${value === '' ? EMPTY : word(literal(value))}`,
    ),
  ];
}

function timeLines({ timeouts }: RouteRules): readonly string[] {
  if (timeouts === undefined) return [];
  return [`timeout server ${timeouts.responseSeconds}s`, `timeout tunnel ${timeouts.tunnelSeconds}s`];
}

const GZIP = [
  'compression algo gzip',
  'compression type text/html text/plain text/css text/javascript text/xml application/javascript application/json application/xml image/svg+xml',
];

/** The cookie's value is made from address, port and key, so all ingress hosts understand it, also after a reload. */
export function stickyLine({ cookie, idleSeconds, lifeSeconds }: StickyRule): string {
  return `cookie ${cookie} insert indirect nocache httponly dynamic maxidle ${idleSeconds}s maxlife ${lifeSeconds}s`;
}
