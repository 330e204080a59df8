import { mkdtemp, rm } from 'node:fs/promises';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { ActionResult } from '../../../contract/link.ts';
import { systemClock } from '../../../kit/clock.ts';
import { BerthError } from '../../../kit/errors.ts';
import { silentLogger } from '../../../kit/logger.ts';
import { newTestVault } from '../../../kit/vault.fixture.ts';
import type { EngineRequest, Engines, EngineUpgrade } from '../../../link/ports.ts';
import type { Container, ObservedContainer } from '../../../model/container.ts';
import { hostRecord, hostStatusRecord, observedContainer, RUNNING } from '../../../model/records.fixture.ts';
import { newMemoryStore, type Store, type WriteTx } from '../../../store/index.ts';
import type { Assignments } from '../../agents/assignments.ts';
import type { ClusterEvents } from '../../events/cluster-events.ts';
import type { Placer } from '../../placement/placer.ts';
import type { DockerDeps } from '../deps.ts';
import { type DockerEndpoint, newDockerEndpoint } from '../server.ts';
import { type FakeContainer, FakeEngine } from './fake-engine.ts';

type FakeHost = { id: string; name: string; engine: FakeEngine; port: number; connected: boolean };

/**
 * A cluster for tests of the Docker endpoint: a memory store, and hosts that are fake engines with an agent which does
 * at once what the records say.
 */
export class FakeCluster implements Engines, Assignments {
  readonly hosts = new Map<string, FakeHost>();
  readonly deps: DockerDeps;
  /** What the engine of any host answers to the next action on a container. */
  refuse: { status: number; message: string } | undefined;
  /** IDs of containers that their hosts have not acted on yet. */
  readonly due = new Set<string>();
  private constructor(
    readonly dir: string,
    readonly store: Store = newMemoryStore(),
    readonly endpoint: (deps: DockerDeps) => DockerEndpoint = newDockerEndpoint,
  ) {
    this.deps = {
      store: this.store,
      engines: this,
      placer: firstFit,
      assignments: this,
      drain: (hostId) => this.drain(hostId),
      events: noEvents,
      vault: newTestVault(),
      clock: systemClock,
      logger: silentLogger,
      version: '0.0.0-test',
    };
  }

  /** @param names of its hosts; `h-NAME` are their IDs, 10.0.0.1, 10.0.0.2 … their addresses */
  static start(...names: string[]): Promise<FakeCluster> {
    return FakeCluster.startOn(undefined, ...names);
  }

  /** The same over a store of the test's own. */
  static async startOn(store: Store | undefined, ...names: string[]): Promise<FakeCluster> {
    const cluster = new FakeCluster(await mkdtemp(join(tmpdir(), 'berth-docker-')), store);
    for (const [i, name] of names.entries()) await cluster.addHost(name, `10.0.0.${i + 1}`);
    return cluster;
  }

  /** As the controllers begin it: what is on the host stays. */
  private drain(hostId: string): Promise<void> {
    return this.store.update((tx) => {
      const host = tx.get('hosts', hostId);
      if (host !== undefined) tx.put('hosts', { ...host, cordoned: true, drained: true });
    });
  }

  get socket(): string {
    return join(this.dir, 'docker.sock');
  }

  host(name: string): FakeHost {
    const host = this.hosts.get(`h-${name}`);
    if (host === undefined) throw new Error(`no host ${name}`);
    return host;
  }

  async addHost(name: string, address: string): Promise<void> {
    const engine = new FakeEngine();
    const id = `h-${name}`;
    this.hosts.set(id, { id, name, engine, port: await engine.listen(), connected: true });
    engine.onChange = (container, gone) => {
      void this.store.update((tx) => {
        if (gone) tx.delete('observedContainers', `${id}/${container.id}`);
        else tx.put('observedContainers', observed(id, container));
      });
    };
    await this.store.update((tx) => {
      tx.put('hosts', hostRecord(id, { name, labels: { rack: 'r1' }, machineId: id }));
      const engine = {
        ...{ engineId: id, serverVersion: '20.10.24', apiVersion: '1.41', minApiVersion: '1.12' },
        ...{ operatingSystem: 'Debian', osType: 'linux', architecture: 'x86_64', kernelVersion: '6' },
        ...{ storageDriver: 'overlay2', cpus: 2, memory: 4_000_000_000, labels: {} },
      };
      const status = { address: `${address}:1`, dataAddress: address, engine };
      tx.put('hostStatus', hostStatusRecord(id, status));
    });
  }

  isDue({ id }: Container): boolean {
    return this.due.has(id);
  }

  /** Cuts a host off, or brings it back. */
  async setConnected(name: string, connected: boolean): Promise<void> {
    const host = this.host(name);
    host.connected = connected;
    await this.store.update((tx) => {
      const status = tx.get('hostStatus', host.id);
      if (status === undefined) return;
      const reason = connected ? '' : 'no connection: cut';
      tx.put('hostStatus', { ...status, state: connected ? 'ready' : 'down', reason });
    });
  }

  async close(): Promise<void> {
    for (const { engine } of this.hosts.values()) engine.close();
    await rm(this.dir, { recursive: true, force: true });
  }

  connected(hostId: string): boolean {
    return this.hosts.get(hostId)?.connected === true;
  }

  async request(hostId: string, asked: EngineRequest) {
    const answer = await this.send(hostId, asked, {});
    if (answer.kind === 'upgraded') throw new Error('upgraded without being asked');
    return answer;
  }

  upgrade(hostId: string, asked: EngineRequest): Promise<EngineUpgrade> {
    return this.send(hostId, asked, { connection: 'Upgrade', upgrade: asked.headers?.upgrade ?? 'tcp' });
  }

  private send(hostId: string, asked: EngineRequest, extra: Record<string, string>): Promise<EngineUpgrade> {
    const host = this.hosts.get(hostId);
    if (host === undefined) return Promise.reject(new BerthError('not_found', `no such host: ${hostId}`));
    if (!host.connected) {
      return Promise.reject(new BerthError('host_down', `host ${host.name} is not connected`));
    }
    const { method, path, headers, body, signal } = asked;
    return new Promise((resolve, reject) => {
      const req = httpRequest({
        ...{ host: '127.0.0.1', port: host.port, method, path, signal },
        headers: { ...headers, ...extra },
        agent: false,
      });
      req.on('response', (res: IncomingMessage) => {
        resolve({ kind: 'response', status: res.statusCode ?? 0, headers: res.headers, body: res });
      });
      req.on('upgrade', (res, stream, head) => {
        if (head.length > 0) stream.unshift(head);
        stream.on('error', () => undefined);
        signal?.addEventListener('abort', () => stream.destroy());
        resolve({ kind: 'upgraded', headers: res.headers, stream });
      });
      req.on('error', (error) => reject(signal?.aborted ? signal.reason : error));
      if (body instanceof Readable) body.pipe(req);
      else req.end(body);
    });
  }

  async settled(id: string, generation: number): Promise<ActionResult> {
    const record = this.store.view((tx) => tx.get('containers', id));
    if (record === undefined) throw new BerthError('not_found', `container ${id} is gone`);
    const { engine, connected, name } = this.hostOf(record);
    if (!connected) throw new BerthError('host_down', `host ${name} is not connected`);
    const { refuse } = this;
    this.refuse = undefined;
    if (refuse !== undefined) throw new BerthError('engine', refuse.message, { status: refuse.status });
    const own = [...engine.containers.values()].find((one) => clusterIdOf(one) === id);
    const { state, spec } = record.desired;
    if (state === 'removed') {
      if (own !== undefined) engine.remove(own);
      await this.store.update((tx) => tx.delete('containers', id));
    } else {
      const labels = { ...spec.Labels, 'berth.cluster.id': id };
      const container = own ?? engine.create(record.name, { ...spec, Labels: labels });
      if (state === 'running') engine.set(container, 'running');
      if (state === 'paused') engine.set(container, 'paused');
      if (state === 'stopped' && container.status !== 'exited') engine.set(container, 'exited');
      await this.reportObjects(record.assigned.hostId);
      // Engine changes are written by an update that came before this one.
      await this.store.update(() => undefined);
    }
    return { id, generation, warnings: [] };
  }

  /** The networks and volumes that an agent makes with their first container. */
  private async reportObjects(hostId: string): Promise<void> {
    await this.store.update((tx) => {
      const seen = { hostId, labels: {}, raw: {} };
      for (const { id, name } of tx.by('networks', 'host', hostId)) {
        const own = { networkId: `e-${id}`, name, driver: 'bridge', scope: 'local' };
        tx.put('observedNetworks', { kind: 'observed-network', ...seen, ...own });
      }
      for (const { name } of tx.by('volumes', 'host', hostId)) {
        tx.put('observedVolumes', { kind: 'observed-volume', ...seen, name, driver: 'local' });
      }
    });
  }

  private hostOf(record: Container): FakeHost {
    const host = this.hosts.get(record.assigned.hostId);
    if (host === undefined) throw new Error(`no host ${record.assigned.hostId}`);
    return host;
  }
}

const firstFit: Placer = {
  place(tx, { spec, anyImage }) {
    if (anyImage !== true && spec.Image.startsWith('missing'))
      throw new BerthError('not_found', `No such image: ${spec.Image}`);
    const node = spec.Env?.find((one) => one.startsWith('constraint:node=='))?.slice(
      'constraint:node=='.length,
    );
    const label = spec.Labels?.['com.docker.swarm.constraints'];
    const wanted = node ?? (label === undefined ? undefined : /node==([\w-]+)/.exec(label)?.[1]);
    const fit = [...tx.all('hostStatus')]
      .filter(({ id, state }) => state === 'ready' && (wanted === undefined || id === `h-${wanted}`))
      .sort((a, b) => load(tx as WriteTx, a.id) - load(tx as WriteTx, b.id));
    const [best] = fit;
    if (best === undefined) throw new BerthError('no_room', 'no resources available to schedule container');
    return { hostId: best.id };
  },
  explain: () => ({ chosen: undefined, refusal: undefined, hosts: [] }),
};

function load(tx: WriteTx, hostId: string): number {
  return [...tx.by('containers', 'host', hostId)].length;
}

const noEvents: ClusterEvents = { add: () => undefined, subscribe: () => () => undefined };

function clusterIdOf(container: FakeContainer): string | undefined {
  return (container.body.Labels as Record<string, string> | undefined)?.['berth.cluster.id'];
}

/** What an agent would report of the container. */
export function observed(hostId: string, c: FakeContainer): ObservedContainer {
  const { status, exitCode, startedAt, finishedAt } = c;
  return observedContainer(hostId, c.id, {
    ...{ clusterId: clusterIdOf(c), name: c.name },
    state: { ...RUNNING, status, exitCode, startedAt, finishedAt },
    created: Math.floor(c.created / 1000),
    ...{ image: String(c.body.Image), imageId: 'sha256:0123456789abcdef', command: 'sleep 1d' },
    labels: { ...(c.body.Labels as Record<string, string> | undefined) },
    ports: [
      { ip: '0.0.0.0', privatePort: 80, publicPort: 8080, type: 'tcp' },
      { ip: '::', privatePort: 80, publicPort: 8080, type: 'tcp' },
    ],
    networkSettings: { Networks: { bridge: { NetworkID: 'net1' } } },
    mounts: [{ Type: 'volume', Name: 'data', Source: '/var/lib/data', Destination: '/data' }],
  });
}
