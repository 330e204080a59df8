import { setMaxListeners } from 'node:events';
import type { ActionResult } from '../contract/link.ts';
import type { Engine } from '../engine/index.ts';
import { backoffDelay } from '../kit/backoff.ts';
import type { Clock } from '../kit/clock.ts';
import { BerthError, messageOf } from '../kit/errors.ts';
import type { Logger } from '../kit/logger.ts';
import { apiPrefix } from './api-version.ts';
import { type AssignmentFiles, idOf } from './assignment-files.ts';
import { createBody } from './create-body.ts';
import { newLimit } from './limit.ts';
import type { Observer } from './observer.ts';
import { type Acted, type Holding, plan, type Step, type StepArguments } from './plan.ts';
import { EXECUTORS, type StepContext } from './steps.ts';

type ReconcilerDeps = Readonly<{
  engine: Engine;
  files: AssignmentFiles;
  observer: Observer;
  clock: Clock;
  logger: Logger;
  /** The observation that the result led to has been told before. */
  onResult(result: ActionResult): void;
}>;

/** Containers that the engine works on at once; more make it slower, not faster. */
const WORK_AT_ONCE = 16;
/** Stopping is mostly waiting. */
const WAITS_AT_ONCE = 128;
const WAITING: ReadonlySet<keyof StepArguments> = new Set(['stop', 'restart']);
const BACKOFF = { baseMs: 500, maxMs: 30_000 };
/** What a client is told where the engine does not answer; the agent goes on trying. */
const UNAVAILABLE = 503;

/** Makes the engine's containers what their holdings say: each container serially, different ones side by side. */
export class Reconciler {
  private readonly running = new Map<string, Promise<void>>();
  private readonly again = new Set<string>();
  private readonly retries = new Map<string, { attempt: number; timer: NodeJS.Timeout | undefined }>();
  /** Containers for which a create may have reached the engine before: in this life of the agent or an earlier one. */
  private readonly attempted: Set<string>;
  private readonly locks = new Map<string, Promise<unknown>>();
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
      if (holding?.kind === 'hold' && holding.assignment.desired.generation <= holding.acted.generation) {
        this.tellResult(holding, holding.acted, []);
      }
      this.clearRetry(id);
      this.kick(id);
    }
  }

  /** Looks whether there is anything to do for that container. Cheap where there is not. */
  kick(id: string): void {
    if (this.stopping.signal.aborted || this.deps.files.get(id) === undefined) return;
    if (this.running.has(id)) {
      this.again.add(id);
      return;
    }
    const run = this.run(id).finally(() => {
      this.running.delete(id);
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

  /** Breaks off what is being done; the next start goes on with it. */
  async close(): Promise<void> {
    this.stopping.abort(new Error('the agent is stopping'));
    for (const id of [...this.retries.keys()]) this.clearRetry(id);
    while (this.running.size > 0) await Promise.allSettled([...this.running.values()]);
  }

  /** Resolves when nothing is being done. */
  async idle(): Promise<void> {
    while (this.running.size > 0) await Promise.allSettled([...this.running.values()]);
  }

  private async run(id: string): Promise<void> {
    const { files, observer } = this.deps;
    const holding = files.get(id);
    if (holding === undefined || this.waitsForRetry(id)) return;
    if (!observer.ready) {
      if (observer.health.state === 'down' && isFresh(holding))
        this.tellUnavailable(holding, observer.health.reason);
      return;
    }
    const observed = observer.picture.find(id);
    const steps = plan(holding, observed);
    const context = this.context(holding, observed?.engineId);
    try {
      for (const step of steps) await this.carryOut(context, step);
      await this.succeeded(holding, context, steps);
      this.clearRetry(id);
    } catch (thrown) {
      if (this.stopping.signal.aborted) return;
      await this.failed(holding, context, thrown);
    }
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
      await files.purged(holding.id);
      this.attempted.delete(holding.id);
      return;
    }
    if (!isFresh(holding)) {
      if (steps.length > 0 && context.engineId !== undefined) await this.look(context.engineId);
      return;
    }
    const { desired } = holding.assignment;
    const gone = desired.state === 'removed';
    const acted: Acted = {
      generation: desired.generation,
      starts: desired.starts,
      state: desired.state,
      engineId: gone ? undefined : context.engineId,
    };
    files.acted(holding.assignment.id, acted);
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
    if (holding.kind === 'purge' || status === undefined) {
      if (holding.kind === 'hold' && isFresh(holding)) this.tellUnavailable(holding, messageOf(thrown));
      this.retryLater(id);
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
    const { engine, clock, logger, files, observer } = this.deps;
    const id = idOf(holding);
    const cluster = files.state.clusterId;
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
          peers: observer.picture.containers
            .all()
            .flatMap(({ clusterId, engineId: peer, name }) =>
              clusterId === undefined ? [] : [{ clusterId, engineId: peer, name }],
            ),
        }),
      exclusive: (key, task) => this.exclusive(key, task),
      engineId,
      warnings: [],
    };
  }

  private async exclusive<R>(key: string, task: () => Promise<R>): Promise<R> {
    const before = this.locks.get(key) ?? Promise.resolve();
    const run = before.then(task, task);
    const entry = run.catch(() => {});
    this.locks.set(key, entry);
    try {
      return await run;
    } finally {
      if (this.locks.get(key) === entry) this.locks.delete(key);
    }
  }

  private waitsForRetry(id: string): boolean {
    return this.retries.get(id)?.timer !== undefined;
  }

  private retryLater(id: string): void {
    const { attempt } = this.retries.get(id) ?? { attempt: 0 };
    const timer = setTimeout(
      () => {
        this.retries.set(id, { attempt: attempt + 1, timer: undefined });
        this.kick(id);
      },
      backoffDelay(BACKOFF, attempt),
    );
    this.retries.set(id, { attempt, timer });
  }

  private clearRetry(id: string): void {
    clearTimeout(this.retries.get(id)?.timer);
    this.retries.delete(id);
  }
}

function isFresh(holding: Holding): boolean {
  return holding.kind === 'hold' && holding.assignment.desired.generation > holding.acted.generation;
}

/** The status of an engine that understood and refused; undefined where it did not answer, or not as an engine does. */
function refusalStatus(thrown: unknown): number | undefined {
  if (!(thrown instanceof BerthError) || thrown.code !== 'engine' || thrown.status === 502) return undefined;
  return thrown.status;
}
