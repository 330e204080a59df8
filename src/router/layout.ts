import { createHash } from 'node:crypto';
import type { Pool, PoolServer } from '../model/router.ts';
import { word } from './quote.ts';

/** Names of things in HAProxy's configuration. Those of users have no `:`, so that nothing of theirs is one of ours. */

/** The folder of the configuration, as HAProxy sees it, and what is in it. */
export type Layout = Readonly<{
  configuration: string;
  routes: string;
  certificateList: string;
  certificate(name: string): string;
  names(port: number): string;
  challenges: string;
  page(name: string): string;
  runtimeSocket: string;
  masterSocket: string;
  /** Where an entry takes requests from workers that end. */
  relay(entry: string): string;
}>;

export function layoutOf(folder: string): Layout {
  return {
    configuration: `${folder}/conf.d`,
    routes: `${folder}/routes.map`,
    certificateList: `${folder}/certificates.list`,
    certificate: (name) => `${folder}/certificates/${name}.pem`,
    names: (port) => `${folder}/names-${port}.map`,
    challenges: `${folder}/challenges.map`,
    page: (name) => `${folder}/pages/${name}.txt`,
    runtimeSocket: `${folder}/run/runtime.sock`,
    masterSocket: `${folder}/run/master.sock`,
    // short: the path of a socket has 107 bytes
    relay: (entry) => `${folder}/run/${createHash('sha256').update(entry).digest('hex').slice(0, 8)}.sock`,
  };
}

export const NOBODY = 'nobody';

/** Defaults of the backends of apps: containers are told the client's address (`X-Forwarded-For`). */
export const APPS = 'apps';

/** The backend of a route, or of one of its pools, which canary rules lead to. */
export function httpBackend(route: string, pool?: string): string {
  return pool === undefined ? `http:${route}` : `http:${route}:${pool}`;
}

/** One that a route which comes later may be in. */
export const spareBackend = (number: number) => `spare:${number}`;

export function tcpBackend(route: string): string {
  return `tcp:${route}`;
}

/** Leads from a worker that ends to the one behind it, for one entry. */
export const relayBackend = (entry: string) => `relay:${entry}`;

/** Routes in spare backends, by the backend's name. */
export type SpareRoutes = ReadonlyMap<string, string>;

/** Whose backend that is; undefined where it is no route's. */
export function routeIn(
  backend: string,
  spares: SpareRoutes,
): Readonly<{ kind: 'http' | 'tcp'; route: string }> | undefined {
  const placed = spares.get(backend);
  if (placed !== undefined) return { kind: 'http', route: placed };
  const [kind, route] = backend.split(':');
  return (kind === 'http' || kind === 'tcp') && route !== undefined ? { kind, route } : undefined;
}

/**
 * `v2:10.0.0.7:8080`, and the pool's options behind it: a server whose address or options change is another one, so that
 * what HAProxy has by a name is always what is meant by it.
 */
export function serverName(pool: Pool, { address, port }: PoolServer): string {
  const options = serverOptions(pool).join(' ');
  const mark = options === '' ? '' : `:${createHash('sha256').update(options).digest('hex').slice(0, 8)}`;
  return `${pool.id}:${address}:${port}${mark}`;
}

const CHECK = ['check', 'inter', '2s', 'fastinter', '500ms', 'fall', '3', 'rise', '2'];

/** Words of a `server` line behind its address; `add server` takes them as well. */
export function serverOptions({ protocol, proxyProtocol, tls, check }: Pool): readonly string[] {
  const h2 = tls.kind === 'none' ? ['proto', 'h2'] : ['alpn', 'h2'];
  const encryption = {
    none: () => [],
    unverified: () => ['ssl', 'verify', 'none'],
    verified: (name: string) => [
      ...['ssl', 'verify', 'required', 'ca-file', '/etc/ssl/certs/ca-certificates.crt'],
      ...['verifyhost', name, 'sni', `str(${name})`],
    ],
  };
  return [
    ...(proxyProtocol ? ['send-proxy-v2'] : []),
    ...(protocol === 'h2' ? h2 : []),
    ...encryption[tls.kind](tls.kind === 'verified' ? tls.name : ''),
    ...(check === undefined ? [] : CHECK),
  ];
}

/** Lines of a backend whose servers are checked by a request; one for all of its pools. */
export function checkLines(pools: readonly Pool[], host: string): readonly string[] {
  const found = pools.find(({ check }) => check?.kind === 'http')?.check;
  if (found?.kind !== 'http') return [];
  return [
    'option httpchk',
    `http-check send meth GET uri ${word(found.path)} ver HTTP/1.1 hdr Host ${host}`,
    'http-check expect status 200-399',
  ];
}

/** How HAProxy is run on such a folder: a master with workers, in the foreground. */
export function haproxyArgv(folder: string): readonly string[] {
  const { masterSocket, configuration } = layoutOf(folder);
  return ['haproxy', '-W', '-S', `${masterSocket},mode,600,level,admin`, '-f', configuration];
}
