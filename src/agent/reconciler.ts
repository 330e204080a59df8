import { setMaxListeners } from 'node:events';
import type { ActionResult, Assignment } from '../contract/link.ts';
import type { Engine } from '../engine/index.ts';
import { backoffDelay } from '../kit/backoff.ts';
import type { Clock } from '../kit/clock.ts';
import { BerthError, messageOf } from '../kit/errors.ts';
import type { KeyedQueue } from '../kit/keyed-queue.ts';
import { newLimit } from '../kit/limit.ts';
import type { Logger } from '../kit/logger.ts';
import type { ObservedContainer } from '../model/container.ts';
import { apiPrefix } from './api-version.ts';
import type { AssignmentFiles } from './assignment-files.ts';
import { endedByHand } from './by-hand.ts';
import {
  accountFor,
  type Circumstances,
  doubted,
  dueOf,
  mindsHands,
  refusedAgain,
  waitFor,
} from './comeback.ts';
import type { HostDns } from './container-dns.ts';
import { createBody } from './create-body.ts';
import type { HostFiles } from './files/host-files.ts';
import { type Acted, type Hold, type Holding, idOf, isAlive, isFresh, NO_COMEBACK } from './holding.ts';
import type { Lease } from './lease.ts';
import { engineMute, PATIENCE_MS } from './mute.ts';
import type { Observer } from './observer.ts';
import { plan } from './plan.ts';
import { restartDue } from './probes/probed.ts';
import type { Step, StepArguments } from './step.ts';
import type { StepContext } from './step-context.ts';
import { EXECUTORS } from './steps.ts';

type ReconcilerDeps = Readonly<{
  engine: Engine;
  files: AssignmentFiles;
  observer: Observer;
  clock: Clock;
  logger: Logger;
  /** Whether the container may run now, whatever it was asked for: out stops it, first leaves it as it is. */
  fence(assignment: Assignment): Lease['state'];
  /** One at a time for each key: engines make two networks of one name. */
  exclusive: KeyedQueue;
  /** Engine-side networks of ones that span hosts. */
  networks: Readonly<{
    /** Names and IDs of those that are here. */
    names(): ReadonlySet<string>;
    adopt(id: string, engineId: string): Promise<void>;
    /** Undefined where this host answers no names. */
    dns(): HostDns | undefined;
  }>;
  /** Configs and secrets; undefined where the engine is on another machine. */
  hostFiles: HostFiles | undefined;
  /** The observation that the result led to has been told before. */
  onResult(result: ActionResult): void;
}>;

type Retry = Readonly<{
  attempt: number;
  timer: NodeJS.Timeout | undefined;
  /** Only while the container lives: one that has ended comes back at its own time. */
  whileAlive: boolean;
}>;

/** Containers that the engine works on at once; more make it slower, not faster. */
const WORK_AT_ONCE = 16;
/** Stopping is mostly waiting. */
const WAITS_AT_ONCE = 128;
const WAITING: ReadonlySet<keyof StepArguments> = new Set(['stop', 'restart', 'ensure-image']);
const BACKOFF = { baseMs: 500, maxMs: 30_000 };
/** The lease leaves this much time before the manager moves the container. Seconds. */
const FENCE_GRACE_S = 1;
/** What a client is told where the engine does not answer; the agent goes on trying. */
const UNAVAILABLE = 503;

/** Makes the engine's containers what their holdings say: each container serially, different ones side by side. */
export class Reconciler {
  private readonly running = new Map<string, Promise<void>>();
  /** When what is running began, until its client has been told that it takes too long. */
  private readonly since = new Map<string, number>();
  private readonly again = new Set<string>();
  /** Containers whose time to come back has not come yet. */
  private readonly wakes = new Map<string, NodeJS.Timeout>();
  private readonly retries = new Map<string, Retry>();
  /** Containers for which a create may have reached the engine before: in this life of the agent or an earlier one. */
  private readonly attempted: Set<string>;
  /** Taken back before it was seen: a create may have reached the engine, which tells of it later. */
  private readonly unseen = new Set<string>();
  private readonly work = newLimit(WORK_AT_ONCE);
  private readonly wait = newLimit(WAITS_AT_ONCE);
  private readonly stopping = new AbortController();

  constructor(private readonly deps: ReconcilerDeps) {
    // One listener for each request under way.
    setMaxListeners(0, this.stopping.signal);
    this.attempted = new Set([...deps.files.all()].map(idOf));
  }

  /** The manager has said what these should be; where that has been done already the result is told again. */
  assigned(ids: readonly string[]): void {
    for (const id of ids) {
      const holding = this.deps.files.get(id);
      if (holding === undefined) this.attempted.delete(id);
      if (holding?.kind === 'hold') this.unseen.delete(id);
      if (holding?.kind === 'hold' && holding.assignment.desired.generation <= holding.acted.generation) {
        this.tellResult(holding, holding.acted, []);
      }
      this.clearRetry(id);
      this.kick(id);
    }
  }

  /** Looks whether there is anything to do for that container. Cheap where there is not. */
  kick(id: string): void {
    if (this.stopping.signal.aborted) return;
    if (this.deps.files.get(id) === undefined) {
      this.takeAway(id);
      return;
    }
    if (this.running.has(id)) {
      this.again.add(id);
      return;
    }
    this.since.set(id, performance.now());
    const run = this.run(id).finally(() => {
      this.running.delete(id);
      this.since.delete(id);
      if (this.again.delete(id)) this.kick(id);
    });
    this.running.set(id, run);
  }

  /** The engine has been listed: whatever waited for it goes on. */
  kickAll(): void {
    for (const holding of [...this.deps.files.all()]) {
      this.clearRetry(idOf(holding));
      this.kick(idOf(holding));
    }
  }

  /**
   * The engine was away, or this machine was: containers that were stopped shortly before were not stopped by a hand.
   * @param wentAt milliseconds since the epoch
   */
  engineWent(wentAt: number, windowMs: number): void {
    for (const holding of [...this.deps.files.all()]) {
      if (holding.kind !== 'hold') continue;
      const comeback = doubted(holding.comeback, wentAt, windowMs);
      if (comeback !== holding.comeback) void this.deps.files.setComeback(idOf(holding), comeback);
    }
  }

  /** The engine is known to be down now: whose wishes wait for it hear so. */
  engineDown(): void {
    for (const holding of [...this.deps.files.all()]) if (isFresh(holding)) this.kick(idOf(holding));
  }

  /** The engine has not answered a ping: clients who have waited for long hear so. What is being done goes on. */
  mute(reason: string): void {
    const now = performance.now();
    for (const [id, since] of [...this.since]) {
      if (now - since < PATIENCE_MS) continue;
      this.since.delete(id);
      const holding = this.deps.files.get(id);
      if (holding !== undefined && isFresh(holding))
        this.tellUnavailable(holding, engineMute(reason).message);
    }
  }

  /** It could not even be written down. */
  refuse({ id, desired: { generation } }: Assignment, reason: string): void {
    this.deps.onResult({ id, generation, error: { status: UNAVAILABLE, message: reason } });
  }

  /** Breaks off what is being done; the next start goes on with it. */
  async close(): Promise<void> {
    this.stopping.abort(new Error('the agent is stopping'));
    for (const id of [...this.retries.keys()]) this.clearRetry(id);
    for (const timer of this.wakes.values()) clearTimeout(timer);
    while (this.running.size > 0) await Promise.allSettled([...this.running.values()]);
  }

  /** Resolves when nothing is being done. */
  async idle(): Promise<void> {
    while (this.running.size > 0) await Promise.allSettled([...this.running.values()]);
  }

  /** What was made after it had been taken back is removed as if it had been there then. */
  private takeAway(id: string): void {
    const { files, observer, logger } = this.deps;
    const found = this.unseen.has(id) ? observer.picture.find(id) : undefined;
    if (found === undefined) return;
    logger.info({ container: id, name: found.name }, 'made though it was taken back: removing it');
    files
      .addPurge(id, found.name)
      .catch((thrown) => logger.error({ container: id, error: messageOf(thrown) }, 'removal not written'))
      .finally(() => this.kick(id));
  }

  private async run(id: string): Promise<void> {
    const { files, observer } = this.deps;
    const holding = files.get(id);
    if (holding === undefined || this.waitsForRetry(id, observer.picture.find(id))) return;
    if (!observer.ready) {
      if (observer.health.state === 'down' && isFresh(holding))
        this.tellUnavailable(holding, engineMute(observer.health.reason).message);
      return;
    }
    const observed = observer.picture.find(id);
    const context = this.context(holding, observed?.engineId);
    try {
      const fence = holding.kind === 'hold' ? this.deps.fence(holding.assignment) : 'held';
      if (holding.kind === 'hold' && fence !== 'held') {
        if (fence === 'out') await this.fenceOff(holding, observed, context);
        return;
      }
      const now = isFresh(holding) ? holding : await this.accounted(holding, observed);
      // Something else was asked for meanwhile, and another run is waiting to see to it.
      if (now === undefined) return;
      const steps = plan(now, observed, this.deps.clock.now(), this.deps.networks.names());
      await this.act(now, context, steps);
      this.clearRetry(id);
      this.wakeFor(id);
    } catch (thrown) {
      if (this.stopping.signal.aborted) return;
      await this.failed(holding, context, thrown);
    }
  }

  private async act(holding: Holding, context: StepContext, steps: readonly Step[]): Promise<void> {
    const all = async () => {
      for (const step of steps) await this.carryOut(context, step);
      await this.succeeded(holding, context, steps);
    };
    // A stop may wait for minutes: what happens to the container meanwhile is to be seen.
    if (steps.length === 0 || steps.some(({ step }) => WAITING.has(step))) await all();
    else await this.deps.observer.picture.acting(context.id, all);
  }

  /** Sees to it that a container which is to come back later is looked at then. */
  private wakeFor(id: string): void {
    clearTimeout(this.wakes.get(id));
    this.wakes.delete(id);
    const { files, observer, clock } = this.deps;
    const holding = files.get(id);
    if (holding?.kind !== 'hold' || isFresh(holding) || this.stopping.signal.aborted) return;
    const observed = observer.picture.find(id);
    const at = dueOf(holding, observed)?.at ?? restartDue(holding, observed);
    if (at === undefined) return;
    const kick = () => {
      this.wakes.delete(id);
      this.kick(id);
    };
    this.wakes.set(id, setTimeout(kick, waitFor({ at }, clock.now()) + 1));
  }

  /** The holding with its comeback as it is now that the container looks like this; on the disk before anything is done. */
  private async accounted(
    holding: Holding,
    observed: ObservedContainer | undefined,
  ): Promise<Holding | undefined> {
    if (holding.kind !== 'hold') return holding;
    const { files, engine, clock, logger } = this.deps;
    const { id, name } = holding.assignment;
    const ask = observed !== undefined && mindsHands(holding, observed);
    const byHand = ask && (await endedByHand(engine, observed, clock.now(), this.stopping.signal));
    if (files.get(id) !== holding) return undefined;
    const comeback = accountFor(holding, observed, this.circumstances(byHand));
    if (comeback === holding.comeback) return holding;
    const accounted = { ...holding, comeback };
    logger.info({ container: id, name, byHand, ...comeback }, 'comeback');
    await files.setComeback(id, comeback);
    if (observed !== undefined) this.deps.observer.picture.regenerate(observed.engineId);
    const now = files.get(id);
    return now?.kind === 'hold' && now.assignment === accounted.assignment ? now : undefined;
  }

  private circumstances(byHand = false): Circumstances {
    return { now: this.deps.clock.now(), byHand, random: Math.random };
  }

  /** Stops it at once, and remembers that it was not the user who did. */
  private async fenceOff(
    { assignment }: Hold,
    observed: ObservedContainer | undefined,
    context: StepContext,
  ): Promise<void> {
    if (observed === undefined || !isAlive(observed)) return;
    const { id, name } = assignment;
    this.deps.logger.warn(
      { container: id, name },
      'no manager is heard: stopping it, since it may run elsewhere',
    );
    // First: an agent that is killed in between must start it again later.
    await this.deps.files.undone(id, observed.state.startedAt);
    await this.carryOut(context, { step: 'stop', timeout: FENCE_GRACE_S, signal: undefined });
    await this.look(observed.engineId);
  }

  private async carryOut(context: StepContext, step: Step): Promise<void> {
    if (step.step === 'create') this.attempted.add(context.id);
    const limit = WAITING.has(step.step) ? this.wait : this.work;
    const execute = EXECUTORS[step.step] as (context: StepContext, step: Step) => Promise<void>;
    this.deps.logger.debug({ container: context.id, step: step.step }, 'step');
    await limit(() => execute(context, step));
  }

  private async succeeded(holding: Holding, context: StepContext, steps: readonly Step[]): Promise<void> {
    const { files } = this.deps;
    if (holding.kind === 'purge') {
      if (context.engineId !== undefined) await this.look(context.engineId);
      // First: it may be seen while this is being written.
      if (this.attempted.delete(holding.id) && context.engineId === undefined) this.unseen.add(holding.id);
      await files.purged(holding.id);
      this.kick(holding.id);
      return;
    }
    if (!isFresh(holding)) {
      this.noteEngineId(holding, context);
      if (steps.length > 0 && context.engineId !== undefined) await this.look(context.engineId);
      return;
    }
    const { desired } = holding.assignment;
    const asked = desired.starts !== holding.acted.starts || desired.state !== holding.acted.state;
    const gone = desired.state === 'removed';
    const acted: Acted = {
      generation: desired.generation,
      starts: desired.starts,
      state: desired.state,
      engineId: gone ? undefined : context.engineId,
    };
    files.acted(holding.assignment.id, acted);
    if (asked && holding.comeback.at > 0) void files.setComeback(holding.assignment.id, NO_COMEBACK);
    // What was left for after the user's wish: an end that happened meanwhile.
    this.again.add(holding.assignment.id);
    if (context.engineId !== undefined) {
      if (steps.length > 0) await this.look(context.engineId);
      else this.deps.observer.picture.regenerate(context.engineId);
    }
    this.tellResult(holding, acted, context.warnings);
  }

  private async failed(holding: Holding, context: StepContext, thrown: unknown): Promise<void> {
    const { logger, files } = this.deps;
    const id = idOf(holding);
    logger.warn({ container: id, name: context.name, error: messageOf(thrown) }, 'could not act');
    if (context.engineId !== undefined) await this.look(context.engineId);
    const status = refusalStatus(thrown);
    if (status === 404 && this.isGone(context)) {
      // Somebody removed it after it was looked at: that is no refusal, and it is made anew.
      this.kick(id);
      return;
    }
    if (holding.kind === 'purge' || status === undefined) {
      if (holding.kind === 'hold' && isFresh(holding)) this.tellUnavailable(holding, messageOf(thrown));
      this.retryLater(id);
      return;
    }
    if (!isFresh(holding)) {
      await this.refusedComeback(holding, context, messageOf(thrown));
      return;
    }
    const { desired } = holding.assignment;
    const acted: Acted = {
      ...holding.acted,
      generation: desired.generation,
      starts: desired.starts,
      engineId: context.engineId,
      refused: { status, message: messageOf(thrown) },
    };
    files.acted(id, acted);
    if (context.engineId !== undefined) this.deps.observer.picture.regenerate(context.engineId);
    this.tellResult(holding, acted, context.warnings);
  }

  /** It was there, and is no more. */
  private isGone({ id, engineId }: StepContext): boolean {
    return engineId !== undefined && this.deps.observer.picture.find(id) === undefined;
  }

  /** The engine did not make or start it again (its port is in use, its image is gone): later once more. */
  private async refusedComeback(holding: Hold, context: StepContext, refusal: string): Promise<void> {
    const { files, observer, logger } = this.deps;
    this.noteEngineId(holding, context);
    const now = files.get(holding.assignment.id);
    if (now?.kind !== 'hold') return;
    const observed = observer.picture.find(now.assignment.id);
    const comeback = refusedAgain(now, observed, this.circumstances(), refusal);
    await files.setComeback(now.assignment.id, comeback);
    // It lives, and is not on its networks as it should be. What the attempt has changed and undone comes as an event: no
    // reason to try again at once.
    if (observed !== undefined && isAlive(observed)) this.retryLater(now.assignment.id, true);
    // Dead, and not to be taken away yet.
    if (observed?.state.status === 'dead') this.retryLater(now.assignment.id);
    if (context.engineId !== undefined) observer.picture.regenerate(context.engineId);
    if (comeback.stuck === true && now.comeback.stuck !== true) {
      const { id, name } = now.assignment;
      logger.warn(
        { container: id, name, error: refusal },
        'its engine can never start it again: making it anew',
      );
    }
    this.wakeFor(now.assignment.id);
  }

  /** It was made again. */
  private noteEngineId({ assignment, acted }: Hold, { engineId }: StepContext): void {
    if (engineId === undefined || engineId === acted.engineId) return;
    const now = this.deps.files.get(assignment.id);
    if (now?.kind === 'hold') this.deps.files.acted(assignment.id, { ...now.acted, engineId });
  }

  /** What is found out here must stand in the report beside the result; where the engine fails now it comes later. */
  private async look(engineId: string): Promise<void> {
    await this.deps.observer.picture.refresh(engineId).catch(() => {});
  }

  private tellResult(
    { assignment }: Holding & { kind: 'hold' },
    acted: Acted,
    warnings: readonly string[],
  ): void {
    this.deps.onResult({
      id: assignment.id,
      generation: acted.generation,
      ...(acted.refused === undefined ? {} : { error: acted.refused }),
      ...(warnings.length === 0 ? {} : { warnings: [...warnings] }),
    });
  }

  private tellUnavailable(holding: Holding, reason: string): void {
    if (holding.kind !== 'hold') return;
    const { id, desired } = holding.assignment;
    this.deps.onResult({
      id,
      generation: desired.generation,
      error: { status: UNAVAILABLE, message: reason },
    });
  }

  private context(holding: Holding, engineId: string | undefined): StepContext {
    const { engine, clock, logger, files, hostFiles, observer } = this.deps;
    const id = idOf(holding);
    const cluster = files.state.clusterId;
    const dns = this.deps.networks.dns();
    return {
      engine,
      clock,
      logger,
      cluster,
      id,
      signal: this.stopping.signal,
      name: holding.kind === 'hold' ? holding.assignment.name : holding.name,
      prefix: apiPrefix(holding.kind === 'hold' ? holding.assignment.apiVersion : '1.41', observer.info),
      mayExist: this.attempted.has(id),
      body: (assignment) =>
        createBody(assignment, {
          cluster,
          cpus: observer.info?.cpus ?? 1,
          ...(dns === undefined ? {} : { dns }),
          mounts: hostFiles?.mounts(id, assignment.needs.files ?? []) ?? [],
          peers: observer.picture.containers
            .all()
            .flatMap(({ clusterId, engineId: peer, name }) =>
              clusterId === undefined ? [] : [{ clusterId, engineId: peer, name }],
            ),
        }),
      files: hostFiles,
      exclusive: this.deps.exclusive,
      answersIn: (networkId) => dns?.answersIn(networkId) ?? false,
      adoptNetwork: this.deps.networks.adopt,
      engineId,
      warnings: [],
    };
  }

  private waitsForRetry(id: string, observed: ObservedContainer | undefined): boolean {
    const { timer, whileAlive = false } = this.retries.get(id) ?? {};
    return timer !== undefined && !(whileAlive && observed !== undefined && !isAlive(observed));
  }

  private retryLater(id: string, whileAlive = false): void {
    const { attempt, timer: before } = this.retries.get(id) ?? { attempt: 0 };
    clearTimeout(before);
    const timer = setTimeout(
      () => {
        this.retries.set(id, { attempt: attempt + 1, timer: undefined, whileAlive });
        this.kick(id);
      },
      backoffDelay(BACKOFF, attempt),
    );
    this.retries.set(id, { attempt, timer, whileAlive });
  }

  private clearRetry(id: string): void {
    clearTimeout(this.retries.get(id)?.timer);
    this.retries.delete(id);
  }
}

/** The status of an engine that understood and refused; undefined where it did not answer, or not as an engine does. */
function refusalStatus(thrown: unknown): number | undefined {
  if (!(thrown instanceof BerthError) || thrown.code !== 'engine' || thrown.status === 502) return undefined;
  return thrown.status;
}
