import { PAGE_NAMES, type RouterEntry, type RouterState, type TcpRoute } from '../model/router.ts';
import { ASKED_FOR, aclLines, canaryLines, changesHeader, readsClient, SET_CLIENT } from './http-route.ts';
import { APPS, type Layout, NOBODY, relayBackend, tcpBackend } from './layout.ts';
import { PAGES } from './pages.ts';

/** Labels before the domain of a wildcard. Each costs a look-up where no other route fits. */
const WILDCARD_DEPTH = 6;
/** Requests a second up to which each one is in the log of response times; above it one of 64. */
const LOG_ALL_UP_TO = 1000;

/**
 * After a reload the old worker goes on with what is under way, as a WebSocket or a connection of a database, for so long at
 * most. What is to end earlier, as its container leaves, is cut one by one (`old-workers.ts`).
 */
const OLD_WORKER_HOURS = 24;

/** Answered by 200 for any domain: for health checks of balancers in front. */
const HEALTH_PATH = '/.berth/health';

/** Everything but the backends of routes. */
export function baseLines(state: RouterState, layout: Layout): readonly string[] {
  const ports = new Map<number, TcpRoute[]>();
  for (const route of state.tcpRoutes) ports.set(route.port, [...(ports.get(route.port) ?? []), route]);
  const found = lookUpOf(state, layout);
  const challenges = state.challenges === undefined ? [] : challengeLines(layout);
  const lookUp = { ...found, rules: [...challenges, ...found.rules] };
  const canaries = state.routes.flatMap(canaryLines);
  const clientIsRead = state.routes.some(({ canary }) => canary.some(readsClient));
  const client = clientIsRead ? SET_CLIENT : 'http-request del-header X-Forwarded-For';
  return [
    'global',
    `  stats socket ${layout.runtimeSocket} mode 600 level admin expose-fd listeners`,
    '  stats timeout 1h',
    // without it HAProxy takes what the system allows, which in a container may be a thousand million
    '  fd-hard-limit 200000',
    `  hard-stop-after ${OLD_WORKER_HOURS}h`,
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
    `defaults ${APPS} from http`,
    ...(clientIsRead ? [] : ['  option forwardfor']),
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
      entryLines(entry, layout, lookUp, client, canaries, state.defaultCertificate),
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
  const setsHost = routes.some(({ rules }) => changesHeader(rules, 'host'));
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
/** The header without the manager's cookies, wherever in it they are. */
const OTHER_COOKIES = `req.fhdr(Cookie),regsub('(^|;)[[:space:]]*${OWN_COOKIE}','',g),regsub('^;[[:space:]]*','')`;

/**
 * Takes the manager's cookies (`api/auth/page-cookie.ts`: a session, a log-in under way) out of requests: browsers send them
 * to every port of a host, and an app that is served under the manager's own name is not to have them. A browser has them all
 * in one header, and what comes in pieces by HTTP/2 HAProxy joins. A request without a cookie pays for one look at its
 * headers; one that has nothing left keeps the header, empty, as to look for that would be a second one.
 */
const OWN_COOKIE_LINE = `http-request set-header Cookie "%[${OTHER_COOKIES}]" if { req.fhdr(Cookie) -m sub __Host-berth }`;

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
  client: string,
  canaries: readonly string[],
  defaultCertificate: string | undefined,
): readonly string[] {
  const at = bindAddress(entry);
  const tls = entry.tls ? ` ssl crt-list ${layout.certificateList} alpn h2,http/1.1` : '';
  const scheme = entry.tls ? 'https' : 'http';
  const believed = entry.trust.length > 0;
  const lines = [
    `bind ${at}${tls}`,
    `bind unix@${layout.relay(at)} mode 600 accept-proxy`,
    // the first one of the list; another one needs a reload, so it stands here
    ...(entry.tls ? [`description default certificate: ${defaultCertificate ?? 'the first one'}`] : []),
    ...aclLines('proxy', 'src', entry.proxyFrom),
    ...(entry.proxyFrom.length > 0 ? ['tcp-request connection expect-proxy layer4 if proxy'] : []),
    `monitor-uri ${HEALTH_PATH}`,
    'log ring@times format raw local0',
    'log-format "%b %s %ST %Tw %Tc %Tr"',
    // nobody is believed twice
    ...(believed ? ['http-request allow if { stopping }'] : []),
    `http-request set-log-level silent if { fe_req_rate gt ${LOG_ALL_UP_TO} } { rand(64) gt 0 }`,
    ...lookUp.rules,
    ...aclLines('trusted', 'src', entry.trust),
    ...(believed
      ? [
          'http-request set-var(txn.trusted) bool(true) if trusted',
          'http-request set-src req.hdr_ip(X-Forwarded-For,-1) if trusted { req.hdr(X-Forwarded-For) -m found }',
        ]
      : []),
    // each looks through all headers, so what adds some comes after
    client,
    'http-request del-header Forwarded',
    OWN_COOKIE_LINE,
    `http-request set-header X-Forwarded-Proto ${scheme}${believed ? ' unless { var(txn.trusted) -m bool } { req.hdr(X-Forwarded-Proto) -m str http https }' : ''}`,
    'http-request set-header X-Forwarded-Host %[req.hdr(host)]',
    // A client's kept connection brings its next request to a worker that ends, which knows what was: the new one knows what is.
    `use_backend ${relayBackend(at)} if { stopping }`,
    ...canaries,
    // goes on to the next line where nothing was found
    `use_backend %[${lookUp.backend}]`,
    `default_backend ${NOBODY}`,
  ];
  return [
    `frontend entry:${at} from http`,
    ...lines.map((line) => `  ${line}`),
    `backend ${relayBackend(at)} from http`,
    '  timeout server 1h',
    `  server next unix@${layout.relay(at)} send-proxy-v2`,
  ];
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
