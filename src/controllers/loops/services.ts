import { setMaxListeners } from 'node:events';
import type { Clock } from '../../kit/clock.ts';
import { BerthError, messageOf } from '../../kit/errors.ts';
import type { Logger } from '../../kit/logger.ts';
import type { Container } from '../../model/container.ts';
import type { AccessFigures } from '../../model/traffic.ts';
import type { Change, ChangeSet, Store } from '../../store/store.ts';
import { ChosenHosts } from './chosen-hosts.ts';
import { ImagePulls } from './image-pulls.ts';
import { OverdueServices } from './overdue-services.ts';
import { type ScaledPlaces, scaledPlaces } from './scaled-places.ts';
import type { ServiceHands } from './service-hands.ts';
import { MemberWatch } from './service-picture.ts';
import { lookAtStack } from './stack-look.ts';
import { StuckReleases } from './stuck-releases.ts';

export type ServiceControllerDeps = Readonly<{
  store: Store;
  hands: ServiceHands;
  /** What routers have counted, by which new versions are judged. */
  access: AccessFigures;
  clock: Clock;
  logger: Logger;
  /** Resolves once the container's host has acted on the generation; rejects with `engine` where it refused. */
  settled(containerId: string, generation: number, signal: AbortSignal): Promise<unknown>;
}>;

/** Before what waits for room or a host is tried again: many changes come together. */
const RETRY_MS = 500;
/** After a look that failed (a full disk). */
const FAILED_MS = 1_000;

/**
 * Keeps stacks as they are to be: makes, replaces and takes away containers of services, release by release. It wakes when
 * the store changes. What one look decides about a stack is one transaction: a manager that is killed at any moment has
 * done it or has not.
 */
export class ServiceController {
  private readonly watch = new MemberWatch();
  private readonly stuck = new StuckReleases();
  private readonly overdue = new OverdueServices();
  private readonly chosen = new ChosenHosts();
  private readonly pulls: ImagePulls;
  private readonly stop = new AbortController();
  private readonly unwatch: () => void;
  /** Stack to when it is looked at next, by a clock that is never set. */
  private readonly due = new Map<string, number>();
  /** Stacks with something that found no host, or no image. */
  private readonly waiting = new Set<string>();
  /** Stacks with a container that routers are about to leave. */
  private readonly draining = new Set<string>();
  private timer: AbortController | undefined;
  private running = false;

  constructor(private readonly deps: ServiceControllerDeps) {
    setMaxListeners(0, this.stop.signal);
    this.pulls = new ImagePulls(deps, this.stop.signal, () => this.wakeWaiting(0));
    this.unwatch = deps.store.watch((set) => this.onChange(set));
    deps.store.view((tx) => {
      for (const { name } of tx.all('stacks')) this.wake(name, 0);
      for (const container of tx.all('containers'))
        if (container.service !== undefined) this.follow(container.id, container.desired.generation);
    });
  }

  close(): void {
    this.unwatch();
    this.stop.abort(new Error('the manager is stopping'));
    this.timer?.abort(this.stop.signal.reason);
  }

  /**
   * Where containers of a service would go, were there so many of them.
   * @throws BerthError as `scaledPlaces`
   */
  scaledPlaces(stack: string, service: string, replicas: number): ScaledPlaces {
    const { store, hands } = this.deps;
    return scaledPlaces(store, hands, { stack, service, replicas });
  }

  private onChange({ changes }: ChangeSet): void {
    for (const change of changes) this.onOne(change);
  }

  private onOne(change: Change): void {
    switch (change.table) {
      case 'stacks':
        this.wake(change.key, 0);
        return;
      case 'services':
      case 'jobRuns':
      case 'releases': {
        const stack = change.after?.stack ?? change.before?.stack;
        if (stack !== undefined) this.wake(stack, 0);
        return;
      }
      case 'containers': {
        const service = change.after?.service ?? change.before?.service;
        if (service !== undefined) this.wake(service.stack, 0);
        if (change.after === undefined) {
          this.watch.forget(change.key);
          this.wakeWaiting(RETRY_MS);
        }
        return;
      }
      case 'observedContainers': {
        const id = change.after?.clusterId ?? change.before?.clusterId;
        if (id === undefined) return;
        const service = this.deps.store.view((tx) => tx.get('containers', id)?.service);
        if (service !== undefined) this.wake(service.stack, 0);
        return;
      }
      case 'hostStatus':
        if (change.before?.state !== change.after?.state) this.wakeAll();
        return;
      case 'hosts':
      case 'settings':
        this.wakeAll();
        return;
      case 'hostRouters':
        for (const stack of this.draining) this.wake(stack, 0);
        return;
      case 'registryLogins':
        this.pulls.forgetFailures();
        this.wakeWaiting(0);
        return;
      case 'networks':
      case 'volumes':
      case 'observedImages':
        this.wakeWaiting(RETRY_MS);
    }
  }

  private wakeAll(): void {
    for (const { name } of this.deps.store.view((tx) => [...tx.all('stacks')])) this.wake(name, RETRY_MS);
  }

  private wakeWaiting(ms: number): void {
    for (const stack of this.waiting) this.wake(stack, ms);
  }

  /** Looks at the stack in `ms`, or sooner where it is to look sooner anyway. */
  private wake(stack: string, ms: number): void {
    // Not by the wall clock: one that is set forward or back must not keep anything from being looked at.
    const at = performance.now() + ms;
    if (this.stop.signal.aborted || (this.due.get(stack) ?? Number.POSITIVE_INFINITY) <= at) return;
    this.due.set(stack, at);
    this.schedule();
  }

  private schedule(): void {
    if (this.running || this.due.size === 0 || this.stop.signal.aborted) return;
    this.timer?.abort(new Error('sooner'));
    this.timer = new AbortController();
    const { signal } = this.timer;
    const wait = Math.max(0, Math.min(...this.due.values()) - performance.now());
    const turn =
      wait === 0
        ? new Promise<void>((resolve) => setImmediate(resolve))
        : this.deps.clock.sleep(Math.ceil(wait), signal);
    turn.then(
      () => {
        if (!signal.aborted) void this.run();
      },
      // Another time was set, or the manager is stopping.
      () => undefined,
    );
  }

  private async run(): Promise<void> {
    this.running = true;
    try {
      const now = performance.now();
      const stacks = [...this.due].filter(([, at]) => at <= now).map(([stack]) => stack);
      for (const stack of stacks) {
        this.due.delete(stack);
        await this.look(stack);
        if (this.stop.signal.aborted) return;
      }
    } finally {
      this.running = false;
      this.schedule();
    }
  }

  private async look(stack: string): Promise<void> {
    const { clock, logger } = this.deps;
    try {
      const now = clock.now();
      const { ended } = this.pulls;
      const { made, nextAt, waits, drains } = await lookAtStack(stack, {
        ...this.deps,
        watch: this.watch,
        stuck: this.stuck,
        overdue: this.overdue,
        chosen: this.chosen,
        pulls: this.pulls,
        now,
      });
      if (waits) this.waiting.add(stack);
      else this.waiting.delete(stack);
      // What it waits for has come before it was known to wait.
      if (waits && this.pulls.ended !== ended) this.wake(stack, 0);
      if (drains) this.draining.add(stack);
      else this.draining.delete(stack);
      for (const id of made) this.follow(id, 1);
      if (nextAt !== undefined) this.wake(stack, Math.max(1, nextAt - now));
    } catch (thrown) {
      if (this.stop.signal.aborted) return;
      logger.error(
        { stack, error: messageOf(thrown) },
        'the stack could not be looked at; it is tried again',
      );
      this.wake(stack, FAILED_MS);
    }
  }

  /** Where its host's engine would not have a container, the record says so. */
  private follow(id: string, generation: number): void {
    this.deps.settled(id, generation, this.stop.signal).then(
      () => undefined,
      (thrown: unknown) => {
        const status = thrown instanceof BerthError && thrown.code === 'engine' ? thrown.status : undefined;
        // 503: the agent goes on trying by itself. Everything else but the engine's own word is no refusal.
        if (status === undefined || status === 503) return;
        this.noteRefusal(id, generation, messageOf(thrown)).catch((failure) =>
          this.deps.logger.error({ container: id, error: messageOf(failure) }, 'refusal not written'),
        );
      },
    );
  }

  private noteRefusal(id: string, generation: number, refusal: string): Promise<void> {
    const { store, logger } = this.deps;
    return store.update((tx) => {
      const record: Container | undefined = tx.get('containers', id);
      if (record?.service === undefined || record.desired.generation !== generation) return;
      if (record.service.leaving === true) return;
      logger.warn({ container: record.name, error: refusal }, 'refused by its host');
      tx.put('containers', { ...record, service: { ...record.service, refusal } });
    });
  }
}
