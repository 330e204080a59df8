import { setMaxListeners } from 'node:events';
import type { Clock } from '../../kit/clock.ts';
import { BerthError, messageOf } from '../../kit/errors.ts';
import type { Logger } from '../../kit/logger.ts';
import type { HostFailover, HostTrust } from '../../model/host.ts';
import { say } from '../../model/said/index.ts';
import { seenOn } from '../../store/seen.ts';
import { settingsOf } from '../../store/settings.ts';
import type { Change, ChangeSet, ReadTx, Store } from '../../store/store.ts';
import { type Candidate, type Move, planMoves, type Stay } from '../plan/moves.ts';
import { failsOver, hasEnded, isFenced } from '../plan/policy.ts';
import { trustAt, trustWhenBack, trustWhenDown } from '../plan/trust.ts';
import { type HostSign, type Judgement, judge, NOTHING_VANISHED, type Vanished } from '../plan/vanished.ts';
import { assign, hostName, type MoveEvent, moveEvent } from './cluster-words.ts';
import { forgetCopy, type HostChooser, planned, Workbench } from './workbench.ts';

export type NodeFailoverDeps = Readonly<{
  store: Store;
  placer: HostChooser;
  clock: Clock;
  logger: Logger;
  /** Resolves once the container's host has acted on the generation; rejects with `engine` where it refused. */
  settled(containerId: string, generation: number, signal: AbortSignal): Promise<unknown>;
  /** Tells of something that happened on a host. */
  tell(hostId: string, event: MoveEvent): void;
}>;

/** Containers that get a host in one transaction; the next ones come after others had their turn. */
const BATCH = 500;
/** After what may have made room, before those that wait are tried again: many changes come together. */
const RETRY_MS = 500;
/** A host that refused a container is not asked again before this. */
const REFUSED_MS = 300_000;
/**
 * A look goes over all hosts, and each host that comes or goes asks for one: after it so many times what it took passes
 * before the next, or ten thousand hosts that come would be looked at ten thousand times.
 */
const REST = 4;
const MAX_REST_MS = 500;
/** Reasons are shown for so many of a host's containers. */
const NAMED = 50;

/**
 * Moves containers with a fail-over policy away from hosts that are down, says what cannot be moved, and lets hosts which
 * fail again and again rest. Acts when the store changes; what it decides is in one transaction, so that a manager which
 * is killed at any moment has moved a container or has not.
 */
export class NodeFailover {
  private readonly startedAt: number;
  private vanished: Vanished = NOTHING_VANISHED;
  private failed: ReadonlySet<string> = new Set();
  /** Failed hosts whose failure was counted: they were heard before. */
  private readonly counted = new Set<string>();
  private waiting = false;
  private held = false;
  private readonly refusals = new Map<string, Map<string, Readonly<{ at: number; reason: string }>>>();
  private readonly stop = new AbortController();
  private readonly unwatch: () => void;
  private dueAt = Number.POSITIVE_INFINITY;
  private restsUntil = 0;
  private wakeUp = new AbortController();
  private running = false;
  private again = false;

  constructor(private readonly deps: NodeFailoverDeps) {
    this.startedAt = deps.clock.now();
    // Every container that moves waits for its result with it.
    setMaxListeners(0, this.stop.signal);
    // A manager that starts while they are away must not forgive them.
    for (const { id, away } of deps.store.view((tx) => [...tx.all('hostTrust')]))
      if (away === true) this.counted.add(id);
    this.unwatch = deps.store.watch((set) => this.onChange(set));
    this.kick(0);
  }

  /**
   * An operator says that the host is gone though others vanished with it: its containers move.
   * @throws BerthError `not_found`; `conflict` where it is not down
   */
  release(hostId: string): void {
    const [name, state] = this.deps.store.view((tx) => [
      tx.get('hosts', hostId)?.name,
      tx.get('hostStatus', hostId)?.state,
    ]);
    if (name === undefined) throw new BerthError('not_found', `there is no host "${hostId}"`);
    if (state !== 'down')
      throw new BerthError(
        'conflict',
        `host ${name} is ${state ?? 'pending'}, not down: nothing fails over`,
        {
          hint: `"berth node drain ${name}" moves containers away from a host that works`,
        },
      );
    this.vanished = { ...this.vanished, released: new Set([...this.vanished.released, hostId]) };
    this.kick(0);
  }

  close(): void {
    this.unwatch();
    this.stop.abort(new Error('the manager is stopping'));
    this.wakeUp.abort(this.stop.signal.reason);
  }

  private onChange({ changes }: ChangeSet): void {
    let ms = Number.POSITIVE_INFINITY;
    for (const change of changes) ms = Math.min(ms, this.dueAfter(change));
    if (ms !== Number.POSITIVE_INFINITY) this.kick(ms);
  }

  /** How soon to look again after a change, milliseconds. */
  private dueAfter(change: Change): number {
    const retry = this.waiting ? RETRY_MS : Number.POSITIVE_INFINITY;
    switch (change.table) {
      case 'hostStatus': {
        const { before, after } = change;
        const same =
          before?.state === after?.state &&
          before?.silent === after?.silent &&
          before?.confirmed === after?.confirmed;
        return same ? Number.POSITIVE_INFINITY : 0;
      }
      case 'hosts':
      case 'settings':
        return 0;
      case 'hostTrust':
      case 'observedImages':
        return retry;
      case 'containers': {
        const { before, after } = change;
        if (after !== undefined && this.failed.has(after.assigned.hostId)) return 0;
        return before?.assigned.hostId === after?.assigned.hostId ? Number.POSITIVE_INFINITY : retry;
      }
      default:
        return Number.POSITIVE_INFINITY;
    }
  }

  /** Looks again in `ms`, or sooner where it is to look sooner anyway. */
  private kick(ms: number): void {
    const { clock } = this.deps;
    const now = clock.now();
    // A clock that was set back must not make it rest for longer.
    const rest = Math.min(Math.max(0, this.restsUntil - now), MAX_REST_MS);
    const wait = Math.max(ms, rest);
    // Not by the wall clock: one that is set forward would have this time passed already, and nobody would look.
    const at = performance.now() + wait;
    if (this.stop.signal.aborted || this.dueAt <= at) return;
    this.dueAt = at;
    this.wakeUp.abort(new Error('sooner'));
    this.wakeUp = new AbortController();
    const { signal } = this.wakeUp;
    const due =
      wait === 0 ? new Promise<void>((resolve) => setImmediate(resolve)) : clock.sleep(wait, signal);
    due.then(
      () => {
        if (signal.aborted) return;
        this.dueAt = Number.POSITIVE_INFINITY;
        void this.run();
      },
      // Another time was set, or the manager is stopping.
      () => undefined,
    );
  }

  private async run(): Promise<void> {
    if (this.running) {
      this.again = true;
      return;
    }
    this.running = true;
    try {
      await this.look();
    } catch (thrown) {
      this.deps.logger.error({ error: messageOf(thrown) }, 'fail-over could not act; it is tried again');
      this.kick(1_000);
    } finally {
      this.running = false;
      if (this.again) {
        this.again = false;
        this.kick(0);
      }
    }
  }

  private async look(): Promise<void> {
    const { store, clock } = this.deps;
    const now = clock.now();
    const judgement = store.view((tx) =>
      judge({
        now,
        startedAt: this.startedAt,
        signs: signsOf(tx),
        before: this.vanished,
        limits: settingsOf(tx),
      }),
    );
    const looked = clock.now() - now;
    this.vanished = judgement.after;
    this.failed = new Set(judgement.failed);
    if (judgement.nextAt !== undefined) this.kick(Math.max(1, judgement.nextAt - now));
    this.sayHeld(judgement);
    this.writeTrust(now);
    const { moves, stays, more } = this.plan(now);
    // Right after the plan, with nothing in between: what it saw is what is.
    const moved = moves.length === 0 ? Promise.resolve([]) : this.move(moves, now);
    const before = clock.now();
    const said = this.say(judgement, stays, now);
    const done = clock.now();
    // Choosing hosts for containers is no reason to rest: the next ones wait for it.
    this.restsUntil = done + REST * (looked + done - before);
    this.follow(await moved, now);
    await said;
    if (more) this.kick(0);
    else if (this.waiting && this.refusals.size > 0) this.kick(REFUSED_MS);
  }

  /** Hosts for containers with a policy on hosts that have failed; writes nothing. */
  private plan(now: number): { moves: readonly Move[]; stays: readonly Stay[]; more: boolean } {
    const candidates: Candidate[] = [];
    const stays: Stay[] = [];
    this.deps.store.view((tx) => {
      for (const hostId of this.failed) {
        const { lastHeardAt = 0, confirmed = false } = tx.get('hostStatus', hostId) ?? {};
        for (const record of tx.by('containers', 'host', hostId)) {
          const { id, name, desired, assigned } = record;
          if (desired.state !== 'running' && desired.state !== 'created' && desired.state !== 'paused')
            continue;
          // Who moves it takes it back first.
          if (assigned.moving !== undefined || !failsOver(desired.spec)) continue;
          // A cut-off host stops it by itself, and not sooner than its lease says.
          if (confirmed && isFenced(desired.spec)) continue;
          const seen = seenOn(tx, id, hostId);
          if (hasEnded(record, seen, lastHeardAt)) {
            stays.push({ id, name, from: hostId, reason: say('hosts.stay.ended') });
          } else candidates.push({ id, name, from: hostId });
        }
      }
    });
    if (candidates.length === 0) return { moves: [], stays, more: false };
    const batch = candidates.slice(0, BATCH);
    const made = planned(this.deps.store, (tx) => {
      const bench = new Workbench(tx, this.deps.placer, this.refusersOf(batch, now));
      bench.lift(batch.map(({ id }) => id));
      return planMoves(batch, bench);
    });
    const refused = made.stays.map((stay) => ({ ...stay, reason: this.withRefusals(stay) }));
    // Those that found no room do not keep the ones behind them from being looked at.
    const rest = candidates.slice(BATCH);
    return {
      moves: made.moves,
      stays: [...stays, ...refused, ...(made.moves.length > 0 ? [] : this.unseen(rest))],
      more: rest.length > 0 && made.moves.length > 0,
    };
  }

  private unseen(rest: readonly Candidate[]): readonly Stay[] {
    return rest.map((one) => ({ ...one, reason: say('hosts.stay.behind') }));
  }

  private async move(
    moves: readonly Move[],
    now: number,
  ): Promise<readonly (Move & { generation: number })[]> {
    const { store, logger } = this.deps;
    const done = await store.update((tx) =>
      moves.flatMap((move) => {
        const record = tx.get('containers', move.id);
        if (record === undefined || record.assigned.hostId !== move.from) return [];
        forgetCopy(tx, record, move.from);
        const generation = assign(tx, record, { hostId: move.to, at: now });
        const names = { from: hostName(tx, move.from), to: hostName(tx, move.to) };
        return [{ ...move, generation, names }];
      }),
    );
    for (const { id, name, to, names } of done) {
      logger.info({ container: name, ...names }, 'failed over');
      this.deps.tell(to, moveEvent('failover', { id, name }, { from: names.from, to: names.to }, now));
    }
    return done;
  }

  /** Where the new host's engine refuses the container, another one is looked for. */
  private follow(moves: readonly (Move & { generation: number })[], now: number): void {
    for (const { id, name, to, generation } of moves) {
      this.deps.settled(id, generation, this.stop.signal).then(
        () => this.refusals.delete(id),
        (thrown: unknown) => {
          const status = thrown instanceof BerthError && thrown.code === 'engine' ? thrown.status : undefined;
          // 503: the agent goes on trying by itself. Everything else but the engine's own word is no refusal.
          if (status === undefined || status === 503) return;
          this.onRefused({ id, name, to, generation, reason: messageOf(thrown) }, now).catch((failure) =>
            this.deps.logger.error({ container: name, error: messageOf(failure) }, 'refusal not handled'),
          );
        },
      );
    }
  }

  private async onRefused(
    refused: Readonly<{ id: string; name: string; to: string; generation: number; reason: string }>,
    at: number,
  ): Promise<void> {
    const { id, name, to, generation, reason } = refused;
    const { store, logger, clock } = this.deps;
    logger.warn({ container: name, host: to, error: reason }, 'refused after fail-over');
    const known = this.refusals.get(id) ?? new Map();
    this.refusals.set(id, known.set(to, { at, reason }));
    const plan = planned(store, (tx) => {
      const record = tx.get('containers', id);
      if (record?.desired.generation !== generation || record.assigned.hostId !== to) return undefined;
      const bench = new Workbench(tx, this.deps.placer, this.refusersOf([{ id }], clock.now()));
      bench.lift([id]);
      return planMoves([{ id, name, from: to }], bench);
    });
    const now = clock.now();
    if (plan === undefined) return;
    if (plan.moves.length > 0) {
      this.follow(await this.move(plan.moves, now), now);
      return;
    }
    const why = `${reason}; ${plan.stays[0]?.reason ?? ''}`;
    this.deps.tell(to, moveEvent('failover-waits', { id, name }, { reason: why }, now));
  }

  private refusersOf(
    batch: readonly Pick<Candidate, 'id'>[],
    now: number,
  ): ReadonlyMap<string, ReadonlySet<string>> {
    const result = new Map<string, ReadonlySet<string>>();
    for (const { id } of batch) {
      const hosts = [...(this.refusals.get(id) ?? [])].filter(([, { at }]) => now - at < REFUSED_MS);
      if (hosts.length > 0) result.set(id, new Set(hosts.map(([hostId]) => hostId)));
    }
    return result;
  }

  private withRefusals({ id, reason }: Stay): string {
    const said = [...(this.refusals.get(id)?.values() ?? [])].map((one) => one.reason);
    return [reason, ...said].join('; ');
  }

  private sayHeld({ share, held }: Judgement): void {
    const now = share !== undefined && held.length > 0;
    if (now && !this.held) {
      const { vanished, hosts } = share;
      this.deps.logger.warn({ vanished, hosts }, 'too many hosts vanished at once: nothing fails over');
    }
    if (!now && this.held) this.deps.logger.info({}, 'enough hosts are back: fail-over goes on');
    this.held = now;
  }

  /** Counts failures, and lets a host that came back too often rest. */
  private writeTrust(now: number): void {
    const { store } = this.deps;
    const changed = store.view((tx) => {
      const list: HostTrust[] = [];
      const ended: HostTrust[] = [];
      for (const trust of tx.all('hostTrust')) {
        const after = trustAt(trust, now);
        if (after !== trust) ended.push(after);
        else if (trust.restUntil > 0) this.kick(Math.max(1, trust.restUntil - now));
      }
      for (const hostId of this.failed) {
        const heard = (tx.get('hostStatus', hostId)?.lastHeardAt ?? 0) > 0;
        if (!heard || this.counted.has(hostId)) continue;
        this.counted.add(hostId);
        list.push(trustWhenDown(tx.get('hostTrust', hostId), hostId, now));
      }
      for (const hostId of this.counted) {
        if (tx.get('hostStatus', hostId)?.state !== 'ready') continue;
        this.counted.delete(hostId);
        const trust = trustWhenBack(tx.get('hostTrust', hostId), hostId, now);
        list.push(trust);
        if (trust.restUntil > 0) this.kick(trust.restUntil - now);
      }
      const gone = [...tx.all('hostTrust')].filter(({ id }) => tx.get('hosts', id) === undefined);
      return { put: [...ended, ...list], gone };
    });
    if (changed.put.length + changed.gone.length === 0) return;
    // Not waited for by the moves: a full disk must not keep them waiting for a note.
    const written = store.update((tx) => {
      for (const trust of changed.put)
        if (tx.get('hosts', trust.id) !== undefined) tx.put('hostTrust', trust);
      for (const { id } of changed.gone) tx.delete('hostTrust', id);
    });
    written.catch((thrown) =>
      this.deps.logger.error({ error: messageOf(thrown) }, 'trust in hosts not written'),
    );
  }

  /** Writes what there is to say of hosts that are down, where it has changed. */
  private async say(judgement: Judgement, stays: readonly Stay[], now: number): Promise<void> {
    const { store } = this.deps;
    const { share } = judgement;
    this.waiting = stays.length > 0;
    const records = new Map<string, HostFailover>();
    for (const id of judgement.held) {
      const reason = say('hosts.held', { gone: share?.vanished ?? 0, all: share?.hosts ?? 0 });
      records.set(id, { kind: 'host-failover', id, held: true, reason, waiting: [] });
    }
    for (const id of judgement.failed) {
      const own = stays.filter(({ from }) => from === id);
      if (own.length === 0) continue;
      const [first] = own;
      const { name = '', reason: why = '' } = first ?? {};
      const reason = say(`hosts.stays.${own.length === 1 ? 'one' : 'many'}`, { n: own.length, name, why });
      const waiting = own
        .slice(0, NAMED)
        .map((stay) => ({ id: stay.id, name: stay.name, reason: stay.reason }));
      records.set(id, { kind: 'host-failover', id, held: false, reason, waiting });
    }
    const before = store.view((tx) => new Map([...tx.all('hostFailovers')].map((one) => [one.id, one])));
    const put = [...records.values()].filter(
      (one) => JSON.stringify(before.get(one.id)) !== JSON.stringify(one),
    );
    const gone = [...before.keys()].filter((id) => !records.has(id));
    if (put.length + gone.length === 0) return;
    for (const { id, waiting } of put) {
      const known = new Set(before.get(id)?.waiting.map((one) => one.id));
      for (const one of waiting) {
        if (known.has(one.id)) continue;
        this.deps.logger.warn({ container: one.name, reason: one.reason }, 'not failed over');
        this.deps.tell(id, moveEvent('failover-waits', one, { reason: one.reason }, now));
      }
    }
    await store.update((tx) => {
      for (const one of put) tx.put('hostFailovers', one);
      for (const id of gone) tx.delete('hostFailovers', id);
    });
  }
}

function signsOf(tx: ReadTx): HostSign[] {
  return [...tx.all('hosts')].map(({ id, joinedAt }) => {
    const status = tx.get('hostStatus', id);
    const { state = 'pending', silent = false, lastHeardAt = 0 } = status ?? {};
    return { id, state, silent, heard: lastHeardAt > 0, joinedAt };
  });
}
