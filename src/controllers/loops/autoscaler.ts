import { BerthError, messageOf } from '../../kit/errors.ts';
import type { Logger } from '../../kit/logger.ts';
import type { Container } from '../../model/container.ts';
import { releaseKey, type ServiceRecord, serviceKey } from '../../model/deployment.ts';
import { say } from '../../model/said/index.ts';
import { type ContainerMetric, type Scaling, timesOf } from '../../model/scaling.ts';
import { routedPorts } from '../../model/service-parts.ts';
import { replicasOf, scalingOf } from '../../model/service-scale.ts';
import type { AccessFigures } from '../../model/traffic.ts';
import { splitOf } from '../../store/releases.ts';
import { setScale } from '../../store/scaling.ts';
import { seenOf } from '../../store/seen.ts';
import type { ReadTx, Store, WriteTx } from '../../store/store.ts';
import { FigureWindows } from '../plan/autoscale/figure-windows.ts';
import type { RouterReading, ScaledMember, ScaledVersion } from '../plan/autoscale/opinion.ts';
import {
  planScale,
  type ScaleMemory,
  type ScalePlan,
  type ScaleState,
} from '../plan/autoscale/plan-scale.ts';
import { conditionOf, readyWithin } from '../plan/services/member.ts';

/** What a host says that its containers used since it said so last. */
export type Loads = Readonly<{
  loads: readonly Readonly<{ id: string } & Partial<Record<ContainerMetric, number>>>[];
  /** Of which it can read nothing, and why. */
  unread: readonly Readonly<{ id: string; reason: string }>[];
}>;

export type AutoScalerDeps = Readonly<{
  store: Store;
  logger: Logger;
  access: AccessFigures;
  /** Milliseconds since the epoch. */
  wall(): number;
  /** Milliseconds by a clock that is never set. */
  now(): number;
  connected(hostId: string): boolean;
  /** False where its agent is of a version that does not say what containers use. */
  measures(hostId: string): boolean;
  /** Notes in the audit log what it has done, in the transaction that does it. */
  audit(tx: WriteTx, at: number, target: string): void;
  /** Hears with each look what a service's rules see, and its number then. */
  looked?(stack: string, service: string, look: ScaleLook): void;
}>;

/** What was to be seen of a service when its number was thought about. */
export type ScaleLook = Readonly<{ count: number }> & Pick<ScalePlan, 'seen'>;

export type ScaleExplanation = Readonly<{ current: number; scaling: Scaling }> &
  Pick<ScalePlan, 'wanted' | 'why' | 'sentences'>;

export const AUTOSCALER = 'autoscaler';

const TICK_MS = 1_000;
/** A service is looked at so often in the time over which its figures are averages. */
const LOOKS_A_PERIOD = 6;
const MOST_LOOK_MS = 5_000;
/** States of a release in which nothing is on its way. */
const ENDED: ReadonlySet<string> = new Set(['done', 'paused', 'failed', 'superseded', 'rolled-back']);

type Scaled = { memory: ScaleMemory | undefined; lookAt: number; writing: boolean };
type Noted = Readonly<{ state: ScaledMember['state']; running: boolean; since: number }>;

/**
 * Sets the numbers of containers of services that scale by themselves. What it remembers is in memory alone: a manager that
 * starts looks for as long as any other before it changes a number.
 */
export class AutoScaler {
  private readonly windows = new FigureWindows();
  private readonly services = new Map<string, Scaled>();
  /** Containers of these services: in which state each is, with or without its process, and since when. */
  private readonly noted = new Map<string, Noted>();
  private readonly told = new Map<string, number>();
  private readonly unread = new Map<string, string>();
  private readonly unwatch: () => void;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly deps: AutoScalerDeps) {
    const { store } = deps;
    store.view((tx) => {
      for (const record of tx.all('services')) this.follow(record);
    });
    this.unwatch = store.watch(({ changes }) => {
      for (const change of changes) {
        if (change.table === 'services' && change.after === undefined) this.services.delete(change.key);
        else if (change.table === 'services' && change.after !== undefined) this.follow(change.after);
        else if (change.table === 'containers' && change.after === undefined) this.forget(change.key);
      }
      this.schedule();
    });
    this.schedule();
  }

  close(): void {
    this.unwatch();
    clearInterval(this.timer);
  }

  /** Takes in what a host says; of containers that are not on it its word does not count. */
  onLoads(hostId: string, { loads, unread }: Loads): void {
    if (this.services.size === 0) return;
    const at = this.deps.now();
    this.deps.store.view((tx) => {
      const isThere = (id: string) => tx.get('containers', id)?.assigned.hostId === hostId;
      for (const { id, ...load } of loads) {
        if (!isThere(id)) continue;
        this.unread.delete(id);
        const before = this.told.get(id);
        this.told.set(id, at);
        // Of the first one it is not known from when on it is.
        const ms = before === undefined ? MOST_LOOK_MS : Math.min(at - before, 3 * MOST_LOOK_MS);
        this.windows.add(id, { at, ms, ...load }, this.keptFor(tx, id));
      }
      for (const { id, reason } of unread) if (isThere(id)) this.unread.set(id, reason);
    });
  }

  /**
   * What is thought of a service's number now, and why.
   * @throws BerthError `not_found` where it does not scale by itself
   */
  explain(stack: string, service: string): ScaleExplanation {
    const state = this.deps.store.view((tx) => {
      const record = tx.get('services', serviceKey(stack, service));
      return record && this.stateOf(tx, record);
    });
    if (state === undefined)
      throw new BerthError('not_found', `service ${stack}/${service} does not scale by itself`, {
        hint: `"berth autoscale set ${stack}/${service}" makes it`,
      });
    const { wanted, why, sentences } = planScale(state);
    return { current: state.current, scaling: state.scaling, wanted, why, sentences };
  }

  /** Looks at all services that are due; resolves once what came of it is written. */
  async look(): Promise<void> {
    const now = this.deps.now();
    const due = [...this.services].filter(([, { lookAt, writing }]) => lookAt <= now && !writing);
    await Promise.all(due.map(([key, scaled]) => this.lookAt(key, scaled, now)));
  }

  private follow(record: ServiceRecord): void {
    const key = serviceKey(record.stack, record.name);
    if (scalingOf(record) === undefined) this.services.delete(key);
    else if (!this.services.has(key))
      this.services.set(key, { memory: undefined, lookAt: 0, writing: false });
  }

  private schedule(): void {
    if (this.services.size === 0) {
      clearInterval(this.timer);
      this.timer = undefined;
    } else this.timer ??= setInterval(() => void this.look(), TICK_MS).unref();
  }

  private forget(id: string): void {
    this.windows.forget(id);
    for (const known of [this.noted, this.told, this.unread]) known.delete(id);
  }

  private keptFor(tx: ReadTx, id: string): number {
    const service = tx.get('containers', id)?.service;
    const record = service && tx.get('services', serviceKey(service.stack, service.name));
    const scaling = record && scalingOf(record);
    return scaling === undefined ? 0 : timesOf(scaling).periodMs + 3 * MOST_LOOK_MS;
  }

  private async lookAt(key: string, scaled: Scaled, now: number): Promise<void> {
    const { store, logger } = this.deps;
    const state = store.view((tx) => {
      const record = tx.get('services', key);
      return record && this.stateOf(tx, record);
    });
    if (state === undefined) return;
    const lookMs = Math.min(
      MOST_LOOK_MS,
      Math.max(TICK_MS, timesOf(state.scaling).periodMs / LOOKS_A_PERIOD),
    );
    // A little early, as ticks are not to the millisecond.
    scaled.lookAt = now + lookMs - TICK_MS / 2;
    const plan = planScale(state);
    const [stack = '', service = ''] = key.split('/');
    this.deps.looked?.(stack, service, { count: state.current, seen: plan.seen });
    if (plan.wanted === state.current) {
      scaled.memory = plan.memory;
      return;
    }
    scaled.writing = true;
    try {
      if (!(await this.write(key, state, plan))) return;
      scaled.memory = plan.memory;
      const { wanted: to, why } = plan;
      logger.info({ service: key, from: state.current, to, why }, 'scaled by itself');
    } catch (thrown) {
      logger.error(
        { service: key, error: messageOf(thrown) },
        'its number is not written; it is tried again',
      );
    } finally {
      scaled.writing = false;
    }
  }

  /** False where somebody else has changed it meanwhile. */
  private write(key: string, { current, wall }: ScaleState, { wanted, why }: ScalePlan): Promise<boolean> {
    const { store, audit } = this.deps;
    return store.update((tx) => {
      const record = tx.get('services', key);
      if (record === undefined || scalingOf(record) === undefined || replicasOf(record) !== current)
        return false;
      if (tx.get('stacks', record.stack)?.removing === true) return false;
      setScale(tx, record, wanted, { at: wall, by: AUTOSCALER, why });
      audit(tx, wall, `${key} from ${current} to ${wanted}`);
      return true;
    });
  }

  private stateOf(tx: ReadTx, record: ServiceRecord): ScaleState | undefined {
    const scaling = scalingOf(record);
    if (scaling === undefined || tx.get('stacks', record.stack)?.removing === true) return undefined;
    const { stack, name, release } = record;
    const key = serviceKey(stack, name);
    return {
      now: this.deps.now(),
      wall: this.deps.wall(),
      scaling,
      current: replicasOf(record),
      releasing: !ENDED.has(tx.get('releases', releaseKey(stack, name, release))?.state ?? 'done'),
      versions: this.versionsOf(tx, record, timesOf(scaling).periodMs),
      memory: this.services.get(key)?.memory,
    };
  }

  private versionsOf(tx: ReadTx, record: ServiceRecord, periodMs: number): readonly ScaledVersion[] {
    const current = replicasOf(record);
    const containers = [...tx.by('containers', 'stackService', serviceKey(record.stack, record.name))].filter(
      ({ service, desired }) => service?.leaving !== true && desired.state !== 'removed',
    );
    const membersOf = (some: readonly Container[]) =>
      some.map((container) => this.memberOf(tx, record, container, periodMs));
    const split = splitOf(tx, record);
    if (split === undefined) {
      const router = this.routerOf(record, [undefined], periodMs);
      return [{ release: undefined, count: current, members: membersOf(containers), router }];
    }
    return (['old', 'new'] as const).flatMap((side) => {
      const own = containers.filter(({ service }) => split.sideOf(service?.release ?? 0) === side);
      const made = [...new Set(own.map(({ service }) => service?.release ?? 0))];
      if (own.length === 0) return [];
      // The old one is kept at the service's number; a canary has as many as its share takes.
      const count = side === 'old' ? current : own.length;
      const router = this.routerOf(record, made, periodMs);
      return [{ release: Math.max(...made), count, members: membersOf(own), router }];
    });
  }

  private memberOf(
    tx: ReadTx,
    { service }: ServiceRecord,
    container: Container,
    periodMs: number,
  ): ScaledMember {
    const { id, name, assigned } = container;
    const now = this.deps.now();
    const { state, running } = conditionOf(container, seenOf(tx, container), 'service');
    const seen = state === 'ended' ? 'failed' : state;
    const before = this.noted.get(id);
    const same = before?.state === seen && before.running === running;
    const noted = same ? before : { state: seen, running, since: now };
    this.noted.set(id, noted);
    const late = seen === 'starting' && now - noted.since >= readyWithin(service, { running });
    const figures = this.windows.averages(id, now, periodMs, noted.since);
    const silent = figures === undefined ? this.whySilent(tx, id, assigned.hostId) : undefined;
    return { name, state: late ? 'failed' : seen, figures, ...(silent === undefined ? {} : { silent }) };
  }

  private whySilent(tx: ReadTx, id: string, hostId: string): string | undefined {
    const host = tx.get('hosts', hostId)?.name ?? hostId;
    if (!this.deps.connected(hostId)) return say('scaling.silent.host', { host });
    if (!this.deps.measures(hostId)) return say('scaling.silent.old', { host });
    return this.unread.get(id);
  }

  /** @param made releases that the containers were made for; undefined: all that came for the service */
  private routerOf(
    { stack, name, service }: ServiceRecord,
    made: readonly (number | undefined)[],
    periodMs: number,
  ): RouterReading | undefined {
    if (routedPorts(service).length === 0) return undefined;
    const key = serviceKey(stack, name);
    const read = made.map((release) => this.deps.access.of(key, release, periodMs));
    const [most] = [...read].sort((a, b) => b.requests - a.requests);
    if (most === undefined) return undefined;
    const requestsPerSecond = read.reduce((sum, one) => sum + one.requestsPerSecond, 0);
    return { requestsPerSecond, p95Ms: most.p95, missing: most.missing };
  }
}
