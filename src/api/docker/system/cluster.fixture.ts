import {
  createServer,
  request as httpRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type RequestListener,
  type Server,
} from 'node:http';
import type { Duplex, Readable } from 'node:stream';
import { systemClock } from '../../../kit/clock.ts';
import { BerthError } from '../../../kit/errors.ts';
import { silentLogger } from '../../../kit/logger.ts';
import { newTestVault } from '../../../kit/vault.fixture.ts';
import type { EngineRequest, Engines, EngineUpgrade } from '../../../link/ports.ts';
import type { ObservedContainer } from '../../../model/container.ts';
import { hostRecord, hostStatusRecord, observedContainer } from '../../../model/records.fixture.ts';
import { type Settings, settingsSchema } from '../../../model/settings.ts';
import { newMemoryStore, type Store, type TableName, type WriteTx } from '../../../store/index.ts';
import { type ClusterEvents, newClusterEvents } from '../../events/cluster-events.ts';
import type { PlaceRequest } from '../../placement/placer.ts';
import type { DockerDeps } from '../deps.ts';
import { newDispatcher } from '../dispatch.ts';
import { DOCKER_ROUTES } from '../routes.ts';
import { imageRecord } from './observe.ts';

export const CLUSTER_ID = 'cluster-1';

/** What a fake engine was asked. */
export type Asked = Readonly<{
  host: string;
  method: string;
  path: string;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  body: string;
}>;
export type FakeAnswer = Readonly<{ status?: number; json?: unknown; lines?: readonly unknown[] }>;
/** `undefined`: the engine has no such route and answers 404. */
export type FakeEngine = (asked: Asked) => FakeAnswer | undefined;

export type Answer = Readonly<{ status: number; headers: IncomingHttpHeaders; text: string }>;

/** A Docker endpoint over a memory store and engines that are local HTTP servers, for tests. */
export type Cluster = Readonly<{
  store: Store;
  deps: DockerDeps;
  events: ClusterEvents;
  /** Everything that the fake engines were asked, in order. */
  asked: Asked[];
  /** What the placer was asked. */
  placed: PlaceRequest[];
  /** The host that the placer chooses; the first one otherwise. */
  choose(hostId: string): void;
  /** Cuts a host's connection: no request reaches it any more. */
  cut(hostId: string): void;
  /** Serves a host by this in place of its `FakeEngine`. */
  serve(hostId: string, listener: RequestListener): void;
  server: Server;
  port: number;
  /** Sends a request and reads the whole answer. `body` is JSON unless it is text or bytes. */
  call(
    method: string,
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Answer>;
  json<T = never>(method: string, path: string, body?: unknown): Promise<T>;
  close(): Promise<void>;
}>;

/**
 * @param hosts ID and name of each host (one word for both) to its engine
 */
export async function newCluster(
  hosts: Readonly<Record<string, FakeEngine>>,
  settings: Partial<Settings> = {},
): Promise<Cluster> {
  const store = newMemoryStore();
  const asked: Asked[] = [];
  const placed: PlaceRequest[] = [];
  const lost = new Set<string>();
  const own = new Map<string, RequestListener>();
  const servers = new Map<string, Server>();
  let chosen = Object.keys(hosts)[0] ?? '';

  for (const [host, engine] of Object.entries(hosts)) {
    const server = createServer((req, res) => {
      const listener = own.get(host) ?? ((one, two) => void answer(host, engine, asked, one, two));
      listener(req, res);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    servers.set(host, server);
    await store.update((tx) => putHost(tx, host));
  }
  await store.update((tx) =>
    tx.put('settings', { kind: 'settings', clusterId: CLUSTER_ID, settings: settingsSchema.parse(settings) }),
  );

  const engines = fakeEngines(servers, lost);
  const events = newClusterEvents({ store, clock: systemClock, windowMs: 20 });
  const deps: DockerDeps = {
    store,
    engines,
    placer: {
      place: (_, request) => {
        placed.push(request);
        return { hostId: chosen };
      },
      explain: () => ({ chosen, refusal: undefined, hosts: [] }),
    },
    assignments: { settled: () => Promise.reject(new Error('nothing is assigned here')), isDue: () => false },
    drain: () => Promise.reject(new Error('nothing is drained here')),
    events,
    vault: newTestVault(),
    clock: systemClock,
    logger: silentLogger,
    version: '1.2.3',
  } as DockerDeps;
  const dispatcher = newDispatcher(deps, DOCKER_ROUTES);
  const who = () => ({ user: 'root', role: 'admin', via: 'socket', from: '' }) as const;
  const server = createServer((req, res) => dispatcher.request(req, res, who));
  server.on('upgrade', (req, socket, head) => dispatcher.upgrade(req, socket, head, who));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const port = portOf(server);

  const call: Cluster['call'] = (method, path, body, headers = {}) => send(port, method, path, body, headers);
  return {
    ...{ store, deps, events, asked, placed, server, port, call },
    choose: (hostId) => {
      chosen = hostId;
    },
    cut: (hostId) => {
      lost.add(hostId);
      servers.get(hostId)?.closeAllConnections();
    },
    serve: (hostId, listener) => void own.set(hostId, listener),
    json: async (method, path, body) => {
      const { status, text } = await call(method, path, body);
      if (status >= 400) throw new Error(`${status} ${text}`);
      return JSON.parse(text);
    },
    close: async () => {
      events.close();
      for (const one of [server, ...servers.values()]) {
        one.closeAllConnections();
        await new Promise((resolve) => one.close(resolve));
      }
      await store.close();
    },
  };
}

/** Puts images onto hosts, as their agents would report them. */
export function putImages(
  store: Store,
  hostId: string,
  ...entries: Readonly<Record<string, unknown>>[]
): Promise<void> {
  return store.update((tx) => {
    for (const entry of entries) tx.put('observedImages', imageRecord(hostId, entry));
  });
}

/** Puts a container, as an agent would report it. */
export function putContainer(
  store: Store,
  hostId: string,
  engineId: string,
  more: Partial<ObservedContainer> = {},
): Promise<void> {
  const record = observedContainer(hostId, engineId, { generation: 0, ...more });
  return store.update((tx) => tx.put('observedContainers', record));
}

export function count(store: Store, table: TableName): number {
  return store.view((tx) => tx.count(table));
}

function putHost(tx: WriteTx, id: string): void {
  tx.put('hosts', hostRecord(id, { labels: { rack: `r-${id}` } }));
  tx.put(
    'hostStatus',
    hostStatusRecord(id, {
      address: `10.0.0.1:${id}`,
      agentVersion: '1.2.3',
      engine: {
        ...{ engineId: `engine-${id}`, serverVersion: '20.10.24+dfsg1', apiVersion: '1.41' },
        ...{ minApiVersion: '1.12', operatingSystem: 'Debian GNU/Linux 12 (bookworm)', osType: 'linux' },
        ...{ architecture: 'x86_64', kernelVersion: '6.18', storageDriver: 'overlay2' },
        ...{ cpus: 2, memory: 4 * 1024 ** 3, labels: {} },
      },
      lastHeardAt: 1_763_700_000_000,
    }),
  );
}

async function answer(
  host: string,
  engine: FakeEngine,
  log: Asked[],
  req: IncomingMessage,
  res: Parameters<RequestListener>[1],
): Promise<void> {
  const parts: Buffer[] = [];
  try {
    for await (const part of req) parts.push(part as Buffer);
  } catch {
    return;
  }
  const url = new URL(req.url ?? '/', 'http://engine');
  const asked: Asked = {
    host,
    method: req.method ?? '',
    path: decodeURIComponent(url.pathname.replace(/^\/v\d+\.\d+/, '')),
    query: url.searchParams,
    headers: req.headers,
    body: Buffer.concat(parts).toString('utf8'),
  };
  log.push(asked);
  const given = engine(asked) ?? { status: 404, json: { message: `No such thing: ${asked.path}` } };
  const { json, lines } = given;
  res.writeHead(given.status ?? 200, { 'content-type': 'application/json' });
  for (const line of lines ?? []) res.write(`${JSON.stringify(line)}\r\n`);
  res.end(json === undefined ? undefined : JSON.stringify(json));
}

function fakeEngines(servers: ReadonlyMap<string, Server>, lost: ReadonlySet<string>): Engines {
  const connected = (hostId: string) => servers.has(hostId) && !lost.has(hostId);
  function open(hostId: string, { method, path, headers, body, signal }: EngineRequest, upgrade: boolean) {
    if (!connected(hostId)) throw new BerthError('host_down', `host ${hostId} is not connected`);
    const port = portOf(servers.get(hostId));
    const req = httpRequest({
      ...{ host: '127.0.0.1', port, method, path, signal, agent: false },
      headers: { ...headers, ...(upgrade ? { connection: 'Upgrade' } : {}) },
    });
    if (body === undefined || typeof body === 'string' || body instanceof Uint8Array) req.end(body);
    else (body as Readable).on('error', (error) => req.destroy(error)).pipe(req);
    return req;
  }
  const failed = (thrown: Error) => new BerthError('host_down', `the host was lost: ${thrown.message}`);
  return {
    connected,
    request: (hostId, request) =>
      new Promise((resolve, reject) => {
        const req = open(hostId, request, false);
        req.on('response', (res) =>
          resolve({ status: res.statusCode ?? 0, headers: res.headers, body: res }),
        );
        req.on('error', (thrown) => reject(failed(thrown)));
      }),
    upgrade: (hostId, request) =>
      new Promise<EngineUpgrade>((resolve, reject) => {
        const req = open(hostId, request, true);
        req.on('response', (res) =>
          resolve({ kind: 'response', status: res.statusCode ?? 0, headers: res.headers, body: res }),
        );
        req.on('upgrade', (res, stream: Duplex) =>
          resolve({ kind: 'upgraded', headers: res.headers, stream }),
        );
        req.on('error', (thrown) => reject(failed(thrown)));
      }),
  };
}

function portOf(server: Server | undefined): number {
  const address = server?.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function send(
  port: number,
  method: string,
  path: string,
  body: unknown,
  headers: Readonly<Record<string, string>>,
): Promise<Answer> {
  const raw = typeof body === 'string' || body instanceof Uint8Array;
  const bytes = body === undefined ? undefined : raw ? body : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const req = httpRequest(
      {
        ...{ host: '127.0.0.1', port, method, path, agent: false },
        headers: { ...(bytes === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      },
      (res) => {
        let text = '';
        res.setEncoding('utf8').on('data', (part: string) => {
          text += part;
        });
        res.on('end', () => resolve({ status: res.statusCode ?? 0, headers: res.headers, text }));
        res.on('error', reject);
      },
    );
    req.on('error', reject);
    req.end(bytes);
  });
}

/** The lines of a stream of JSON. */
export function linesOf({ text }: Answer): Readonly<Record<string, unknown>>[] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => JSON.parse(line));
}
