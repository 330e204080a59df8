import type { EngineEvent } from '../contract/link.ts';
import type { Clock } from '../kit/clock.ts';
import { messageOf } from '../kit/errors.ts';
import { offsetOf, wasSet } from '../kit/fine-time.ts';
import { newLimit } from '../kit/limit.ts';
import type { Logger } from '../kit/logger.ts';
import type { ObservedContainer } from '../model/container.ts';
import { Acting } from './acting.ts';
import { Catalog, type Difference } from './catalog.ts';
import { inspectFromList, type ListEntry, type Listing } from './listing.ts';
import { clusterIdIn, type Inspect, observedContainer } from './observe.ts';
import type { AgentsWord } from './said-of.ts';

/** What the agent knows of a cluster ID, for the containers that carry it. */
export type KnownContainer = Readonly<{
  generation: number;
  engineId: string | undefined;
  cores: number;
  /** What the agent has to say of one that looks like this. */
  said(observed: ObservedContainer): AgentsWord;
}>;

export type PictureDeps = Readonly<{
  clock: Clock;
  logger: Logger;
  identity(): Readonly<{ clusterId: string; hostId: string }>;
  known(clusterId: string): KnownContainer | undefined;
  onDifference(difference: Difference): void;
  /** A container with that cluster ID has changed, or is gone. */
  onContainer(clusterId: string): void;
  /** The labels of an image that is known already. */
  imageLabels(imageId: string): Readonly<Record<string, string>> | undefined;
  /** Until a container that could not be looked at is tried again, milliseconds. */
  retryMs: number;
}>;

/** One look at a container: its number, when it began (milliseconds since the epoch), and by which offset that was told. */
type Look = Readonly<{ number: number; at: number; offset: number }>;

const INSPECTS_AT_ONCE = 8;
/** A burst of events is one look; a first event after silence is looked at without delay. */
const COALESCE_MS = 30;
const TOMB_MS = 60_000;
/** The action of an event that tells of a health check. */
const HEALTH = /^health_status: (healthy|unhealthy)$/;

/** The containers of an engine as they were last seen, each by a look of its own. */
export class ContainerPicture {
  readonly containers = new Catalog('containers');
  private readonly limit = newLimit(INSPECTS_AT_ONCE);
  /** The look that told the newest of each container; a slow, older one must not overwrite it. */
  private readonly looks = new Map<string, Look>();
  private lastLook = 0;
  /** How many looks at each container are on their way. */
  private readonly underway = new Map<string, number>();
  private readonly marked = new Set<string>();
  private markTimer: NodeJS.Timeout | undefined;
  private lastMarkAt = 0;
  private readonly imageOwners = new Map<string, string | undefined>();
  private readonly ours = new Acting();
  private closed = false;

  constructor(
    private readonly listing: Listing,
    private readonly deps: PictureDeps,
  ) {}

  close(): void {
    this.closed = true;
    clearTimeout(this.markTimer);
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
    return this.look(engineId, this.newLook());
  }

  /** What the agent itself has to say of it is another thing now; on the engine nothing has changed. */
  regenerate(engineId: string): void {
    const before = this.containers.get(engineId);
    if (before?.clusterId !== undefined) this.retell(before);
  }

  /** Looks at every container that the engine has, and forgets those that it has no more. */
  async listAll(signal: AbortSignal): Promise<void> {
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

  /**
   * Whether events have told of everything that the engine's list shows. What differs is looked at after `wait`.
   * @throws BerthError where the engine does not answer
   */
  async isTold(wait: () => Promise<void>): Promise<boolean> {
    const entries = new Map((await this.listing.containers()).map((entry) => [entry.Id, entry.State]));
    const differs = (id: string) => this.containers.get(id)?.state.status !== entries.get(id);
    const known = this.containers.all().map(({ engineId }) => engineId);
    const ids = [...new Set([...entries.keys(), ...known])].filter(differs);
    if (ids.length === 0) return true;
    await wait();
    let told = true;
    for (const id of ids.filter(differs)) {
      const before = this.containers.get(id);
      const now = await this.refresh(id).catch(() => before);
      if (now?.state.status !== before?.state.status) told = false;
    }
    return told;
  }

  /** An event names the container: it is looked at soon, together with others, unless that has been done since. */
  onEvent(engineId: string, event: EngineEvent): void {
    if (this.seenAlready(engineId, event)) return;
    const labels = event.Type === 'container' ? (event.Actor.Attributes ?? {}) : {};
    const clusterId =
      clusterIdIn(labels, this.deps.identity().clusterId) ?? this.containers.get(engineId)?.clusterId;
    if (this.ours.defer(clusterId, engineId, this.lastLook) || this.takeHealth(engineId, event)) return;
    this.mark(engineId);
  }

  /**
   * While `task` acts on the container, events that name it wait. If `task` ends with a look at it, that was the look; else
   * there is one now.
   */
  acting<R>(clusterId: string, task: () => Promise<R>): Promise<R> {
    return this.ours.during(clusterId, task, (named) => {
      for (const [engineId, lastLook] of named)
        if ((this.looks.get(engineId)?.number ?? 0) <= lastLook) this.mark(engineId);
    });
  }

  private async lookAtListed(entry: ListEntry): Promise<void> {
    const look = this.newLook();
    try {
      await this.look(entry.Id, look);
    } catch (thrown) {
      // One container whose inspection hangs (a stuck mount, say) must not hide the others, nor be hidden.
      this.warn(entry.Id, thrown);
      this.markLater(entry.Id);
      if (this.containers.get(entry.Id) === undefined)
        await this.take(entry.Id, inspectFromList(entry), look);
    }
  }

  private async look(engineId: string, look: Look): Promise<ObservedContainer | undefined> {
    const others = () => this.underway.get(engineId) ?? 0;
    this.underway.set(engineId, others() + 1);
    try {
      return await this.take(engineId, await this.limit(() => this.listing.inspect(engineId)), look);
    } finally {
      if (others() > 1) this.underway.set(engineId, others() - 1);
      else this.underway.delete(engineId);
    }
  }

  /**
   * An engine that tells of another health has said all that is new: a busy one takes far longer to answer. False where it
   * is to be asked all the same: of an earlier run, or while a look is on its way, which may be older or newer.
   */
  private takeHealth(engineId: string, { Action, timeNano }: EngineEvent): boolean {
    const health = HEALTH.exec(Action)?.[1] as 'healthy' | 'unhealthy' | undefined;
    const seen = this.containers.get(engineId);
    if (health === undefined || seen?.state.status !== 'running') return false;
    if (timeNano / 1e6 < seen.state.startedAt) return false;
    if (this.marked.has(engineId) || this.underway.has(engineId)) return false;
    this.retell({ ...seen, state: { ...seen.state, health } });
    return true;
  }

  private retell(now: ObservedContainer): void {
    const known = now.clusterId === undefined ? undefined : this.deps.known(now.clusterId);
    const { restarts, nextStartAt, probes, ...seen } = now;
    this.tell({ ...seen, generation: known?.generation ?? 0, ...known?.said(now) });
  }

  private async take(
    engineId: string,
    inspect: Inspect | undefined,
    look: Look,
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
    const seen = observedContainer(inspect, owner);
    const observed = { ...seen, ...known?.said(seen) };
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
      const labels = this.deps.imageLabels(Image) ?? (await this.listing.imageLabels(Image));
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
      if (!this.closed) this.mark(engineId);
    }, this.deps.retryMs).unref();
  }

  private lookAtMarked(): void {
    this.markTimer = undefined;
    this.lastMarkAt = performance.now();
    const ids = [...this.marked];
    this.marked.clear();
    for (const id of ids) {
      this.refresh(id).catch((thrown) => {
        if (this.closed) return;
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
    if (look === undefined || wasSet(look.offset, offsetOf(this.deps.clock))) return false;
    return event.timeNano / 1e6 < look.at;
  }

  private newLook(): Look {
    const offset = offsetOf(this.deps.clock);
    return { number: ++this.lastLook, at: performance.now() + offset, offset };
  }

  private warn(what: string, thrown: unknown): void {
    this.deps.logger.warn({ what, error: messageOf(thrown) }, 'could not look');
  }
}
