import type { Clock } from '../../kit/clock.ts';
import { messageOf } from '../../kit/errors.ts';
import { linkedSignal } from '../../kit/linked-signal.ts';
import type { Logger } from '../../kit/logger.ts';
import type { Container } from '../../model/container.ts';
import { say } from '../../model/said/index.ts';
import { settingsOf } from '../../store/settings.ts';
import type { Store, WriteTx } from '../../store/store.ts';
import type { Move } from '../plan/moves.ts';
import { assign, hostName, type MoveEvent, moveEvent } from './cluster-words.ts';
import { isRouted, ROUTERS_MS } from './leaving.ts';

export type MoverDeps = Readonly<{
  store: Store;
  clock: Clock;
  logger: Logger;
  /** Resolves once the container's host has acted on the generation; rejects where it refused or is not there. */
  settled(containerId: string, generation: number, signal: AbortSignal): Promise<unknown>;
  /** Of a container that leaves: no router leads to it any more, and no request of it is under way. */
  isOut(containerId: string): boolean;
  tell(hostId: string, event: MoveEvent): void;
}>;

/** Why a container is where it was. */
class NotMoved extends Error {}

/**
 * Moves containers between hosts that work. Routers leave the old copy before it is stopped, with the container's own grace;
 * the new one starts only after that. The old one is kept until the new one runs, and is started again where the new host
 * refuses.
 */
export class Mover {
  private readonly stop = new AbortController();

  constructor(private readonly deps: MoverDeps) {}

  /** Takes back what a manager that ended in the middle has left: each container is on the host where it was. */
  async takeBack(): Promise<void> {
    const { store, clock, logger } = this.deps;
    const back = await store.update((tx) => {
      const phases = ['drain', 'stop', 'start'];
      const under = phases.flatMap((phase) => [...tx.by('containers', 'moving', phase)]);
      for (const record of under) goBack(tx, record, clock.now());
      return under.map(({ name }) => name);
    });
    if (back.length > 0) logger.info({ containers: back }, 'moves of an earlier run taken back');
  }

  /** @returns why it is where it was, in one sentence; undefined where it has moved */
  async move(move: Move): Promise<string | undefined> {
    const { id, name, from, to } = move;
    const { store, clock, logger } = this.deps;
    const [source, target] = store.view((tx) => [hostName(tx, from), hostName(tx, to)]);
    try {
      const drains = await this.leaveRouters(move);
      if (drains) await this.untilOut(move);
      await this.act(id, (record) => {
        if (drains) this.expect(record, from, to, 'drain');
        else this.expectStill(record, from);
        return { hostId: from, at: record.assigned.at, moving: { hostId: to, phase: 'stop' } };
      });
      await this.act(id, (record) => {
        this.expect(record, from, to, 'stop');
        return { hostId: to, at: clock.now(), moving: { hostId: from, phase: 'start' } };
      });
      await store.update((tx) => {
        const record = tx.get('containers', id);
        if (record === undefined) return;
        this.expect(record, to, from, 'start');
        tx.put('containers', { ...record, assigned: { hostId: to, at: record.assigned.at } });
      });
    } catch (thrown) {
      const refusal = thrown instanceof NotMoved ? thrown.message : `${target}: ${messageOf(thrown)}`;
      if (this.stop.signal.aborted) return refusal;
      if (store.view((tx) => tx.get('containers', id)) === undefined) {
        logger.info({ container: name, from: source, to: target }, 'removed while it was moved');
        return say('moves.removed');
      }
      const failure = await this.back(id, from, to);
      const reason =
        failure === undefined ? refusal : `${refusal}; ${say('moves.back', { host: source, why: failure })}`;
      logger.warn({ container: name, from: source, to: target, error: reason }, 'not moved');
      this.deps.tell(
        from,
        moveEvent('move-back', { id, name }, { from: source, to: target, reason }, clock.now()),
      );
      return reason;
    }
    logger.info({ container: name, from: source, to: target }, 'moved');
    this.deps.tell(to, moveEvent('move', { id, name }, { from: source, to: target }, clock.now()));
    return undefined;
  }

  /** What is under way is taken back by the next start. */
  close(): void {
    this.stop.abort(new Error('the manager is stopping'));
  }

  /** False where none leads to it. Its host has nothing to do: the generation stays. */
  private leaveRouters({ id, from, to }: Move): Promise<boolean> {
    return this.deps.store.update((tx) => {
      const record = tx.get('containers', id);
      if (record === undefined || !isRouted(tx, record)) return false;
      this.expectStill(record, from);
      const { assigned } = record;
      tx.put('containers', { ...record, assigned: { ...assigned, moving: { hostId: to, phase: 'drain' } } });
      return true;
    });
  }

  /** Until no request meets a container that ends, or its host is lost, or that has taken long enough. */
  private async untilOut({ id, from }: Move): Promise<void> {
    const { store, clock, isOut } = this.deps;
    const wait = linkedSignal([this.stop.signal]);
    const look = () => {
      const isLost = store.view((tx) => tx.get('hostStatus', from)?.state === 'down');
      if (isLost || isOut(id)) wait.fire(new Error('there is nothing to wait for'));
    };
    const unwatch = store.watch(look);
    look();
    const limit = store.view((tx) => settingsOf(tx).drainMs) + ROUTERS_MS;
    if (!wait.signal.aborted) await clock.sleep(limit, wait.signal).catch(() => undefined);
    unwatch();
    wait.release();
  }

  /** Writes the assignment that `next` returns, and waits until its host has acted on it. */
  private async act(id: string, next: (record: Container) => Container['assigned']): Promise<void> {
    const generation = await this.deps.store.update((tx) => {
      const record = tx.get('containers', id);
      if (record === undefined) throw new NotMoved(say('moves.removed'));
      return assign(tx, record, next(record));
    });
    await this.deps.settled(id, generation, this.stop.signal);
  }

  private expectStill({ assigned }: Container, hostId: string): void {
    if (assigned.hostId !== hostId || assigned.moving !== undefined) throw new NotMoved(say('moves.others'));
  }

  private expect(
    { assigned }: Container,
    hostId: string,
    other: string,
    phase: 'drain' | 'stop' | 'start',
  ): void {
    const { moving } = assigned;
    if (assigned.hostId !== hostId || moving?.hostId !== other || moving.phase !== phase)
      throw new NotMoved(say('moves.others'));
  }

  /** @returns why the old copy does not run again; undefined where it does */
  private async back(id: string, from: string, to: string): Promise<string | undefined> {
    const generation = await this.deps.store.update((tx) => {
      const record = tx.get('containers', id);
      const { hostId, moving } = record?.assigned ?? {};
      const ours = (hostId === from && moving?.hostId === to) || (hostId === to && moving?.hostId === from);
      return record !== undefined && ours ? goBack(tx, record, this.deps.clock.now()) : undefined;
    });
    if (generation === undefined) return undefined;
    return this.deps.settled(id, generation, this.stop.signal).then(() => undefined, messageOf);
  }
}

/** @returns the generation; undefined where it stays where it is */
function goBack(tx: WriteTx, record: Container, now: number): number | undefined {
  const { hostId, moving } = record.assigned;
  const from = moving?.phase === 'start' ? moving.hostId : hostId;
  if (tx.get('hosts', from) === undefined) {
    // It was taken out of the cluster meanwhile: the container is where it is.
    tx.put('containers', { ...record, assigned: { hostId, at: record.assigned.at } });
    return undefined;
  }
  return assign(tx, record, { hostId: from, at: now });
}
