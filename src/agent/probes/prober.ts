import { isDeepStrictEqual } from 'node:util';
import type { EngineEvent } from '../../contract/link.ts';
import type { Engine } from '../../engine/index.ts';
import type { Clock } from '../../kit/clock.ts';
import { messageOf } from '../../kit/errors.ts';
import { fineTime } from '../../kit/fine-time.ts';
import { newLimit } from '../../kit/limit.ts';
import type { Logger } from '../../kit/logger.ts';
import type { ObservedContainer } from '../../model/container.ts';
import type { Probe, Probes } from '../../model/probe.ts';
import { healthOf } from '../../model/readiness.ts';
import type { AssignmentFiles } from '../assignment-files.ts';
import { type Hold, runOf, type Verdict } from '../holding.ts';
import type { Observer } from '../observer.ts';
import { GatewayAddresses, wayTo } from './address.ts';
import { type Checker, type CheckResult, type CheckTarget, type OwnKind, oneLine, unknown } from './check.ts';
import { execCheck } from './exec-check.ts';
import { httpCheck } from './http-check.ts';
import { OwnExecs } from './own-execs.ts';
import { judged, type ProbeName, probedNow } from './probed.ts';
import { SharedTimers } from './shared-timers.ts';
import { tcpCheck } from './tcp-check.ts';
import { counted, firstLook, newTally, nextLook, type Tally } from './verdict.ts';

type ProberDeps = Readonly<{
  engine: Engine;
  files: AssignmentFiles;
  observer: Pick<Observer, 'picture' | 'networks' | 'ready'>;
  clock: Clock;
  logger: Logger;
  /** Liveness fails: whoever holds the container to its assignment restarts it. */
  onDead(id: string): void;
  /** Health as clients of an engine hear of it. */
  onEvent(event: EngineEvent): void;
}>;

/** Commands that the engine runs for probes at once: it takes tens of milliseconds of CPU for each. */
const EXECS_AT_ONCE = 8;
/** Connections at once; most of them wait for containers that do not answer. */
const CONNECTIONS_AT_ONCE = 256;
/** Looks that lie so far apart begin a little late, together with others; milliseconds. */
const SELDOM_MS = 1_000;
const SHARED_MS = 50;

/** One probe of one run. */
type Watch = {
  readonly name: ProbeName;
  readonly probe: Probe;
  tally: Tally;
  looks: number;
  /** Takes the next look back. */
  cancel: () => void;
};

type Target = CheckTarget & Readonly<{ /** It may be somewhere else by now. */ lost(): void }>;

/** A container that is looked at. */
type Watched = Readonly<{
  run: string;
  probes: Probes;
  startedAt: number;
  target: Target;
  stopping: AbortController;
  stops: Set<() => void>;
  watches: readonly Watch[];
}>;

/**
 * Looks at the containers of this host that have probes, each at its own times, as long as they run.
 */
export class Prober {
  /** Commands of probes are no events of the container's. */
  readonly execs = new OwnExecs();
  private readonly watched = new Map<string, Watched>();
  private readonly gateways: GatewayAddresses;
  private readonly checkers: { readonly [K in OwnKind]: Checker<K> };
  private readonly execLimit = newLimit(EXECS_AT_ONCE);
  private readonly limit = newLimit(CONNECTIONS_AT_ONCE);
  private readonly seldom = new SharedTimers(SHARED_MS);
  private closed = false;

  constructor(private readonly deps: ProberDeps) {
    this.gateways = new GatewayAddresses(deps.engine);
    this.checkers = { http: httpCheck, tcp: tcpCheck, exec: execCheck(this.execs) };
  }

  /** Looks whether the container is to be looked at, and how. Cheap where nothing has changed. */
  look(id: string): void {
    if (this.closed) return;
    const { files, observer } = this.deps;
    const holding = files.get(id);
    const probes = holding?.kind === 'hold' ? holding.assignment.probes : undefined;
    const observed = probes === undefined ? undefined : observer.picture.find(id);
    if (holding?.kind !== 'hold' || probes === undefined || observed?.state.status !== 'running') {
      const forgotten = this.forget(id);
      const seen = probes === undefined && forgotten ? observer.picture.find(id) : undefined;
      if (seen !== undefined) observer.picture.regenerate(seen.engineId);
      return;
    }
    this.takeEngines(holding, probes, observed);
    const before = this.watched.get(id);
    if (before?.run === runOf(observed) && isDeepStrictEqual(before.probes, probes)) return;
    this.forget(id);
    this.begin(id, holding, probes, observed);
  }

  /** Looks at all that is held. */
  lookAll(): void {
    for (const id of [...this.watched.keys()]) this.look(id);
    for (const holding of [...this.deps.files.all()])
      if (holding.kind === 'hold' && holding.assignment.probes !== undefined)
        this.look(holding.assignment.id);
  }

  close(): void {
    this.closed = true;
    for (const id of [...this.watched.keys()]) this.forget(id);
    this.seldom.close();
  }

  private begin(id: string, holding: Hold, probes: Probes, observed: ObservedContainer): void {
    const known = probedNow(holding, observed);
    const watches = (['readiness', 'liveness'] as const).flatMap((name): Watch[] => {
      const [probe, verdict] = [probes[name], known[name]];
      if (probe === undefined || verdict === undefined || probe.check.kind === 'image') return [];
      return [{ name, probe, tally: newTally(verdict), looks: 0, cancel: () => undefined }];
    });
    const watched: Watched = {
      run: known.run,
      probes,
      startedAt: observed.state.startedAt,
      target: this.targetOf(observed),
      stopping: new AbortController(),
      stops: new Set(),
      watches,
    };
    this.watched.set(id, watched);
    for (const watch of watches) {
      const { probe, tally } = watch;
      this.lookLater(id, watched, watch, firstLook(probe, tally.verdict.health, Math.random()));
    }
    // What is new to it, or was known of this run by an earlier life.
    this.deps.observer.picture.regenerate(observed.engineId);
  }

  /** False where it was not looked at. */
  private forget(id: string): boolean {
    const watched = this.watched.get(id);
    if (watched === undefined) return false;
    this.watched.delete(id);
    watched.stopping.abort(new Error('not asked any more'));
    for (const stop of [...watched.stops]) stop();
    for (const { cancel } of watched.watches) cancel();
    return true;
  }

  private lookLater(id: string, watched: Watched, watch: Watch, ms: number): void {
    const look = () => void this.lookNow(id, watched, watch);
    if (ms >= SELDOM_MS && watch.probe.check.kind !== 'exec') {
      watch.cancel = this.seldom.after(ms, look);
      return;
    }
    const timer = setTimeout(look, Math.max(0, ms));
    watch.cancel = () => clearTimeout(timer);
  }

  private async lookNow(id: string, watched: Watched, watch: Watch): Promise<void> {
    const { clock } = this.deps;
    const [at, began] = [clock.now(), performance.now()];
    const result = await this.check(watched, watch.probe);
    if (watched.stopping.signal.aborted) return;
    const ms = performance.now() - began;
    if (result.kind !== 'ok') watched.target.lost();
    if (result.kind !== 'unknown') {
      const found = { at, ms: Math.round(ms), ok: result.kind === 'ok', said: result.said };
      const { verdict } = watch.tally;
      watch.tally = counted(watch.tally, watch.probe, found, watched.startedAt);
      if (watch.tally.verdict !== verdict) this.judge(id, watch.name, watch.tally.verdict);
    }
    // Judging may have led to another run.
    if (watched.stopping.signal.aborted) return;
    const wait = nextLook(watch.probe, watch.tally.verdict.health, watch.looks++, Math.random());
    this.lookLater(id, watched, watch, wait - ms);
  }

  private async check(
    { target, stopping, stops }: Watched,
    { check, timeoutMs }: Probe,
  ): Promise<CheckResult> {
    if (check.kind === 'image') return unknown('the engine looks itself');
    const checker = this.checkers[check.kind] as Checker<typeof check.kind>;
    const limit = check.kind === 'exec' ? this.execLimit : this.limit;
    const context = {
      target,
      timeoutMs: Math.max(1, timeoutMs),
      signal: stopping.signal,
      stops,
      engine: this.deps.engine,
    };
    try {
      return await limit(async () =>
        stopping.signal.aborted ? unknown('not asked any more') : checker(check, context),
      );
    } catch (thrown) {
      return unknown(messageOf(thrown));
    }
  }

  /** Another verdict: on the disk, to the manager, and to those who listen to events. */
  private judge(id: string, name: ProbeName, verdict: Verdict): void {
    const { files, observer, clock, logger } = this.deps;
    const [holding, observed] = [files.get(id), observer.picture.find(id)];
    if (holding?.kind !== 'hold' || observed === undefined) return;
    const before = healthOf(observed);
    const probed = judged(probedNow(holding, observed), name, verdict, clock.now(), Math.random);
    const written = files.setProbed(id, probed);
    const said = verdict.results.at(-1)?.said ?? '';
    logger.info({ container: id, name: observed.name, probe: name, health: verdict.health, said }, 'probe');
    if (name === 'readiness' || verdict.health !== 'unhealthy') {
      this.tell(id, observed, before);
      return;
    }
    // First on the disk, so that no restart goes uncounted.
    void written.then(() => {
      this.tell(id, observed, before);
      this.deps.onDead(id);
    });
  }

  private tell(id: string, { engineId }: ObservedContainer, before: ReturnType<typeof healthOf>): void {
    const { observer, clock } = this.deps;
    observer.picture.regenerate(engineId);
    const now = observer.picture.find(id);
    if (now === undefined || now.state.health !== 'none') return;
    const after = healthOf(now);
    if (after !== before && (after === 'healthy' || after === 'unhealthy'))
      this.deps.onEvent(healthEvent(now, after, fineTime(clock)));
  }

  /** Liveness by the engine's own health check: its word is the verdict. */
  private takeEngines(holding: Hold, probes: Probes, observed: ObservedContainer): void {
    if (probes.liveness?.check.kind !== 'image') return;
    const { health } = observed.state;
    const known = probedNow(holding, observed).liveness;
    if (known === undefined || known.health === health || health === 'none' || health === 'starting') return;
    const at = this.deps.clock.now();
    const said = oneLine(`its health check: ${health}`);
    const result = { at, ms: 0, ok: health === 'healthy', said };
    this.judge(holding.assignment.id, 'liveness', { health, since: at, results: [result] });
  }

  /** Where it is reached is found out once, and again after each failure. */
  private targetOf(observed: ObservedContainer): Target {
    const { engineId, clusterId = '' } = observed;
    const { picture, networks } = this.deps.observer;
    const known = {
      container: (id: string) => picture.containers.get(id),
      network: (id: string) => networks.get(id),
    };
    let found: string | undefined;
    return {
      engineId,
      address: async () => {
        if (found !== undefined) return found;
        const way = wayTo(picture.find(clusterId) ?? observed, known);
        found = way.kind === 'address' ? way.address : await this.gateways.of(way.engineId);
        return found;
      },
      lost: () => {
        found = undefined;
      },
    };
  }
}

function healthEvent(
  { engineId, name, image, labels }: ObservedContainer,
  health: 'healthy' | 'unhealthy',
  at: number,
): EngineEvent {
  const action = `health_status: ${health}`;
  return {
    ...{ status: action, id: engineId, from: image, scope: 'local' },
    ...{ Type: 'container', Action: action, Actor: { ID: engineId, Attributes: { ...labels, image, name } } },
    time: Math.floor(at / 1000),
    timeNano: Math.round(at * 1e6),
  };
}
