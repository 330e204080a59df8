import type { Clock } from '../../kit/clock.ts';
import { BerthError, messageOf } from '../../kit/errors.ts';
import type { Logger } from '../../kit/logger.ts';
import type { Container } from '../../model/container.ts';
import { serviceKey } from '../../model/deployment.ts';
import type { Host } from '../../model/host.ts';
import { say } from '../../model/said/index.ts';
import { placementRequest, serviceOf } from '../../scheduler/request.ts';
import { resourcesOf } from '../../scheduler/resources.ts';
import { seenOn } from '../../store/seen.ts';
import { settingsOf } from '../../store/settings.ts';
import type { ReadTx, Store } from '../../store/store.ts';
import { batchesOf } from '../plan/batches.ts';
import { whyNotMovable } from '../plan/movable.ts';
import { type Candidate, type Move, type MovePlan, planMoves, type Stay } from '../plan/moves.ts';
import { planRebalance, type Weighted } from '../plan/rebalance.ts';
import { conditionOf } from '../plan/services/member.ts';
import type { Mover } from './mover.ts';
import { type HostChooser, planned, Workbench } from './workbench.ts';

/** How far a drain or a rebalance has come. */
export type MoveJob = Readonly<{
  state: 'running' | 'done';
  /** Not begun yet, or under way. */
  waiting: readonly Move[];
  moved: readonly Move[];
  /** Those that stay, and why. */
  stays: readonly Stay[];
}>;

export type PlannedMovesDeps = Readonly<{
  store: Store;
  placer: HostChooser;
  mover: Pick<Mover, 'move'>;
  clock: Clock;
  logger: Logger;
}>;

/** Containers between two hosts at once. */
const AT_ONCE = 8;
const REBALANCE = 'rebalance';

/**
 * What operators ask for: hosts emptied, hosts levelled. One after the other, in batches which take no more of a service
 * at once than one container; the next batch waits until the one before runs. Ends with the manager.
 */
export class PlannedMoves {
  private readonly jobs = new Map<string, MoveJob>();
  private queue: Promise<unknown> = Promise.resolve();
  private closed = false;

  constructor(private readonly deps: PlannedMovesDeps) {}

  /**
   * Where the containers of the host would go now; nothing is changed.
   * @param without hosts that take nothing either
   * @throws BerthError as `drain`
   */
  planDrain(hostId: string, without: readonly string[] = []): MovePlan {
    return planned(this.deps.store, (tx) => {
      readyHost(tx, hostId);
      const all = [...tx.by('containers', 'host', hostId)]
        .filter((record) => !isLeft(tx, record))
        .sort(byName)
        .map((record) => judged(tx, record));
      const candidates = all.filter(isCandidate);
      const bench = new Workbench(tx, this.deps.placer);
      for (const closed of [hostId, ...without]) bench.close(closed);
      bench.lift(candidates.map(({ id }) => id));
      const plan = planMoves(
        candidates.map((one) => ({ ...one, follows: followedBy(tx, tx.get('containers', one.id)) })),
        bench,
      );
      return { moves: plan.moves, stays: [...all.filter(isStay), ...plan.stays] };
    });
  }

  /**
   * Cordons the host and begins to empty it; where that is under way already it goes on. `uncordon` breaks it off, and so does
   * what leaves the host cordoned alone.
   * @throws BerthError `not_found`; `conflict` where the host is not ready
   */
  async drain(hostId: string): Promise<MoveJob> {
    const running = this.jobs.get(hostId);
    if (running?.state === 'running') return running;
    await this.deps.store.update((tx) => {
      const host = readyHost(tx, hostId);
      if (!host.cordoned || host.drained !== true)
        tx.put('hosts', { ...host, cordoned: true, drained: true });
    });
    const isDrained = () => {
      const { cordoned, drained } = this.deps.store.view((tx) => tx.get('hosts', hostId)) ?? {};
      return cordoned === true && drained === true;
    };
    return this.begin(hostId, this.planDrain(hostId), isDrained);
  }

  /** The last drain of the host since the manager started. */
  drainJob(hostId: string): MoveJob | undefined {
    return this.jobs.get(hostId);
  }

  /**
   * The fewest moves that level the hosts; nothing is changed.
   * @throws BerthError `conflict` where the cluster's strategy fills hosts rather than level them
   */
  planRebalance(): MovePlan {
    return planned(this.deps.store, (tx) => {
      if (settingsOf(tx).strategy === 'binpack')
        throw new BerthError(
          'conflict',
          'the strategy binpack fills hosts one by one: there is nothing to level',
          {
            hint: 'set another one: berth settings set strategy=spread',
          },
        );
      const hosts = [...tx.all('hosts')].filter((host) => takesContainers(tx, host));
      const loads = new Map(hosts.map(({ id }) => [id, 0]));
      const weighted: Weighted[] = [];
      for (const { id } of hosts) {
        const managed = [...tx.by('containers', 'host', id)];
        const ids = new Set(managed.map((one) => one.id));
        let load = 0;
        for (const seen of tx.by('observedContainers', 'host', id))
          if (!ids.has(seen.clusterId ?? '')) load += 1;
        for (const record of managed) {
          const weight = loadOf(tx, record, id);
          load += weight;
          const { reason: fixed, ...one } = { reason: undefined, ...judged(tx, record) };
          weighted.push({ ...one, load: weight, fixed, follows: followedBy(tx, record) });
        }
        loads.set(id, load);
      }
      return planRebalance(weighted, loads, new Workbench(tx, this.deps.placer));
    });
  }

  /** Begins to level the hosts; where that is under way already it goes on. @throws BerthError as `planRebalance` */
  rebalance(): MoveJob {
    const running = this.jobs.get(REBALANCE);
    if (running?.state === 'running') return running;
    return this.begin(REBALANCE, this.planRebalance(), () => true);
  }

  /** The last rebalance since the manager started. */
  rebalanceJob(): MoveJob | undefined {
    return this.jobs.get(REBALANCE);
  }

  /** Nothing new is begun. */
  close(): void {
    this.closed = true;
  }

  private begin(key: string, { moves, stays }: MovePlan, wanted: () => boolean): MoveJob {
    const job: MoveJob = { state: 'running', waiting: moves, moved: [], stays };
    this.jobs.set(key, job);
    this.deps.logger.info({ job: key, containers: moves.length }, 'moving containers');
    this.queue = this.queue
      .then(() => this.run(key, wanted))
      .catch((thrown) => {
        this.deps.logger.error({ job: key, error: messageOf(thrown) }, 'moves broken off');
        this.end(key, messageOf(thrown));
      });
    return job;
  }

  private async run(key: string, wanted: () => boolean): Promise<void> {
    const { store, mover } = this.deps;
    const { waiting } = this.jobs.get(key) as MoveJob;
    const byService = waiting.map((move) => ({ ...move, service: serviceIn(store, move.id) }));
    for (const batch of batchesOf(byService, AT_ONCE)) {
      if (this.closed || !wanted()) break;
      const now = this.planNow(batch, key !== REBALANCE);
      const outcomes = await Promise.all(
        now.moves.map(async (move) => ({ move, reason: await mover.move(move) })),
      );
      const job = this.jobs.get(key) as MoveJob;
      const ids = new Set(batch.map(({ id }) => id));
      const moved = outcomes.flatMap(({ move, reason }) => (reason === undefined ? [move] : []));
      const refused = outcomes.flatMap(({ move, reason }) =>
        reason === undefined ? [] : [stay(move, reason)],
      );
      this.jobs.set(key, {
        ...job,
        waiting: job.waiting.filter(({ id }) => !ids.has(id)),
        moved: [...job.moved, ...moved],
        stays: this.thatStay(key, [...job.stays, ...now.stays, ...refused]),
      });
    }
    this.end(key, say('moves.brokenOff'));
  }

  /** What was planned a while ago, as it can be done now: to where it was said, as long as there is room. */
  private planNow(batch: readonly Move[], orElsewhere: boolean): MovePlan {
    return planned(this.deps.store, (tx) => {
      const moves: Move[] = [];
      const stays: Stay[] = [];
      const bench = new Workbench(tx, this.deps.placer);
      for (const { id, name, from, to, round } of batch) {
        const move = { id, name, from, to, round };
        const record = tx.get('containers', id);
        if (record === undefined || isGoing(record)) continue;
        const one = judged(tx, record);
        if (one.from !== from) stays.push(stay(move, say('moves.others')));
        else if (isStay(one)) stays.push(one);
        else {
          bench.lift([id]);
          let answer = bench.placeOn(id, to);
          if ('refusal' in answer && orElsewhere) answer = bench.place(id);
          if ('hostId' in answer && answer.hostId !== from) {
            moves.push({ ...move, to: answer.hostId });
            continue;
          }
          stays.push(stay(move, 'refusal' in answer ? answer.refusal : say('moves.better')));
        }
        bench.putBack(id, record.assigned.hostId);
      }
      return { moves, stays };
    });
  }

  private end(key: string, reason: string): void {
    const job = this.jobs.get(key) as MoveJob;
    const left = job.waiting.map((move) => stay(move, reason));
    const stays = this.thatStay(key, [...job.stays, ...left]);
    this.jobs.set(key, { ...job, state: 'done', waiting: [], stays });
  }

  /** Without those that were removed meanwhile, or are being removed; of a drain, without those that have left its host. */
  private thatStay(key: string, stays: readonly Stay[]): readonly Stay[] {
    return this.deps.store.view((tx) =>
      stays.filter(({ id, from }) => {
        const record = tx.get('containers', id);
        if (record === undefined || isGoing(record)) return false;
        const { hostId, moving } = record.assigned;
        return key === REBALANCE || hostId === from || moving?.hostId === from;
      }),
    );
  }
}

function stay({ id, name, from }: Move, reason: string): Stay {
  return { id, name, from, reason };
}

function byName(a: Container, b: Container): number {
  return a.name < b.name ? -1 : 1;
}

function judged(tx: ReadTx, record: Container): Candidate | Stay {
  const { id, name, assigned } = record;
  const candidate = { id, name, from: assigned.hostId };
  const copies = [...tx.by('observedContainers', 'clusterId', id)];
  const reason = whyNotMovable(
    record,
    copies.find(({ hostId }) => hostId === assigned.hostId),
  );
  return reason === undefined ? candidate : { ...candidate, reason };
}

/** A drain has nothing to do with it: its service takes it away, or it is a run that is over and kept for its log. */
function isLeft(tx: ReadTx, record: Container): boolean {
  const { id, service, assigned } = record;
  if (service === undefined) return false;
  if (service.leaving === true) return true;
  const spec = tx.get('services', serviceKey(service.stack, service.name))?.service;
  if (spec?.scale.kind === 'global') return true;
  if (spec === undefined) return false;
  const seen = seenOn(tx, id, assigned.hostId);
  if (spec.runs.kind === 'service') return conditionOf(record, seen, 'service').state === 'ended';
  return seen?.state.status === 'exited';
}

/** It is being removed, or its service takes it away. */
function isGoing({ desired, service }: Container): boolean {
  return desired.state === 'removed' || service?.leaving === true;
}

function isStay(one: Candidate | Stay): one is Stay {
  return 'reason' in one;
}

function isCandidate(one: Candidate | Stay): boolean {
  return !isStay(one);
}

/** IDs of the containers whose host is the only one that will do for this one. */
function followedBy(tx: ReadTx, record: Container | undefined): readonly string[] {
  if (record === undefined) return [];
  const { name, desired } = record;
  let refs: readonly string[];
  try {
    const { dependencies, affinities } = placementRequest(name, desired.spec);
    const tied = affinities.filter(({ key, soft, negated }) => key === 'container' && !soft && !negated);
    refs = [...dependencies.map(({ ref }) => ref), ...tied.flatMap(({ literal }) => literal ?? [])];
  } catch (thrown) {
    // Written by a release with laxer rules: the scheduler refuses to move it, with the reason.
    if (thrown instanceof BerthError) return [];
    throw thrown;
  }
  return refs.flatMap((given) => {
    // Docker users may name a container by its host as well: `h1/db`.
    const ref = given.slice(given.lastIndexOf('/') + 1);
    const [leader] = [tx.get('containers', ref), ...tx.by('containers', 'name', ref)].filter(Boolean);
    return leader === undefined ? [] : [leader.id];
  });
}
/** Where what is on it can be stopped. @throws BerthError `not_found`, `conflict` */
function readyHost(tx: ReadTx, hostId: string): Host {
  const host = tx.get('hosts', hostId);
  if (host === undefined) throw new BerthError('not_found', `there is no host "${hostId}"`);
  const state = tx.get('hostStatus', hostId)?.state ?? 'pending';
  if (state === 'ready') return host;
  throw new BerthError('conflict', `host ${host.name} is ${state}: what is on it cannot be stopped there`, {
    hint: 'a host that is down loses its containers with a fail-over policy by itself; name the others to drain them',
  });
}

function takesContainers(tx: ReadTx, host: Host): boolean {
  const rests = (tx.get('hostTrust', host.id)?.restUntil ?? 0) > 0;
  return !host.cordoned && !rests && tx.get('hostStatus', host.id)?.state === 'ready';
}

/** One for the container itself, and one for each hundredth of its host that it has asked for. */
function loadOf(tx: ReadTx, record: Container, hostId: string): number {
  const engine = tx.get('hostStatus', hostId)?.engine;
  const asked = resourcesOf(record.desired.spec.HostConfig ?? {});
  const cpu = engine === undefined || engine.cpus === 0 ? 0 : asked.cpuMilli / (engine.cpus * 1000);
  const memory = engine === undefined || engine.memory === 0 ? 0 : asked.memory / engine.memory;
  return 1 + 100 * Math.max(cpu, memory);
}

function serviceIn(store: Store, id: string): string | undefined {
  return store.view((tx) => serviceOf(tx.get('containers', id)?.desired.spec.Labels ?? {}).service);
}
