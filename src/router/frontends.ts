import { PAGE_NAMES, type RouterEntry, type RouterState, type TcpRoute } from '../model/router.ts';
import { ASKED_FOR, aclLines, canaryLines } from './http-route.ts';
import { type Layout, NOBODY, tcpBackend } from './layout.ts';
import { PAGES } from './pages.ts';

/** Labels before the domain of a wildcard. Each costs a look-up where no other route fits. */
const WILDCARD_DEPTH = 6;
/** Requests a second up to which each one is in the log of response times; above it one of 64. */
const LOG_ALL_UP_TO = 1000;

/** Answered by 200 for any domain: for health checks of balancers in front. */
const HEALTH_PATH = '/.berth/health';

/** Everything but the backends of routes. */
export function baseLines(state: RouterState, layout: Layout): readonly string[] {
  const ports = new Map<number, TcpRoute[]>();
  for (const route of state.tcpRoutes) ports.set(route.port, [...(ports.get(route.port) ?? []), route]);
  const found = lookUpOf(state, layout);
  const challenges = state.challenges === undefined ? [] : challengeLines(layout);
  const lookUp = { ...found, rules: [...challenges, ...found.rules] };
  const canaries = state.routes.filter(({ canary }) => canary.length > 0).flatMap(canaryLines);
  return [
    'global',
    `  stats socket ${layout.runtimeSocket} mode 600 level admin expose-fd listeners`,
    '  stats timeout 1h',
    // without it HAProxy takes what the system allows, which in a container may be a thousand million
    '  fd-hard-limit 200000',
    `  hard-stop-after ${state.drainSeconds}s`,
    '  mworker-max-reloads 20',
    '  ssl-default-bind-options ssl-min-ver TLSv1.2',
    '  tune.ssl.default-dh-param 2048',
    'ring times',
    '  format raw',
    '  maxlen 512',
    '  size 1048576',
    'defaults http',
    '  mode http',
    '  timeout connect 3s',
    '  timeout http-request 10s',
    '  timeout http-keep-alive 60s',
    '  timeout client 60s',
    '  timeout server 60s',
    '  timeout queue 5s',
    '  timeout tunnel 1h',
    '  option idle-close-on-response',
    '  option redispatch 1',
    '  retries 2',
    '  balance roundrobin',
    `  dynamic-cookie-key ${state.cookieKey}`,
    ...PAGE_NAMES.map((name) => {
      const more = ['hdr', 'X-Content-Type-Options', 'nosniff', ...(PAGES[name].more ?? [])].join(' ');
      return `  http-error status ${PAGES[name].status} content-type "text/plain; charset=utf-8" lf-file ${layout.page(name)} ${more}`;
    }),
    'defaults tcp',
    '  mode tcp',
    '  timeout connect 3s',
    '  timeout client 1h',
    '  timeout server 1h',
    '  timeout queue 5s',
    '  option redispatch 1',
    '  retries 2',
    '  balance roundrobin',
    ...state.entries.flatMap((entry) =>
      entryLines(entry, layout, lookUp, canaries, state.defaultCertificate),
    ),
    ...[...ports].flatMap(([port, routes]) => portLines(port, routes, layout)),
    `backend ${NOBODY} from http`,
    '  http-request deny deny_status 404',
  ];
}

/** How a request's route is found: rules before it, and the sample that has its backend. */
type LookUp = Readonly<{ rules: readonly string[]; backend: string }>;

/** Keys of the map of routes end in `/` then: `/api` is no beginning of `/apis`. */
export function hasPaths(routes: RouterState['routes']): boolean {
  return routes.some(({ names }) => names.some(({ path }) => path !== '/'));
}

const hasWildcards = (routes: RouterState['routes']) =>
  routes.some(({ names }) => names.some(({ domain }) => domain.startsWith('*')));

/**
 * Whether the domain that is asked for is kept in a variable: where it is looked up more than once, and where a route gives
 * its containers another Host header. It costs a request as much as a rule does.
 */
function isKept({ routes }: RouterState): boolean {
  const setsHost = routes.some(({ rules }) =>
    [...(rules.request?.set ?? []).map(({ name }) => name), ...(rules.request?.remove ?? [])].some(
      (name) => name.toLowerCase() === 'host',
    ),
  );
  return (
    setsHost || hasPaths(routes) || hasWildcards(routes) || routes.some(({ canary }) => canary.length > 0)
  );
}

/** The sample that has the domain that is asked for. */
export const domainSample = (state: RouterState) => (isKept(state) ? 'var(txn.host)' : ASKED_FOR);

/**
 * Finds the route. What no route needs is left out, as each rule costs every request some 50 ns: paths where all routes are
 * whole domains, wildcards where there is none; where one look-up is all, no variable is needed for what it has found.
 */
function lookUpOf(state: RouterState, layout: Layout): LookUp {
  const { routes } = state;
  const withPaths = hasPaths(routes);
  const withWildcards = hasWildcards(routes);
  const host = isKept(state) ? [`http-request set-var(txn.host) ${ASKED_FOR}`] : [];
  const key = withPaths ? `concat(,txn.path,/),map_beg(${layout.routes})` : `map_str(${layout.routes})`;
  const paths = withPaths ? PATH_LINES : [];
  if (!withWildcards && routes.every(({ canary }) => canary.length === 0))
    return { rules: [...host, ...paths], backend: `${domainSample(state)},${key}` };
  const unfound = 'unless { var(txn.route) -m found }';
  const rules = [
    ...host,
    ...paths,
    `http-request set-var(txn.route) var(txn.host),${key}`,
    ...Array.from({ length: withWildcards ? WILDCARD_DEPTH : 0 }, (_, i) => [
      `http-request set-var(txn.above) var(txn.${i === 0 ? 'host' : 'above'}),field(2,.,0) ${unfound}`,
      `http-request set-var(txn.route) str(*.),concat(,txn.above),${key} ${unfound}`,
    ]).flat(),
  ];
  return { rules, backend: 'var(txn.route)' };
}

/** What a container may read as another path than it is routed by: rules of /admin are not to be got around by /x/../admin. */
const PATH_LINES = [
  'http-request deny deny_status 400 if { var(txn.host) -m sub / }',
  'http-request set-var(txn.path) path,url_dec',
  'http-request deny deny_status 400 if { var(txn.path) -m sub /../ /./ } or { var(txn.path) -m end /.. /. }',
  'http-request set-var(txn.path) var(txn.path),regsub(//+,/,g) if { var(txn.path) -m sub // }',
];

const OWN_COOKIE = '__Host-berth[a-z-]*=[^;]*';
const HAS_OWN_COOKIE = 'if { req.fhdr(Cookie) -m sub __Host-berth }';
const LATER_COOKIE = `http-request replace-header Cookie '^(.*);[[:space:]]*${OWN_COOKIE}(.*)$' '\\1\\2' ${HAS_OWN_COOKIE}`;

/**
 * Takes the manager's cookies (`api/auth/page-cookie.ts`: a session, a log-in under way) out of requests: browsers send them
 * to every port of a host, and an app that is served under the manager's own name is not to have them.
 */
const OWN_COOKIE_LINES = [
  'http-request del-header Berth-Page',
  LATER_COOKIE,
  LATER_COOKIE,
  `http-request replace-header Cookie '^${OWN_COOKIE}(;[[:space:]]*(.*))?$' '\\2' ${HAS_OWN_COOKIE}`,
  // a header without a cookie in it is none
  'http-request del-header Cookie if { req.fhdr_cnt(Cookie) eq 1 } { req.fhdr(Cookie),length eq 0 }',
];

const CHALLENGES = '/.well-known/acme-challenge/';

/** Tokens that the map has not go on to containers: they may speak ACME themselves. */
function challengeLines({ challenges }: Layout): readonly string[] {
  const answer = `path,field(4,/),map_str(${challenges})`;
  return [
    `http-request return status 200 content-type text/plain lf-string "%[${answer}]" if { path_beg ${CHALLENGES} } { ${answer} -m found }`,
  ];
}

function entryLines(
  entry: RouterEntry,
  layout: Layout,
  lookUp: LookUp,
  canaries: readonly string[],
  defaultCertificate: string | undefined,
): readonly string[] {
  const at = bindAddress(entry);
  const tls = entry.tls ? ` ssl crt-list ${layout.certificateList} alpn h2,http/1.1` : '';
  const scheme = entry.tls ? 'https' : 'http';
  const believed = entry.trust.length > 0;
  const lines = [
    `bind ${at}${tls}`,
    // the first one of the list; another one needs a reload, so it stands here
    ...(entry.tls ? [`description default certificate: ${defaultCertificate ?? 'the first one'}`] : []),
    ...aclLines('proxy', 'src', entry.proxyFrom),
    ...(entry.proxyFrom.length > 0 ? ['tcp-request connection expect-proxy layer4 if proxy'] : []),
    `monitor-uri ${HEALTH_PATH}`,
    'log ring@times format raw local0',
    'log-format "%b %s %ST %Tw %Tc %Tr"',
    `http-request set-log-level silent if { fe_req_rate gt ${LOG_ALL_UP_TO} } { rand(64) gt 0 }`,
    ...lookUp.rules,
    ...aclLines('trusted', 'src', entry.trust),
    ...(believed
      ? [
          'http-request set-var(txn.trusted) bool(true) if trusted',
          'http-request set-src req.hdr_ip(X-Forwarded-For,-1) if trusted { req.hdr(X-Forwarded-For) -m found }',
        ]
      : []),
    `http-request set-header X-Forwarded-Proto ${scheme}${believed ? ' unless { var(txn.trusted) -m bool } { req.hdr(X-Forwarded-Proto) -m str http https }' : ''}`,
    'http-request set-header X-Forwarded-For %[src]',
    'http-request set-header X-Forwarded-Host %[req.hdr(host)]',
    'http-request del-header Forwarded',
    ...OWN_COOKIE_LINES,
    ...canaries,
    // goes on to the next line where nothing was found
    `use_backend %[${lookUp.backend}]`,
    `default_backend ${NOBODY}`,
  ];
  return [`frontend entry:${at} from http`, ...lines.map((line) => `  ${line}`)];
}

const bindAddress = ({ address, port }: RouterEntry) =>
  `${address.includes(':') ? `[${address}]` : address}:${port}`;

function portLines(port: number, routes: readonly TcpRoute[], layout: Layout): readonly string[] {
  const [first] = routes;
  const head = [`frontend port:${port} from tcp`, `  bind :::${port} v4v6`];
  if (first !== undefined && first.names.length === 0)
    return [...head, `  default_backend ${tcpBackend(first.id)}`];
  const unfound = 'unless { var(sess.route) -m found }';
  const lookUp = (sample: string) =>
    `tcp-request content set-var(sess.route) ${sample},map_str(${layout.names(port)})`;
  return [
    ...head,
    '  tcp-request inspect-delay 5s',
    '  tcp-request content set-var(sess.name) req.ssl_sni,lower if { req.ssl_hello_type 1 }',
    `  ${lookUp('var(sess.name)')}`,
    ...Array.from({ length: WILDCARD_DEPTH }, (_, i) => [
      `  tcp-request content set-var(sess.above) var(sess.${i === 0 ? 'name' : 'above'}),field(2,.,0) ${unfound}`,
      `  ${lookUp('str(*.),concat(,sess.above)')} ${unfound}`,
    ]).flat(),
    '  tcp-request content reject unless { var(sess.route) -m found }',
    '  use_backend %[var(sess.route)]',
  ];
}
