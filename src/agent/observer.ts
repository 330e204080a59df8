import { setMaxListeners } from 'node:events';
import type { EngineEvent } from '../contract/link.ts';
import type { Engine } from '../engine/index.ts';
import { type Backoff, backoffDelay } from '../kit/backoff.ts';
import { BerthError, messageOf } from '../kit/errors.ts';
import { type LinkedSignal, linkedSignal } from '../kit/linked-signal.ts';
import type { EngineInfo } from '../model/host.ts';
import { say } from '../model/said/index.ts';
import { Catalog, type Difference } from './catalog.ts';
import { ContainerPicture, type PictureDeps } from './container-picture.ts';
import { affectedBy, type ObjectKind } from './event-effects.ts';
import { EventReader } from './event-reader.ts';
import { Listing } from './listing.ts';

type ObserverDeps = Omit<PictureDeps, 'imageLabels' | 'retryMs'> &
  Readonly<{
    engine: Engine;
    onEvents(events: readonly EngineEvent[]): void;
    onInfo(info: EngineInfo): void;
    /** Everything has been listed anew. */
    onListed(): void;
    onHealth(): void;
    /** A ping was not answered, once more. */
    onMute(reason: string): void;
    timings: ObserverTimings;
  }>;

/** How often an engine is asked whether it still answers, and tried again; milliseconds. */
export type ObserverTimings = Readonly<{
  pingEveryMs: number;
  pingTimeoutMs: number;
  /** Until a container that could not be looked at is tried again. */
  retryMs: number;
  /** How often the engine's list is compared with what its events have told. */
  compareEveryMs: number;
  /** Between attempts to reach an engine that does not answer. */
  backoff: Backoff;
}>;

export const OBSERVER_TIMINGS: ObserverTimings = {
  pingEveryMs: 2_000,
  pingTimeoutMs: 3_000,
  retryMs: 5_000,
  compareEveryMs: 15_000,
  backoff: { baseMs: 200, maxMs: 2_000 },
};

export type EngineHealth = Readonly<{ state: 'starting' | 'up' | 'down'; reason: string }>;

const OPEN_MS = 10_000;
const RELIST_MS = 60;
/** What an engine's events tell of a change comes within this. */
const EVENT_MS = 1_000;
/** A stream that lived this long was no failure: the next attempt is made at once. */
const STABLE_MS = 10_000;

/**
 * Keeps a picture of the host's engine: lists everything at the start and after each lost event stream, then looks only at
 * what events name.
 */
export class Observer {
  /** The containers; the other objects are few changes and listed whole. */
  readonly picture: ContainerPicture;
  readonly images = new Catalog('images');
  readonly networks = new Catalog('networks');
  readonly volumes = new Catalog('volumes');
  info: EngineInfo | undefined;
  /** When the engine's events broke off last; milliseconds since the epoch. */
  lostAt: number | undefined;
  health: EngineHealth = { state: 'starting', reason: 'its Docker Engine has not answered yet' };

  private readonly stopping = new AbortController();
  private readonly listing: Listing;
  private readonly events: EventReader;
  private readonly relists = new Map<ObjectKind, NodeJS.Timeout>();
  private listed = false;
  private pingTimer: NodeJS.Timeout | undefined;
  private compareTimer: NodeJS.Timeout | undefined;

  constructor(private readonly deps: ObserverDeps) {
    // One listener for each request under way.
    setMaxListeners(0, this.stopping.signal);
    this.listing = new Listing(deps.engine, this.stopping.signal);
    this.events = new EventReader(deps.engine);
    this.picture = new ContainerPicture(this.listing, {
      ...deps,
      imageLabels: (imageId) => this.images.get(imageId)?.labels,
      retryMs: deps.timings.retryMs,
    });
  }

  start(): void {
    void this.follow();
    this.pingTimer = setTimeout(() => void this.ping(), this.deps.timings.pingEveryMs);
  }

  close(): void {
    this.stopping.abort();
    clearTimeout(this.pingTimer);
    clearTimeout(this.compareTimer);
    this.picture.close();
    for (const timer of this.relists.values()) clearTimeout(timer);
  }

  /** Where the engine keeps its data, on its own machine; undefined where it has not said so. */
  get dockerRoot(): string | undefined {
    return this.listing.dockerRoot;
  }

  /** True once everything has been listed and the picture is kept up to date. */
  get ready(): boolean {
    return this.listed;
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
        this.compareLater(connection);
        await reading;
        this.lost('the event stream ended');
      } catch (thrown) {
        if (!this.listed) this.down(messageOf(thrown));
        this.lost(messageOf(thrown));
      } finally {
        clearTimeout(this.compareTimer);
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

  /** A stream can stall without ending: then its events are asked for again, over a new one. */
  private compareLater(connection: LinkedSignal): void {
    this.compareTimer = setTimeout(async () => {
      const { signal } = connection;
      const told = await this.picture
        .isTold(() => this.deps.clock.sleep(EVENT_MS, signal))
        // It does not answer, or another connection has begun: others see to that.
        .catch(() => true);
      if (signal.aborted) return;
      if (told) this.compareLater(connection);
      else connection.fire(new Error('its event stream does not tell what happens'));
    }, this.deps.timings.compareEveryMs);
  }

  private async read(stream: AsyncIterable<EngineEvent>): Promise<void> {
    for await (const event of stream) {
      this.deps.onEvents([event]);
      const { containers, lists } = affectedBy(event);
      for (const id of containers) this.picture.onEvent(id, event);
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
    await this.picture.listAll(signal);
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
    if (this.listed) this.lostAt = this.deps.clock.now();
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
      const reason = late
        ? say('hosts.state.ping', { seconds: this.deps.timings.pingTimeoutMs / 1000 })
        : messageOf(thrown);
      this.down(reason);
      if (!this.stopping.signal.aborted) this.deps.onMute(reason);
    }
    if (!this.stopping.signal.aborted)
      this.pingTimer = setTimeout(() => void this.ping(), this.deps.timings.pingEveryMs);
  }

  private warn(what: string, thrown: unknown): void {
    this.deps.logger.warn({ what, error: messageOf(thrown) }, 'could not look');
  }
}
