import { setMaxListeners } from 'node:events';
import type { EngineEvent } from '../contract/link.ts';
import type { Engine } from '../engine/index.ts';
import { type Backoff, backoffDelay } from '../kit/backoff.ts';
import type { Clock } from '../kit/clock.ts';
import { BerthError, messageOf } from '../kit/errors.ts';
import { type LinkedSignal, linkedSignal } from '../kit/linked-signal.ts';
import type { Logger } from '../kit/logger.ts';
import type { ObservedContainer } from '../model/container.ts';
import type { EngineInfo } from '../model/host.ts';
import { Catalog, type Difference } from './catalog.ts';
import { affectedBy, type ObjectKind } from './event-effects.ts';
import { EventReader } from './event-reader.ts';
import { newLimit } from './limit.ts';
import { inspectFromList, type ListEntry, Listing } from './listing.ts';
import { clusterIdIn, type Inspect, observedContainer } from './observe.ts';

/** What the agent knows of a cluster ID, for the containers that carry it. */
export type KnownContainer = Readonly<{ generation: number; engineId: string | undefined; cores: number }>;

type ObserverDeps = Readonly<{
  engine: Engine;
  clock: Clock;
  logger: Logger;
  identity(): Readonly<{ clusterId: string; hostId: string }>;
  known(clusterId: string): KnownContainer | undefined;
  onDifference(difference: Difference): void;
  /** A container with that cluster ID has changed, or is gone. */
  onContainer(clusterId: string): void;
  onEvents(events: readonly EngineEvent[]): void;
  onInfo(info: EngineInfo): void;
  /** Everything has been listed anew. */
  onListed(): void;
  onHealth(): void;
  timings: ObserverTimings;
}>;

/** How often an engine is asked whether it still answers, and tried again; milliseconds. */
export type ObserverTimings = Readonly<{
  pingEveryMs: number;
  pingTimeoutMs: number;
  /** Until a container that could not be looked at is tried again. */
  retryMs: number;
  /** Between attempts to reach an engine that does not answer. */
  backoff: Backoff;
}>;

export const OBSERVER_TIMINGS: ObserverTimings = {
  pingEveryMs: 2_000,
  pingTimeoutMs: 3_000,
  retryMs: 5_000,
  backoff: { baseMs: 200, maxMs: 2_000 },
};

export type EngineHealth = Readonly<{ state: 'starting' | 'up' | 'down'; reason: string }>;

const OPEN_MS = 10_000;
const INSPECTS_AT_ONCE = 8;
/** A burst of events is one look; a first event after silence is looked at without delay. */
const COALESCE_MS = 30;
const RELIST_MS = 60;
const TOMB_MS = 60_000;
/** A stream that lived this long was no failure: the next attempt is made at once. */
const STABLE_MS = 10_000;
/** How far the wall clock may wander against the monotonic one before its times are not compared (milliseconds). */
const CLOCK_STEP_MS = 5;

/**
 * Keeps a picture of the host's engine: lists everything at the start and after each lost event stream, then looks only at
 * what events name.
 */
export class Observer {
  readonly containers = new Catalog('containers');
  readonly images = new Catalog('images');
  readonly networks = new Catalog('networks');
  readonly volumes = new Catalog('volumes');
  info: EngineInfo | undefined;
  health: EngineHealth = { state: 'starting', reason: 'its Docker Engine has not answered yet' };

  private readonly stopping = new AbortController();
  private readonly listing: Listing;
  private readonly events: EventReader;
  private readonly limit = newLimit(INSPECTS_AT_ONCE);
  /** Number of the look that told the newest of each container; a slow, older one must not overwrite it. */
  private readonly looks = new Map<string, Readonly<{ number: number; at: number; clock: number }>>();
  private lastLook = 0;
  private readonly marked = new Set<string>();
  private markTimer: NodeJS.Timeout | undefined;
  private lastMarkAt = 0;
  private readonly relists = new Map<ObjectKind, NodeJS.Timeout>();
  private readonly imageOwners = new Map<string, string | undefined>();
  private listed = false;
  private pingTimer: NodeJS.Timeout | undefined;

  constructor(private readonly deps: ObserverDeps) {
    // One listener for each request under way.
    setMaxListeners(0, this.stopping.signal);
    this.listing = new Listing(deps.engine, this.stopping.signal);
    this.events = new EventReader(deps.engine);
  }

  start(): void {
    void this.follow();
    this.pingTimer = setTimeout(() => void this.ping(), this.deps.timings.pingEveryMs);
  }

  close(): void {
    this.stopping.abort();
    clearTimeout(this.pingTimer);
    clearTimeout(this.markTimer);
    for (const timer of this.relists.values()) clearTimeout(timer);
  }

  /** True once everything has been listed and the picture is kept up to date. */
  get ready(): boolean {
    return this.listed;
  }

  /** The container of a cluster ID: the one that the agent made, else any that carries the ID, a living one first. */
  find(clusterId: string): ObservedContainer | undefined {
    const mine = this.deps.known(clusterId)?.engineId;
    const made = mine === undefined ? undefined : this.containers.get(mine);
    if (made !== undefined) return made;
    const others = this.containers.all().filter((container) => container.clusterId === clusterId);
    return others.find(({ state }) => state.status === 'running') ?? others[0];
  }

  /**
   * Looks at one container now and tells the difference. Undefined where it is gone.
   * @throws BerthError where the engine does not answer
   */
  async refresh(engineId: string): Promise<ObservedContainer | undefined> {
    const look = { number: ++this.lastLook, at: this.deps.clock.now(), clock: this.clockOffset() };
    const inspect = await this.limit(() => this.listing.inspect(engineId));
    return this.take(engineId, inspect, look);
  }

  /** The agent has acted on a generation that changed nothing on the engine. */
  regenerate(engineId: string): void {
    const before = this.containers.get(engineId);
    if (before?.clusterId === undefined) return;
    const { generation = 0 } = this.deps.known(before.clusterId) ?? {};
    this.tell({ ...before, generation });
  }

  /** One connection after the other, as long as the agent lives. */
  private async follow(): Promise<void> {
    for (let attempt = 0; !this.stopping.signal.aborted; attempt++) {
      const began = this.deps.clock.now();
      const connection = linkedSignal([this.stopping.signal]);
      try {
        const { signal } = connection;
        const stream = await this.openInTime(connection);
        // Opened before listing, so that what happens meanwhile is looked at afterwards.
        const reading = this.read(stream);
        reading.catch(() => {});
        await Promise.race([
          this.listAll(signal),
          reading.then(() => Promise.reject(new Error('the event stream ended'))),
        ]);
        this.up();
        await reading;
        this.lost('the event stream ended');
      } catch (thrown) {
        if (!this.listed) this.down(messageOf(thrown));
        this.lost(messageOf(thrown));
      } finally {
        connection.fire(new Error('the connection is over'));
      }
      if (this.stopping.signal.aborted) return;
      if (this.deps.clock.now() - began > STABLE_MS) attempt = 0;
      await this.deps.clock
        .sleep(attempt === 0 ? 20 : backoffDelay(this.deps.timings.backoff, attempt), this.stopping.signal)
        .catch(() => {});
      await this.probe();
    }
  }

  /** After a lost stream: an engine that answers still counts as up until listing it fails. */
  private async probe(): Promise<void> {
    await this.listing.ping(this.deps.timings.pingTimeoutMs).catch((thrown) => this.down(messageOf(thrown)));
  }

  private async openInTime(connection: LinkedSignal): Promise<AsyncIterable<EngineEvent>> {
    const late = new BerthError('host_down', 'the Docker Engine opens no event stream');
    const timer = setTimeout(() => connection.fire(late), OPEN_MS);
    try {
      return await this.events.open(connection.signal);
    } finally {
      clearTimeout(timer);
    }
  }

  private async read(stream: AsyncIterable<EngineEvent>): Promise<void> {
    for await (const event of stream) {
      this.deps.onEvents([event]);
      const { containers, lists } = affectedBy(event);
      for (const id of containers) if (!this.seenAlready(id, event)) this.mark(id);
      for (const kind of lists) this.relistSoon(kind);
      if (event.Type === 'daemon') void this.readInfo().catch((thrown) => this.warn('info', thrown));
    }
  }

  private async listAll(signal: AbortSignal): Promise<void> {
    const { hostId } = this.deps.identity();
    await this.readInfo();
    for (const kind of ['images', 'networks', 'volumes'] as const) {
      const records = await this.listing.objects[kind](hostId);
      signal.throwIfAborted();
      this.replace(kind, records);
    }
    const before = ++this.lastLook;
    const entries = await this.listing.containers();
    const there = new Set(entries.map(({ Id }) => Id));
    await Promise.all(entries.map((entry) => this.lookAtListed(entry)));
    signal.throwIfAborted();
    for (const { engineId } of this.containers.all()) {
      // Made while the list was on its way: somebody has looked at it since.
      const newer = (this.looks.get(engineId)?.number ?? 0) > before;
      if (!there.has(engineId) && !newer) this.forget(engineId);
    }
  }

  private async lookAtListed(entry: ListEntry): Promise<void> {
    const look = { number: ++this.lastLook, at: this.deps.clock.now(), clock: this.clockOffset() };
    try {
      await this.take(entry.Id, await this.limit(() => this.listing.inspect(entry.Id)), look);
    } catch (thrown) {
      // One container whose inspection hangs (a stuck mount, say) must not hide the others, nor be hidden.
      this.warn(entry.Id, thrown);
      this.markLater(entry.Id);
      if (this.containers.get(entry.Id) === undefined)
        await this.take(entry.Id, inspectFromList(entry), look);
    }
  }

  private async take(
    engineId: string,
    inspect: Inspect | undefined,
    look: Readonly<{ number: number; at: number; clock: number }>,
  ): Promise<ObservedContainer | undefined> {
    const clusterId = inspect === undefined ? undefined : await this.ownerOf(inspect);
    if ((this.looks.get(engineId)?.number ?? 0) > look.number) return this.containers.get(engineId);
    this.looks.set(engineId, look);
    if (inspect === undefined) {
      this.forget(engineId);
      return undefined;
    }
    const known = clusterId === undefined ? undefined : this.deps.known(clusterId);
    const owner = {
      hostId: this.deps.identity().hostId,
      clusterId,
      generation: known?.generation ?? 0,
      cores: known?.cores ?? 0,
    };
    const observed = observedContainer(inspect, owner);
    this.tell(observed);
    return observed;
  }

  /**
   * Labels are handed down: a container made by hand from an image that was committed from one of Berth's carries Berth's
   * labels, and is not Berth's. Its image has them too.
   */
  private async ownerOf({ Id, Image, Config }: Inspect): Promise<string | undefined> {
    const clusterId = clusterIdIn(Config.Labels, this.deps.identity().clusterId);
    if (clusterId === undefined || this.deps.known(clusterId)?.engineId === Id) return clusterId;
    if (!this.imageOwners.has(Image)) {
      const labels = this.images.get(Image)?.labels ?? (await this.listing.imageLabels(Image));
      this.imageOwners.set(Image, clusterIdIn(labels, this.deps.identity().clusterId));
    }
    return this.imageOwners.get(Image) === clusterId ? undefined : clusterId;
  }

  private tell(observed: ObservedContainer): void {
    if (!this.containers.put(observed)) return;
    this.deps.onDifference({ kind: 'containers', changed: [observed], gone: [] });
    if (observed.clusterId !== undefined) this.deps.onContainer(observed.clusterId);
  }

  private forget(engineId: string): void {
    const clusterId = this.containers.get(engineId)?.clusterId;
    this.entomb(engineId);
    if (!this.containers.remove(engineId)) return;
    this.deps.onDifference({ kind: 'containers', changed: [], gone: [engineId] });
    if (clusterId !== undefined) this.deps.onContainer(clusterId);
  }

  /** A look that began before the container went must not bring it back; it ends long before this. */
  private entomb(engineId: string): void {
    const look = this.looks.get(engineId);
    if (look === undefined) return;
    setTimeout(() => {
      if (this.looks.get(engineId) === look) this.looks.delete(engineId);
    }, TOMB_MS).unref();
  }

  private mark(engineId: string): void {
    this.marked.add(engineId);
    const wait = Math.max(0, this.lastMarkAt + COALESCE_MS - performance.now());
    this.markTimer ??= setTimeout(() => this.lookAtMarked(), wait);
  }

  private markLater(engineId: string): void {
    setTimeout(() => {
      if (!this.stopping.signal.aborted) this.mark(engineId);
    }, this.deps.timings.retryMs).unref();
  }

  private lookAtMarked(): void {
    this.markTimer = undefined;
    this.lastMarkAt = performance.now();
    const ids = [...this.marked];
    this.marked.clear();
    for (const id of ids) {
      this.refresh(id).catch((thrown) => {
        if (this.stopping.signal.aborted) return;
        this.warn(id, thrown);
        this.markLater(id);
      });
    }
  }

  /**
   * True where the container was looked at after the event: most events follow from the agent's own actions, each of which
   * ends with a look. Event and look are timed by one clock; where it has been set meanwhile nothing is taken for granted.
   */
  private seenAlready(engineId: string, event: EngineEvent): boolean {
    const look = this.looks.get(engineId);
    if (look === undefined || Math.abs(this.clockOffset() - look.clock) > CLOCK_STEP_MS) return false;
    return event.timeNano / 1e6 < look.at - 1;
  }

  private clockOffset(): number {
    return this.deps.clock.now() - performance.now();
  }

  private relistSoon(kind: ObjectKind): void {
    if (this.relists.has(kind)) return;
    const timer = setTimeout(() => {
      this.relists.delete(kind);
      this.relist(kind).catch((thrown) => {
        if (this.stopping.signal.aborted) return;
        this.warn(kind, thrown);
        setTimeout(() => this.relistSoon(kind), this.deps.timings.retryMs).unref();
      });
    }, RELIST_MS);
    this.relists.set(kind, timer);
  }

  private async relist(kind: ObjectKind): Promise<void> {
    this.replace(kind, await this.listing.objects[kind](this.deps.identity().hostId));
  }

  private replace<K extends ObjectKind>(kind: K, records: Awaited<ReturnType<Listing['objects'][K]>>): void {
    const catalog = { images: this.images, networks: this.networks, volumes: this.volumes }[
      kind
    ] as unknown as Catalog<K>;
    const difference = catalog.replace(records as never);
    if (difference.changed.length + difference.gone.length > 0) {
      this.deps.onDifference({ kind, ...difference } as unknown as Difference);
    }
  }

  private async readInfo(): Promise<void> {
    this.info = await this.listing.info();
    this.deps.onInfo(this.info);
  }

  private up(): void {
    this.listed = true;
    this.setHealth({ state: 'up', reason: '' });
    this.deps.onListed();
  }

  private lost(reason: string): void {
    this.listed = false;
    if (!this.stopping.signal.aborted) this.deps.logger.warn({ reason }, 'lost the engine');
  }

  private down(reason: string): void {
    if (!this.stopping.signal.aborted) this.setHealth({ state: 'down', reason });
  }

  private setHealth(health: EngineHealth): void {
    const changed = health.state !== this.health.state;
    this.health = health;
    if (!changed) return;
    this.deps.logger.info({ ...health }, 'engine');
    this.deps.onHealth();
  }

  /** An engine can hang without closing anything: only asking tells. */
  private async ping(): Promise<void> {
    try {
      await this.listing.ping(this.deps.timings.pingTimeoutMs);
      if (this.listed && this.health.state === 'down') {
        this.setHealth({ state: 'up', reason: '' });
        this.deps.onListed();
      }
    } catch (thrown) {
      const late = thrown instanceof Error && thrown.name === 'TimeoutError';
      this.down(
        late ? `no answer to a ping within ${this.deps.timings.pingTimeoutMs / 1000} s` : messageOf(thrown),
      );
    }
    if (!this.stopping.signal.aborted)
      this.pingTimer = setTimeout(() => void this.ping(), this.deps.timings.pingEveryMs);
  }

  private warn(what: string, thrown: unknown): void {
    this.deps.logger.warn({ what, error: messageOf(thrown) }, 'could not look');
  }
}
