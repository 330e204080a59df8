import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Duplex, Readable } from 'node:stream';
import { readSent } from '../../compose/sent.ts';
import { type Client, newClient } from '../../contract/client.ts';
import type { LogItem } from '../../contract/v1/services.ts';
import type { Clock } from '../../kit/clock.ts';
import { BerthError } from '../../kit/errors.ts';
import { silentLogger } from '../../kit/logger.ts';
import { createCa, issueServerCertificate, openCa, openVault, type VaultFile } from '../../link/index.ts';
import type { Role, User } from '../../model/access.ts';
import type { Container } from '../../model/container.ts';
import { serviceKey } from '../../model/deployment.ts';
import type { Host } from '../../model/host.ts';
import { replicasOf, scalingOf } from '../../model/service-scale.ts';
import type { SettingsRecord } from '../../model/settings.ts';
import { placementProblem } from '../../scheduler/placement-problem.ts';
import { newMemoryStore, SETTINGS_KEY, type Store } from '../../store/index.ts';
import { FIRST_USER, firstRun } from '../auth/first-run.ts';
import { hashSecret } from '../auth/secrets.ts';
import { Marks } from '../metrics/marks.ts';
import { MetricBook } from '../metrics/metric-book.ts';
import type { Placer } from '../placement/placer.ts';
import { AccessBook } from '../routing/access-book.ts';
import type { ContainerHands, TerminalProcess } from './container-hands.ts';
import type { ContainerMoves } from './container-moves.ts';
import type { ApiDeps } from './deps.ts';
import { type ApiEndpoint, newApiEndpoint } from './endpoint.ts';
import type { ImageHands } from './image-hands.ts';
import type { NetworkHands } from './network-hands.ts';
import type { LogQuery } from './stack-logs.ts';

/** A running API over a memory store, on a free port of loopback and on a unix socket, for tests. */
export type ApiFixture = Readonly<{
  store: Store;
  deps: ApiDeps;
  endpoint: ApiEndpoint;
  /** `https://127.0.0.1:PORT`. */
  url: string;
  port: number;
  caPem: string;
  socketPath: string;
  folder: string;
  adminPassword: string;
  /** The clock that the API sees. */
  clock: { time: number };
  /** A token of a user of that role: `Authorization: Bearer …`. */
  tokens: Readonly<Record<Role, string>>;
  /** A client as root on the socket. */
  root: Client;
  client(token?: string): Client;
  close(): Promise<void>;
}>;

/** Fills hosts in the order of their names, two containers each. No host has the image "nowhere". */
export const twoPerHost: Placer = {
  place: () => ({ hostId: 'unused' }),
  explain: (tx, request) => {
    const hosts = [...tx.all('hosts')].sort((a, b) => a.name.localeCompare(b.name));
    const verdicts = hosts.map((host) => {
      const count = [...tx.by('containers', 'host', host.id)].length;
      const fits = count < 2 && !host.cordoned;
      const reasons = fits ? [] : [`${request.name}: ${count} of 2 slots are taken`];
      return { hostId: host.id, hostName: host.name, fits, reasons, score: fits ? count : undefined };
    });
    const chosen = verdicts.find((verdict) => verdict.fits)?.hostId;
    if (request.spec.Image === 'nowhere' && request.anyImage !== true) {
      const unfit = verdicts.map((verdict) => ({ ...verdict, fits: false, reasons: ['no image'] }));
      return { chosen: undefined, refusal: 'no image', onlyImageMissing: true, hosts: unfit };
    }
    return {
      chosen,
      refusal: chosen === undefined ? `${hosts.length} hosts: no slot` : undefined,
      hosts: verdicts,
    };
  },
};

/** Would move everything to h2; holds what is called `held`. */
function fakeMoves(store: Store): ContainerMoves {
  const planDrain = (hostId: string) => {
    const all = store.view((tx) => [...tx.by('containers', 'host', hostId)]);
    const move = ({ id, name }: Container) => ({ id, name, from: hostId, to: 'h2' });
    return {
      moves: all.filter(({ name }) => name !== 'held').map(move),
      stays: all.filter(({ name }) => name === 'held').map((one) => ({ ...move(one), reason: 'is held' })),
    };
  };
  const done = new Map<string, ReturnType<ContainerMoves['rebalance']>>();
  const run = (key: string, { moves, stays }: ReturnType<typeof planDrain>) => {
    done.set(key, { state: 'done', waiting: [], moved: moves, stays });
    return { state: 'running' as const, waiting: moves, moved: [], stays };
  };
  return {
    planDrain,
    drain: async (hostId) => run(hostId, planDrain(hostId)),
    drainJob: (hostId) => done.get(hostId),
    planRebalance: () => ({ moves: [], stays: [] }),
    rebalance: () => run('', { moves: [], stays: [] }),
    rebalanceJob: () => done.get(''),
    release: (hostId) => {
      if (hostId !== 'h2') throw new BerthError('conflict', `host ${hostId} is not down`);
    },
  };
}

/** An item of each kind; followed, until the reader leaves. */
async function* fakeLogs(
  { stack, service = 'web', follow }: LogQuery,
  signal: AbortSignal,
): AsyncGenerator<LogItem> {
  const line = { kind: 'line' as const, container: `${stack}_${service}_1`, service, hostName: 'h1' };
  yield { kind: 'note', text: 'container x: its host h9 is not connected' };
  yield { ...line, stream: 'stderr', at: '2026-01-01T00:00:00.000000000Z', text: 'one' };
  if (follow === true)
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
}

/** Says what it runs, then what is typed; `exit` ends it with 7. */
function fakeTerminal(name: string, command: readonly string[]): TerminalProcess {
  const sizes: string[] = [];
  const stream = new Duplex({
    read: () => undefined,
    write(bytes: Buffer, _encoding, done) {
      const text = String(bytes);
      if (text === 'size') this.push(sizes.join(' '));
      else if (text === 'much') this.push(Buffer.alloc(2 * 1024 * 1024));
      else if (text === 'exit') this.push(null);
      else this.push(bytes);
      done();
    },
  });
  stream.push(`${name} ${command.join(' ')}`);
  return {
    stream,
    resize: async (columns, rows) => void sizes.push(`${columns}x${rows}`),
    exitCode: async () => 7,
  };
}

/** Knows the cluster's containers by ID, and does nothing to them. */
function fakeContainers(store: Store): ContainerHands {
  const find = (ref: string) => {
    const found = store.view((tx) => tx.get('containers', ref));
    if (found === undefined) throw new BerthError('not_found', `No such container: ${ref}`);
    return found;
  };
  const look = async (ref: string) => void find(ref);
  return {
    inspect: async (ref, role) => ({ Id: find(ref).id, Role: role }),
    logs: async ({ container }) => {
      const { name } = find(container);
      const line = { kind: 'line' as const, container: name, service: '', hostName: 'h1' };
      return async function* () {
        yield { ...line, stream: 'stdout', at: '2026-01-01T00:00:00.000000000Z', text: 'hello' };
      };
    },
    mergedLogs: async ({ containers }) => {
      const names = containers.map((ref) => find(ref).name);
      const line = { kind: 'line' as const, service: '', hostName: 'h1', stream: 'stdout' as const };
      return async function* () {
        for (const container of names)
          yield { ...line, container, at: '2026-01-01T00:00:00.000000000Z', text: 'hi' };
      };
    },
    stats: async (ref) => {
      find(ref);
      const bytes = { received: 1, sent: 2, read: 3, written: 4 };
      return { at: 5, cpu: 9, memory: 6, memoryLimit: 7, processes: 8, ...bytes };
    },
    files: async (ref, path) => {
      find(ref);
      return { path, entries: [], isCut: false };
    },
    download: async (ref, path) => {
      find(ref);
      return { path, name: '名 "x".txt', isFolder: false, size: 5 };
    },
    upload: async (ref, { folder, name, replace }, sent, signal) => {
      find(ref);
      let size = 0;
      const taken = new Promise<never>((_, reject) =>
        signal.addEventListener('abort', () => reject(signal.reason), { once: true }),
      );
      const taking = (async () => {
        for await (const part of sent) size += part.length;
      })();
      await Promise.race([taking, taken]);
      if (name === 'there' && !replace)
        throw new BerthError('conflict', `"${folder}/there" is there already`);
      return { path: `${folder}/${name}`, size };
    },
    fetch: async () => ({ size: 5, body: Readable.from([Buffer.from('hello')]) }),
    terminalTarget: (ref) => find(ref).name,
    terminal: async ({ container, command }) => fakeTerminal(find(container).name, command),
    ...{ start: look, stop: look, restart: look, remove: look },
    ...{ kill: look, pause: look, unpause: look, rename: look },
  };
}

async function nothingThere(name: string): Promise<never> {
  throw new BerthError('not_found', `there is no ${name}`);
}

/** Makes any network, and knows none. */
export const fakeNetworks: NetworkHands = {
  test: async (from, to, port) => ({
    verdict: 'reached',
    from: { id: from, name: from, hostName: 'h1' },
    to: { id: to, name: to, hostName: 'h2' },
    ...(port === undefined ? {} : { port }),
    steps: [{ id: 'running', state: 'ok', text: 'both run' }],
  }),
  create: async ({ name }) => `id-of-${name}`,
  remove: nothingThere,
  connect: nothingThere,
  disconnect: nothingThere,
};

/** Pulls and prunes anything, and knows no image. */
export const fakeImages: ImageHands = {
  fills: () => ['h1'],
  pull: () =>
    async function* () {
      yield { kind: 'pulled', host: 'h1' };
    },
  remove: nothingThere,
  prune: async (all) => ({ removed: all ? 2 : 1, bytes: 10, warnings: [] }),
  usage: async () => ({ hosts: [], volumes: [], warnings: [] }),
};

async function testVaultFile(folder: string): Promise<VaultFile> {
  const file = await openVault(folder, { now: 0, make: true });
  if (file === undefined) throw new Error('no vault was made');
  return file;
}

export async function startApi({
  traffic,
  ...more
}: Partial<ApiDeps> &
  Pick<ConstructorParameters<typeof MetricBook>[0], 'traffic'> = {}): Promise<ApiFixture> {
  const folder = await mkdtemp(join(tmpdir(), 'berth-api-'));
  const clock = { time: Date.now() };
  const ca = await openCa(await createCa('test', clock.time));
  const server = await issueServerCertificate(ca, ['127.0.0.1'], clock.time);
  const store = newMemoryStore();
  const adminPassword = await beginAs(store);
  const fakeClock: Clock = { now: () => clock.time, sleep: () => Promise.resolve() };
  const deps: ApiDeps = {
    store,
    placer: twoPerHost,
    moves: fakeMoves(store),
    services: {
      scaledPlaces: (_, service, replicas) => ({
        coming: Array.from({ length: replicas }, (_, i) => ({
          name: `${service}_${i + 1}`,
          hostId: i === 0 ? 'id-1' : undefined,
        })),
        leaving: [],
        refusal: replicas > 1 ? 'no host fits' : '',
      }),
    },
    autoscaler: {
      explain: (stack, service) => {
        const record = store.view((tx) => tx.get('services', serviceKey(stack, service)));
        const scaling = record && scalingOf(record);
        if (record === undefined || scaling === undefined)
          throw new BerthError('not_found', `${stack}/${service}`);
        const current = replicasOf(record);
        return { current, scaling, wanted: current, why: 'it is a test', sentences: ['It is a test.'] };
      },
    },
    access: new AccessBook({ clock: fakeClock, routesOf: () => [], serving: () => [] }),
    metrics: new MetricBook({ store, clock: fakeClock, ...(traffic === undefined ? {} : { traffic }) }),
    marks: new Marks({ store, clock: fakeClock }),
    containers: fakeContainers(store),
    networks: fakeNetworks,
    images: fakeImages,
    createVolume: ({ name, driver }, createdBy) =>
      store.update((tx) => {
        const spec = { Name: name, ...(driver === undefined ? {} : { Driver: driver }) };
        tx.put('volumes', { kind: 'volume', name, createdAt: clock.time, createdBy, spec });
      }),
    logs: { read: fakeLogs },
    composeFiles: { read: async (sent) => readSent(sent, placementProblem) },
    removeVolume: (name) => store.update((tx) => void tx.delete('volumes', name)),
    checkLogin: async ({ password }) => {
      if (password === 'wrong') throw new BerthError('bad_request', 'the registry does not take it');
    },
    ca,
    vault: await testVaultFile(join(folder, 'pki')),
    address: '127.0.0.1',
    apiPort: 8443,
    agentPort: 8444,
    dockerPort: 2376,
    agentFile: join(folder, 'berth-agent'),
    clock: fakeClock,
    logger: silentLogger,
    version: '0.0.0-test',
    ...more,
  };
  const endpoint = await newApiEndpoint(deps);
  const tls = { host: '127.0.0.1', port: 0, key: server.key, cert: server.certificate };
  const port = await endpoint.listenTls(tls);
  const socketPath = join(folder, 'api.sock');
  await endpoint.listenUnix(socketPath);
  const url = `https://127.0.0.1:${port}`;
  const tokens = await addUsers(store);
  const clients: Client[] = [];
  const keep = (client: Client) => {
    clients.push(client);
    return client;
  };
  return {
    store,
    deps,
    endpoint,
    url,
    port,
    caPem: ca.certificate,
    socketPath,
    folder,
    adminPassword,
    clock,
    tokens,
    root: keep(newClient({ kind: 'unix', path: socketPath })),
    client: (token) => keep(newClient({ kind: 'https', url, ca: ca.certificate, token })),
    close: async () => {
      await endpoint.close();
      for (const client of clients) await client.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

type FirstRecords = Readonly<{ adminPassword: string; settings: SettingsRecord; admin: User }>;
let first: Promise<FirstRecords> | undefined;

/** What `firstRun` makes, made once per file: hashing a password is slow on purpose. */
async function beginAs(store: Store): Promise<string> {
  first ??= (async () => {
    const store = newMemoryStore();
    const { adminPassword } = await firstRun(store, Date.now());
    const settings = store.view((tx) => tx.get('settings', SETTINGS_KEY));
    const admin = store.view((tx) => tx.get('users', FIRST_USER));
    if (adminPassword === undefined || settings === undefined || admin === undefined)
      throw new Error('the first run made less than it should');
    return { adminPassword, settings, admin };
  })();
  const { adminPassword, settings, admin } = await first;
  await store.update((tx) => {
    tx.put('settings', settings);
    tx.put('users', admin);
  });
  return adminPassword;
}

/** Users `the-viewer`, `the-operator`, `the-admin`, without a password, each with a token; or makes them anew. */
export async function addUsers(store: Store): Promise<Record<Role, string>> {
  const tokens = { viewer: 'secret-viewer', operator: 'secret-operator', admin: 'secret-admin' };
  await store.update((tx) => {
    for (const role of ['viewer', 'operator', 'admin'] as const) {
      const user = `the-${role}`;
      tx.put('users', { kind: 'user', name: user, role, passwordHash: '', createdAt: 0 });
      const secretHash = hashSecret(tokens[role]);
      tx.put('apiTokens', {
        kind: 'api-token',
        id: `t-${role}`,
        user,
        role,
        name: 'test',
        secretHash,
        createdAt: 0,
      });
    }
  });
  return tokens;
}

export function hostRecord(id: string, name: string, more: Partial<Host> = {}): Host {
  return {
    kind: 'host',
    id,
    name,
    labels: {},
    cordoned: false,
    certFingerprint: '',
    machineId: id,
    joinedAt: 1,
    joinTokenId: '',
    ...more,
  };
}

export function containerRecord(id: string, name: string, hostId: string): Container {
  return {
    kind: 'container',
    id,
    name,
    createdAt: 1,
    createdBy: 'admin',
    apiVersion: '1.41',
    desired: { generation: 1, state: 'running', spec: { Image: 'busybox' }, starts: 0 },
    assigned: { hostId, at: 1 },
  };
}
