import {
  type AgentFrame,
  HOLD_VERSION,
  type KeysChange,
  type ManagerFrame,
  type PeerKeys,
} from '../../contract/link.ts';
import type { Engine } from '../../engine/index.ts';
import type { Clock } from '../../kit/clock.ts';
import { messageOf } from '../../kit/errors.ts';
import { type KeyedQueue, newKeyedQueue } from '../../kit/keyed-queue.ts';
import type { Logger } from '../../kit/logger.ts';
import { reach } from '../../link/reach.ts';
import type { ObservedNetwork } from '../../model/objects.ts';
import type { Member } from '../../model/span.ts';
import {
  type BookedNetwork,
  DRIVERS,
  type HostNetwork,
  type MembersChange,
  type NetworkDriver,
  type PathProbe,
  type PluginServer,
  run,
  serveDriver,
  type Tunnel,
} from '../../network/index.ts';
import { type HostDns, type NameAskers, nameAskers } from '../container-dns.ts';
import type { Holding } from '../holding.ts';
import { type Answer, Asks } from './asks.ts';
import { DataPaths } from './data-paths.ts';
import { EngineComparison } from './engine-comparison.ts';
import { clusterNetworkOf, removeFromEngine } from './engine-networks.ts';
import { kernelLife } from './kernel-life.ts';
import { type DataPeer, dataPeers, elsewhere, tunnelOf } from './member-lists.ts';
import type { NamesService } from './names-service.ts';
import { type MadeNetwork, NetworkBook } from './network-book.ts';
import { NetworkFiles } from './network-files.ts';
import { wireMtuAt } from './wire-mtu.ts';

export type NetworkOptions = Readonly<{
  /** For what is to be known of networks after a restart; made where missing. */
  dir: string;
  /** Where the engine looks for plugins: `/run/docker/plugins`. */
  pluginFolder: string;
  vlanUplink?: string;
  drivers?: readonly NetworkDriver[];
  names?(asker: NameAskers): NamesService;
  /** Looks at data paths through VXLAN; without it they are looked at by TCP. */
  probe?(dataAddress: string): PathProbe;
  /** Name servers of the host, addresses. */
  hostServers?(): readonly string[];
  /** Instead of `IDLE_MS`. */
  idleMs?: number;
  /** Instead of `RETRY_MS`. */
  retryMs?: number;
  /** Between two looks at the engine. */
  lookMs?: number;
  /** Instead of `RENEW_MS`. */
  renewMs?: number;
}>;

type HostNetworksOptions = NetworkOptions &
  Readonly<{
    identity: Readonly<{ clusterId: string; hostId: string }>;
    dataAddress: string;
    logger: Logger;
    clock: Clock;
    holdings(): Iterable<Holding>;
    engine: Engine;
    /** By `network <name>`, with whoever makes engine-side networks. */
    exclusive: KeyedQueue;
  }>;

type Hello = NonNullable<(AgentFrame & { t: 'hello' })['network']>;

/** Until what no container needs any more is taken away: a container that moves on or is made again may be back at once. */
const IDLE_MS = 10_000;
const RETRY_MS = 5_000;
/** At a million packets a second a key is good for half an hour until the next one is used, and for as long again. */
const RENEW_MS = 60_000;
/** Until a manager that could not write what is held here is told again. */
const HOLD_AGAIN_MS = 30_000;
/** Changes that come within are one to the probe device. */
const PROBE_MS = 200;
/** A container's start waits for so long at most until names are answered on its network. */
const NAMES_MS = 5_000;
const NONE: ReadonlyMap<string, Member> = new Map();

/**
 * The host's part in networks that span hosts: serves their drivers to the engine, tells them who is where, and takes away
 * what nobody needs. With or without a manager: all of it is on the disk.
 */
export class HostNetworks {
  readonly book: NetworkBook;
  private readonly asks: Asks;
  private readonly drivers: readonly NetworkDriver[];
  private readonly driverNames: ReadonlySet<string>;
  private readonly names: NamesService | undefined;
  private servers: PluginServer[] = [];
  /** Why a driver cannot be served, by its name. */
  private readonly unserved = new Map<string, string>();
  /** Since when nobody needs it, by the engine's ID; milliseconds since the epoch. */
  private readonly idleSince = new Map<string, number>();
  private engineNetworks: readonly ObservedNetwork[] = [];
  private readonly timers = new Map<string, NodeJS.Timeout>();
  /** Networks in which no names can be answered. */
  private readonly mute = new Set<string>();
  /** By the other host's ID. In memory: the kernel has them, and the manager tells them again. */
  private readonly keys = new Map<string, PeerKeys>();
  private readonly paths: DataPaths;
  /** By the engine's network ID: all that changes what this host has of it. */
  private readonly inTurn = newKeyedQueue();
  private readonly comparison: EngineComparison;
  /** Of a connection to a manager that takes it, until it has been told. */
  private holdTo: ((frame: AgentFrame) => void) | undefined;
  private session: ((frame: AgentFrame) => void) | undefined;
  private readonly probe: PathProbe | undefined;
  private readonly idleMs: number;
  private readonly retryMs: number;
  private closed = false;

  private constructor(
    private readonly options: HostNetworksOptions,
    private readonly files: NetworkFiles,
  ) {
    const { logger, dataAddress, holdings, vlanUplink } = options;
    this.idleMs = options.idleMs ?? IDLE_MS;
    this.retryMs = options.retryMs ?? RETRY_MS;
    this.asks = new Asks(logger);
    this.names = options.names?.(nameAskers(holdings));
    this.drivers = (
      options.drivers ?? DRIVERS.map((make) => make({ run, logger, dataAddress, vlanUplink }))
    ).map((driver) => this.informed(driver));
    const probe = options.probe?.(dataAddress);
    this.probe = probe;
    this.paths = new DataPaths({
      reach,
      peers: () => this.peers(this.book.bound()),
      ...(probe === undefined
        ? {}
        : {
            probe: { look: (...args) => probe.look(...args), hold: () => probe.hold(this.tunnels()) },
          }),
    });
    this.driverNames = new Set(this.drivers.map(({ name }) => name));
    this.book = new NetworkBook({
      files,
      asks: this.asks,
      holdings,
      logger,
    });
    this.comparison = new EngineComparison({
      ...{ book: this.book, engine: options.engine, logger, inTurn: this.inTurn },
      clusterId: options.identity.clusterId,
      driverOf: (network) => this.driverOf(network),
      clusterIdOf: (network) => this.clusterIdOf(network),
      adopt: (id, engineId) => this.adopt(id, engineId),
      onCompared: () => this.tellHeld(),
      ...(options.lookMs === undefined ? {} : { lookMs: options.lookMs }),
    });
  }

  /** Puts the networks of an earlier life into place, then serves the engine. */
  static async open(options: HostNetworksOptions): Promise<HostNetworks> {
    const files = await NetworkFiles.open(options.dir, options.identity, options.logger);
    const networks = new HostNetworks(options, files);
    for (const id of files.withMembers()) {
      const { name = '', internal = false, members = NONE } = files.members(id) ?? {};
      networks.names?.members({ id, name, internal }, { whole: true, put: [...members.values()], drop: [] });
    }
    await networks.restore(networks.book.bound());
    for (const driver of networks.drivers) await networks.serve(driver);
    networks.prepareProbe();
    networks.renewKeys();
    return networks;
  }

  /** What this host tells a manager of its drivers. */
  async hello(): Promise<Hello> {
    const states = this.drivers.map(async (driver) => {
      const unserved = this.unserved.get(driver.name);
      const state =
        unserved === undefined
          ? await driver.preflight().catch((thrown) => ({ usable: false, reason: messageOf(thrown) }))
          : { usable: false, reason: unserved };
      return [driver.name, state] as const;
    });
    const drivers = Object.fromEntries(await Promise.all(states));
    const life = await kernelLife();
    return {
      drivers,
      wireMtu: await wireMtuAt(this.options.dataAddress),
      ...this.paths.hello(),
      ...(life === undefined ? {} : { kernelLife: life }),
    };
  }

  /** A manager has let this host in. */
  attach(send: (frame: AgentFrame) => void, version: number): void {
    this.asks.attach(send);
    this.paths.attach(send);
    this.book.tellDue();
    // An older manager ends a connection on which something comes that it does not know.
    this.session = version >= HOLD_VERSION ? send : undefined;
    this.holdTo = this.session;
    this.tellHeld();
  }

  detach(): void {
    this.asks.detach();
    this.paths.detach();
    this.session = undefined;
    this.holdTo = undefined;
  }

  /** What another has is left as it is: containers run with it. */
  onHeld({ refused, again }: ManagerFrame & { t: 'held' }): void {
    for (const { network, ip, reason } of refused)
      this.options.logger.warn({ network, ip, reason }, 'held by plain docker here, and by another');
    if (again !== true) return;
    this.later('hold', HOLD_AGAIN_MS, async () => {
      this.holdTo = this.session;
      this.tellHeld();
    });
  }

  /** Behind all that was asked before, so that what is asked later is not in it, and not missed. */
  private tellHeld(): void {
    const send = this.holdTo;
    if (send === undefined || !this.comparison.done) return;
    this.holdTo = undefined;
    try {
      send({ t: 'hold', ...this.book.plainHeld() });
    } catch (thrown) {
      this.options.logger.warn({ error: messageOf(thrown) }, 'not told what is held');
    }
  }

  onAnswer(answer: Answer): void {
    this.asks.onAnswer(answer);
  }

  onMembers({ networks, gone, all, keys }: ManagerFrame & { t: 'members' }): void {
    // First: what comes next may go to a host that there is no key for yet.
    if (keys !== undefined) this.onKeys(keys);
    const told = new Set(networks.map(({ id }) => id));
    const others = all === true ? [...this.files.withMembers()].filter((id) => !told.has(id)) : gone;
    for (const id of others) {
      this.spread(id, { whole: true, put: [], drop: [] });
      this.names?.forget(id);
      this.files.forgetMembers(id);
    }
    for (const { id, name, span, whole, put, drop } of networks) {
      const change = { whole, put, drop };
      const { internal } = span;
      this.files.changeMembers({ id, name, internal }, change);
      this.names?.members({ id, name, internal }, change);
      this.spread(id, change);
    }
    this.prepareProbe();
  }

  /** The engine's networks, listed whole: after each connection to it, and whenever one changed. */
  onListed(networks: readonly ObservedNetwork[]): void {
    this.engineNetworks = networks;
    this.comparison.listed(networks);
    this.assigned();
  }

  /** Assignments have changed: what nobody needs any more goes after a while. */
  assigned(): void {
    this.later('tidy', 0, () => this.tidy());
    this.prepareProbe();
  }

  /** Names and IDs of the engine-side networks that are the cluster's: containers are held to what is said of these. */
  engineNames(): ReadonlySet<string> {
    const own = this.engineNetworks.filter((network) => this.clusterIdOf(network) !== undefined);
    return new Set(own.flatMap(({ name, networkId }) => [name, networkId]));
  }

  /** What containers are told of name servers; undefined where this host answers no names. */
  dns(): HostDns | undefined {
    const { hostServers } = this.options;
    if (this.names === undefined || hostServers === undefined) return undefined;
    const answers = (id: string) => this.book.network(id)?.span.driver !== undefined && !this.mute.has(id);
    return { upstream: hostServers(), answersIn: answers };
  }

  /** The engine has this network already: made in an earlier life of which nothing else is left. */
  async adopt(id: string, engineId: string): Promise<void> {
    await this.inTurn(engineId, async () => {
      if (this.book.networkOfEngine(engineId) === undefined) await this.book.bind(id, engineId);
    });
    await this.restore(this.book.bound().filter((network) => network.id === id));
  }

  /** What is left of networks that the engine has let go; returns their IDs. */
  async removeAll(): Promise<string[]> {
    const left = this.book.bound();
    for (const network of left)
      await this.inTurn(network.engineId, async () => {
        await this.driverOf(network)?.remove(network);
        await this.book.unbind(network.engineId);
      });
    for (const { id } of this.book.unmade()) this.book.drop(id);
    for (const driver of this.drivers) await driver.keys?.([]);
    await this.probe?.remove();
    return left.map(({ id }) => id);
  }

  /** Containers talk on, and the kernel keeps what they need. */
  async close(): Promise<void> {
    this.closed = true;
    for (const timer of this.timers.values()) clearTimeout(timer);
    this.comparison.close();
    this.book.close();
    this.asks.close();
    this.paths.close();
    await this.probe?.close();
    await Promise.all(this.servers.map((server) => server.close()));
    await this.names?.close();
    await this.files.close();
  }

  private async serve(driver: NetworkDriver): Promise<void> {
    const { pluginFolder: folder, logger } = this.options;
    try {
      this.servers.push(await serveDriver({ driver, book: this.book, folder, logger, inTurn: this.inTurn }));
    } catch (thrown) {
      this.unserved.set(driver.name, messageOf(thrown));
      logger.error({ driver: driver.name, error: messageOf(thrown) }, 'driver not served');
    }
  }

  private async restore(networks: readonly MadeNetwork[]): Promise<void> {
    for (const network of networks) {
      const { engineId } = network;
      const driver = this.driverOf(network);
      const isBound = () => this.book.networkOfEngine(engineId) !== undefined;
      try {
        await this.inTurn(engineId, async () => (isBound() ? driver?.ensure(network) : undefined));
      } catch (thrown) {
        this.options.logger.error(
          { network: network.id, error: messageOf(thrown) },
          'network not put into place',
        );
        const still = () => this.book.bound().filter((one) => one.engineId === engineId);
        this.later(`restore ${network.id}`, this.retryMs, () => this.restore(still()));
      }
    }
  }

  /** The driver, telling what it has made of a network to whom it concerns. */
  private informed(driver: NetworkDriver): NetworkDriver {
    const { names } = this;
    return {
      name: driver.name,
      preflight: () => driver.preflight(),
      join: async (network, endpoint) => {
        const joined = await driver.join(network, endpoint);
        // The first container of a network on this host would ask before anybody answers, and hear that there is no such name.
        await names?.untilServing(network.id, NAMES_MS);
        return joined;
      },
      leave: (network, endpointId) => driver.leave(network, endpointId),
      sweep: (network, keep) => driver.sweep(network, keep),
      namesNamespace: (network) => driver.namesNamespace(network),
      members: (network, change) => driver.members(network, change),
      ...(driver.keys === undefined ? {} : { keys: (peers) => driver.keys?.(peers) ?? Promise.resolve() }),
      ...(driver.renewKeys === undefined
        ? {}
        : { renewKeys: () => driver.renewKeys?.() ?? Promise.resolve() }),
      ensure: async (network) => {
        try {
          await driver.ensure(network);
          await driver.members(network, this.remote(network.id));
        } catch (thrown) {
          // Containers that run there run on, and ask for names.
          await this.answerNames(driver, network).catch(() => {});
          throw thrown;
        }
        await this.answerNames(driver, network);
      },
      remove: async (network) => {
        await names?.unserve(network.id);
        await driver.remove(network);
      },
    };
  }

  private async answerNames(driver: NetworkDriver, network: HostNetwork): Promise<void> {
    const path = await driver.namesNamespace(network);
    if (path === undefined) {
      this.mute.add(network.id);
      return;
    }
    this.mute.delete(network.id);
    this.names?.serve(network.id, path);
  }

  /** The hosts with which containers of this one can speak by VXLAN, on these networks. */
  private peers(networks: Iterable<BookedNetwork>): ReadonlyMap<string, DataPeer> {
    const membersOf = (id: string) => (this.files.members(id)?.members ?? NONE).values();
    return dataPeers(networks, membersOf, this.options.identity.hostId);
  }

  /**
   * The tunnels in which this host is to be found, and data addresses of those who may look at it there: also of networks that
   * are still being made here, as others know of it already.
   */
  private tunnels(): ReadonlyMap<Tunnel, ReadonlySet<string>> {
    const needed = [...this.book.needed()].flatMap((id) => this.book.network(id) ?? []);
    const networks = [...new Map([...this.book.bound(), ...needed].map((one) => [one.id, one])).values()];
    const tunnels = new Map<Tunnel, Set<string>>();
    for (const { span } of networks) {
      const tunnel = tunnelOf(span);
      if (tunnel !== undefined) tunnels.set(tunnel, new Set());
    }
    for (const { address, probed, tunnels: common } of this.peers(networks).values())
      if (probed) for (const tunnel of common.keys()) tunnels.get(tunnel)?.add(address);
    return tunnels;
  }

  private prepareProbe(): void {
    if (this.probe !== undefined && !this.timers.has('probe'))
      this.later('probe', PROBE_MS, () => this.paths.prepare());
  }

  private onKeys({ whole, put, drop }: KeysChange): void {
    if (whole) this.keys.clear();
    for (const hostId of drop) this.keys.delete(hostId);
    for (const keys of put) this.keys.set(keys.hostId, keys);
    void this.tellKeys();
  }

  private async tellKeys(): Promise<void> {
    for (const driver of this.drivers) {
      try {
        await driver.keys?.([...this.keys.values()]);
      } catch (thrown) {
        if (this.closed) return;
        this.options.logger.error({ error: messageOf(thrown) }, 'keys not told to the kernel');
        this.later('keys', this.retryMs, () => this.tellKeys());
      }
    }
  }

  /** Again and again: how many packets a key has been used for, only the kernel knows. */
  private renewKeys(): void {
    this.later('renew', this.options.renewMs ?? RENEW_MS, async () => {
      for (const driver of this.drivers)
        await driver.renewKeys?.().catch((thrown) => {
          if (this.closed) return;
          this.options.logger.error({ error: messageOf(thrown) }, 'keys not renewed');
        });
      this.renewKeys();
    });
  }

  private remote(id: string): MembersChange {
    const put = [...(this.files.members(id)?.members ?? NONE).values()];
    return elsewhere({ whole: true, put, drop: [] }, this.options.identity.hostId);
  }

  private spread(id: string, change: MembersChange): void {
    const network = this.book.bound().find((one) => one.id === id);
    if (network === undefined) return;
    const { hostId } = this.options.identity;
    void this.tell(network, elsewhere(change, hostId));
  }

  private async tell(network: HostNetwork, change: MembersChange): Promise<void> {
    try {
      await this.driverOf(network)?.members(network, change);
    } catch (thrown) {
      if (this.closed) return;
      this.options.logger.warn(
        { network: network.id, error: messageOf(thrown) },
        'members not told to the kernel',
      );
      this.later(`members ${network.id}`, this.retryMs, () => this.tell(network, this.remote(network.id)));
    }
  }

  private driverOf({ span }: BookedNetwork): NetworkDriver | undefined {
    return this.drivers.find(({ name }) => name === span.driver);
  }

  private clusterIdOf(network: ObservedNetwork): string | undefined {
    return clusterNetworkOf(network, this.options.identity.clusterId, this.driverNames);
  }

  private async tidy(): Promise<void> {
    const needed = this.book.needed();
    const now = this.options.clock.now();
    for (const network of this.engineNetworks) {
      const { networkId, name } = network;
      const id = this.clusterIdOf(network);
      if (id === undefined) continue;
      if (needed.has(id)) {
        this.idleSince.delete(networkId);
        continue;
      }
      const since = this.idleSince.get(networkId) ?? now;
      this.idleSince.set(networkId, since);
      if (now - since >= this.idleMs && (await this.removed(id, networkId, name)))
        this.idleSince.delete(networkId);
    }
    for (const networkId of [...this.idleSince.keys()])
      if (!this.engineNetworks.some((network) => network.networkId === networkId))
        this.idleSince.delete(networkId);
    if (this.idleSince.size > 0) this.later('tidy', this.idleMs, () => this.tidy());
  }

  /** True where there is nothing more to do about it. */
  private async removed(id: string, engineId: string, name: string): Promise<boolean> {
    const { engine, exclusive, logger } = this.options;
    try {
      return await exclusive(`network ${name}`, async () => {
        if (this.book.needed().has(id)) return true;
        if (!(await removeFromEngine(engine, engineId))) return false;
        logger.info({ network: id, name }, 'no container of this host needs it any more: removed');
        this.engineNetworks = this.engineNetworks.filter(({ networkId }) => networkId !== engineId);
        return true;
      });
    } catch (thrown) {
      logger.warn({ network: name, error: messageOf(thrown) }, 'network not removed yet');
      return false;
    }
  }

  private later(key: string, ms: number, task: () => Promise<void>): void {
    if (this.closed) return;
    clearTimeout(this.timers.get(key));
    this.timers.set(
      key,
      setTimeout(() => {
        this.timers.delete(key);
        void task();
      }, ms),
    );
  }
}
