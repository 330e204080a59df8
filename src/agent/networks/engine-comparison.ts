import type { Engine } from '../../engine/index.ts';
import { messageOf } from '../../kit/errors.ts';
import type { KeyedQueue } from '../../kit/keyed-queue.ts';
import type { Logger } from '../../kit/logger.ts';
import type { ObservedNetwork } from '../../model/objects.ts';
import type { NetworkDriver } from '../../network/index.ts';
import { type EngineEndpoint, endpointsOn, engineHas, isClusters } from './engine-networks.ts';
import type { MadeNetwork, NetworkBook } from './network-book.ts';

type ComparisonDeps = Readonly<{
  book: NetworkBook;
  engine: Engine;
  logger: Logger;
  clusterId: string;
  /** By the engine's network ID, with whoever else changes what the host has of a network. */
  inTurn: KeyedQueue;
  driverOf(network: MadeNetwork): NetworkDriver | undefined;
  /** The cluster's ID of a network that was made for it. */
  clusterIdOf(network: ObservedNetwork): string | undefined;
  /** Takes in an engine-side network of an earlier life. */
  adopt(id: string, engineId: string): Promise<void>;
  /** What the engine has is known, and stands in the book. */
  onCompared(): void;
  /** Instead of `LOOK_MS`. */
  lookMs?: number;
}>;

/**
 * Between two looks that must both miss something before it is gone. An engine that repeats a request to a plugin which did
 * not answer does so within 30 s (moby: pkg/plugins).
 */
const LOOK_MS = 35_000;

/**
 * Brings what the book says and what the engine has to one, where one of them was lost, or nobody was there to be told: after
 * each connection to the engine, and every 35 s as long as there is something of which the engine may not tell.
 */
export class EngineComparison {
  private networks: readonly ObservedNetwork[] = [];
  /** Looks since the engine's objects were listed last. */
  private looks = 0;
  /** What was not on the engine, and since which look: monotonic milliseconds. */
  private readonly missing = new Map<string, number>();
  private running: Promise<void> | undefined;
  private again = false;
  private timer: NodeJS.Timeout | undefined;
  private closed = false;
  private compared = false;

  constructor(private readonly deps: ComparisonDeps) {}

  /** What the engine has was compared with the book, in this life of the agent. */
  get done(): boolean {
    return this.compared;
  }

  /** All networks of the engine. */
  listed(networks: readonly ObservedNetwork[]): void {
    this.networks = networks;
    this.looks = 0;
    this.start();
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
  }

  private start(): void {
    clearTimeout(this.timer);
    if (this.closed) return;
    if (this.running !== undefined) {
      this.again = true;
      return;
    }
    this.running = this.compare().finally(() => {
      this.running = undefined;
      if (this.again) {
        this.again = false;
        this.start();
      } else this.later();
    });
  }

  private later(): void {
    if (this.closed || (this.looks > 1 && this.missing.size === 0 && !this.deps.book.isUnsure)) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.start(), this.deps.lookMs ?? LOOK_MS);
  }

  private async compare(): Promise<void> {
    const { logger, onCompared } = this.deps;
    try {
      await this.compareNetworks();
      for (const network of this.deps.book.bound()) await this.look(network);
      this.looks++;
      if (this.looks > 1) this.deps.book.dropPools();
      if (this.compared) return;
      this.compared = true;
      onCompared();
    } catch (thrown) {
      // What was missing before an engine was away may be back with it.
      this.missing.clear();
      if (!this.closed) logger.warn({ error: messageOf(thrown) }, 'networks not compared with the engine');
    }
  }

  private async compareNetworks(): Promise<void> {
    const { book, engine, clusterIdOf, adopt } = this.deps;
    for (const { id } of book.unmade()) book.drop(id);
    for (const network of this.networks) {
      const id = clusterIdOf(network);
      const bound = id === undefined || book.bound().some((one) => one.id === id);
      if (!bound && book.network(id) !== undefined) await adopt(id, network.networkId);
    }
    for (const network of book.bound()) {
      const isListed = this.networks.some(({ networkId }) => networkId === network.engineId);
      if (book.isNew(network.id) || isListed) continue;
      // Made since the list was.
      if (await engineHas(engine, network.engineId)) continue;
      await this.takeAway(network);
    }
  }

  private takeAway({ engineId }: MadeNetwork): Promise<void> {
    const { book, inTurn, driverOf, logger } = this.deps;
    return inTurn(engineId, async () => {
      const network = book.bound().find((one) => one.engineId === engineId);
      if (network === undefined) return;
      logger.info({ network: network.id }, 'gone from the engine: taking its devices away');
      await driverOf(network)?.remove(network);
      await book.unbind(engineId);
    });
  }

  /** What containers have on one network. Without leases there the engine tells of all that goes, but for its own end. */
  private async look(network: MadeNetwork): Promise<void> {
    const { book, engine, logger } = this.deps;
    const { id, engineId } = network;
    if (this.looks > 1 && this.missing.size === 0 && book.leasesOf(id).length === 0) return;
    const began = performance.now();
    const endpoints = await endpointsOn(engine, engineId);
    // It went meanwhile: the engine says so.
    if (endpoints === undefined) return;
    const ips = new Set(endpoints.flatMap((one) => one.ips));
    const ids = new Set(endpoints.map(({ endpointId }) => endpointId));
    const gone: string[] = [];
    for (const lease of book.leasesOf(id)) {
      if (!this.isGone(`${id}/${lease.ip}`, ips.has(lease.ip), began)) continue;
      book.giveBack(lease);
      gone.push(lease.ip);
    }
    for (const endpointId of book.endpointsOf(engineId)) {
      if (!this.isGone(endpointId, ids.has(endpointId), began)) continue;
      book.setEndpoint(endpointId, undefined);
      gone.push(endpointId.slice(0, 12));
    }
    if (gone.length > 0) logger.info({ network: id, gone }, 'gone from the engine: given back');
    if (gone.length > 0 || this.looks === 1)
      await this.sweep(network, () => new Set([...ids, ...book.endpointsOf(engineId)]));
    await this.takeIn(network, endpoints);
  }

  /** Missed by two looks, and not asked for by the engine lately: it asks for an address long before its container shows. */
  private isGone(key: string, seen: boolean, now: number): boolean {
    if (seen || this.deps.book.isInUse(key)) {
      this.missing.delete(key);
      return false;
    }
    const since = this.missing.get(key);
    if (since === undefined) this.missing.set(key, now);
    // A timer may fire a little early.
    if (since === undefined || now - since < (this.deps.lookMs ?? LOOK_MS) - 100) return false;
    this.missing.delete(key);
    return true;
  }

  private async sweep(network: MadeNetwork, keep: () => ReadonlySet<string>): Promise<void> {
    const { inTurn, driverOf, logger } = this.deps;
    try {
      await inTurn(network.engineId, async () => driverOf(network)?.sweep(network, keep));
    } catch (thrown) {
      logger.warn({ network: network.id, error: messageOf(thrown) }, 'links of containers not swept');
    }
  }

  /** Addresses of containers of plain docker of which the book was lost: the manager hears of them as this host's. */
  private async takeIn(network: MadeNetwork, endpoints: readonly EngineEndpoint[]): Promise<void> {
    const { book, engine, clusterId } = this.deps;
    for (const { containerId, endpointId, ips, mac } of endpoints) {
      const unknown = ips.filter((ip) => book.isUnknown(network, ip));
      if (unknown.length === 0 || containerId === undefined) continue;
      if (await isClusters(engine, containerId, clusterId)) continue;
      for (const ip of unknown)
        if (book.isUnknown(network, ip))
          await book.takeIn({ network: network.id, ip, mac, holder: endpointId });
    }
  }
}
