import http from 'node:http';
import net from 'node:net';
import { type Duplex, pipeline, Readable } from 'node:stream';
import type { ManagerFrame } from '../contract/link.ts';
import { newShortId } from '../kit/ids.ts';
import type { Logger } from '../kit/logger.ts';
import type { Host } from '../model/host.ts';
import type { AgentIdentity } from './agent/agent-identity.ts';
import { LinkClient, type LinkClientOptions } from './agent/link-client.ts';
import { admitHost } from './manager/admit-host.ts';
import { LinkServer, type LinkServerOptions } from './manager/link-server.ts';
import { type Ca, createCa, openCa } from './pki/ca.ts';
import { issueHostCertificate, issueServerCertificate } from './pki/certificates.ts';
import { newCsr } from './pki/csr.ts';
import { fingerprintOf, type KeyPair } from './pki/x509.ts';
import type { EngineRequest, HostEngine, HostSession, ManagerSession } from './ports.ts';

/** For the tests of this room: a cluster's certificates, both ends on loopback, an engine, a line that can be cut. */
export type TestCluster = Readonly<{ ca: Ca; server: KeyPair; hosts: Map<string, Host> }>;

export async function newCluster(clusterId = newShortId()): Promise<TestCluster> {
  const ca = await openCa(await createCa(clusterId, Date.now()));
  return { ca, server: await issueServerCertificate(ca, [], Date.now()), hosts: new Map() };
}

export async function newHost(
  cluster: TestCluster,
  name: string,
  options: Readonly<{ machineId?: string; issuedAt?: number }> = {},
): Promise<AgentIdentity & Readonly<{ machineId: string }>> {
  const hostId = newShortId();
  const { csr, key } = await newCsr(name);
  const certificate = await issueHostCertificate(cluster.ca, csr, hostId, options.issuedAt ?? Date.now());
  const machineId = options.machineId ?? `machine-of-${name}`;
  cluster.hosts.set(hostId, {
    kind: 'host',
    id: hostId,
    name,
    labels: {},
    cordoned: false,
    certFingerprint: fingerprintOf(certificate),
    machineId,
    joinedAt: 0,
    joinTokenId: '',
  });
  return {
    hostId,
    hostName: name,
    clusterId: 'test',
    key,
    certificate,
    ca: cluster.ca.certificate,
    managers: [],
    machineId,
  };
}

/** Ends everything that a test began, newest first. */
export class CleanUp {
  private readonly acts: (() => unknown)[] = [];

  add<T>(thing: T, act: (thing: T) => unknown): T {
    this.acts.push(() => act(thing));
    return thing;
  }

  async run(): Promise<void> {
    for (const act of this.acts.splice(0).reverse()) await act();
  }
}

export const welcome = {
  t: 'welcome',
  version: 1,
  clusterId: 'c',
  hostId: 'h',
  hostName: 'n',
} satisfies ManagerFrame;

export type TestManager = Readonly<{
  server: LinkServer;
  port: number;
  sessions: HostSession[];
  log: string[];
}>;

export async function startManager(
  cluster: TestCluster,
  clean: CleanUp,
  options: Partial<LinkServerOptions> & Readonly<{ port?: number }> = {},
): Promise<TestManager> {
  const sessions: HostSession[] = [];
  const log: string[] = [];
  const server = new LinkServer({
    server: cluster.server,
    ca: cluster.ca.certificate,
    admit: (arrival) => admitHost(arrival, cluster.hosts.get(arrival.commonName)),
    hostName: (hostId) => cluster.hosts.get(hostId)?.name,
    onSession: (session) => {
      sessions.push(session);
      session.send(welcome);
    },
    logger: memoryLogger(log),
    ...options,
  });
  const { port } = await server.listen(options.port ?? 0, '127.0.0.1');
  clean.add(server, () => server.close());
  return { server, port, sessions, log };
}

export type TestAgent = Readonly<{
  client: LinkClient;
  sessions: ManagerSession[];
  closed: string[];
  log: string[];
}>;

export function startAgent(
  identity: AgentIdentity & Readonly<{ machineId: string }>,
  port: number,
  clean: CleanUp,
  options: Partial<LinkClientOptions> = {},
): TestAgent {
  const sessions: ManagerSession[] = [];
  const closed: string[] = [];
  const log: string[] = [];
  const client = new LinkClient({
    identity: { ...identity, managers: [`127.0.0.1:${port}`] },
    machineId: identity.machineId,
    engine: noEngine,
    onSession: (session) => {
      sessions.push(session);
      session.onClose((reason) => closed.push(reason));
    },
    backoff: { baseMs: 20, maxMs: 100 },
    logger: memoryLogger(log),
    ...options,
  });
  client.start();
  clean.add(client, () => client.stop());
  return { client, sessions, closed, log };
}

const noEngine: HostEngine = {
  request: () => Promise.reject(new Error('no engine in this test')),
  upgrade: () => Promise.reject(new Error('no engine in this test')),
};

function memoryLogger(lines: string[]): Logger {
  const add = (...said: unknown[]) => void lines.push(said.map((part) => JSON.stringify(part)).join(' '));
  const logger = { debug: add, info: add, warn: add, error: add, child: () => logger };
  return logger as unknown as Logger;
}

/** An engine behind a real TCP socket, as Docker's is behind a unix socket. */
export function httpEngine(port: number): HostEngine {
  const begin = ({ method, path, headers, body, signal }: EngineRequest, extra: Record<string, string>) => {
    const connection = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    const request = http.request({
      createConnection: () => connection,
      method,
      path,
      headers: { ...headers, ...extra },
      signal,
    });
    if (body instanceof Readable) pipeline(body, request, () => undefined);
    else request.end(body);
    return request;
  };
  return {
    request: (wanted) =>
      new Promise((resolve, reject) => {
        const request = begin(wanted, {});
        request.once('response', (body) =>
          resolve({ status: body.statusCode ?? 0, headers: body.headers, body }),
        );
        request.on('error', reject);
      }),
    upgrade: (wanted) =>
      new Promise((resolve, reject) => {
        const request = begin(wanted, { connection: 'Upgrade' });
        request.once('response', (body) =>
          resolve({ kind: 'response', status: body.statusCode ?? 0, headers: body.headers, body }),
        );
        request.once('upgrade', (response, stream: Duplex, first: Buffer) => {
          if (first.length > 0) stream.unshift(first);
          resolve({ kind: 'upgraded', headers: response.headers, stream });
        });
        request.on('error', reject);
      }),
  };
}

export async function startHttp(
  clean: CleanUp,
  listener: http.RequestListener,
): Promise<Readonly<{ server: http.Server; port: number }>> {
  const server = http.createServer(listener);
  // As Docker's engine does: one direction of a raw connection may end before the other.
  (server as unknown as { allowHalfOpen: boolean }).allowHalfOpen = true;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const sockets = new Set<Duplex>();
  server.on('connection', (socket) => sockets.add(socket));
  clean.add(server, () => {
    // Raw connections are no business of the server's any more.
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  return { server, port: (server.address() as net.AddressInfo).port };
}

/** A line to `port` that can stop forwarding without closing anything, as a pulled cable does. */
export async function startLine(
  clean: CleanUp,
  port: number,
): Promise<Readonly<{ port: number; cut(): void; heal(): void }>> {
  const sockets = new Set<net.Socket>();
  let isCut = false;
  const server = net.createServer((near) => {
    const far = net.connect(port, '127.0.0.1');
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on('data', (chunk) => {
        if (!isCut) to.write(chunk);
      });
      from.on('error', () => undefined);
      from.on('close', () => {
        if (!isCut) to.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  clean.add(server, () => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  return {
    port: (server.address() as net.AddressInfo).port,
    cut: () => {
      isCut = true;
    },
    heal: () => {
      isCut = false;
    },
  };
}

/** Waits until `is` is true; fails with `what` after `ms`. */
export async function until(what: string, is: () => boolean, ms = 5000): Promise<void> {
  const end = Date.now() + ms;
  while (!is()) {
    if (Date.now() > end) throw new Error(`not within ${ms} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

export async function text(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString('utf8');
}
