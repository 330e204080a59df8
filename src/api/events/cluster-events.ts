import type { EngineEvent } from '../../contract/link.ts';
import type { Clock } from '../../kit/clock.ts';
import type { Store } from '../../store/store.ts';
import { EventLog } from './event-log.ts';
import { EventNames } from './event-names.ts';
import { ReorderBuffer } from './reorder-buffer.ts';

/** An engine's event with the cluster's names: IDs of Berth's containers are cluster IDs, `node.*` attributes added. */
export type ClusterEvent = EngineEvent;

export interface ClusterEvents {
  /** Adds what a host's agent sent. */
  add(hostId: string, events: readonly EngineEvent[]): void;
  /**
   * Events of all hosts in order of `timeNano`, from those kept (the newest 20,000), then live.
   * @param since nanoseconds since the epoch, undefined for live only
   */
  subscribe(since: bigint | undefined, listener: (event: ClusterEvent) => void): () => void;
}

/** How long an event is held for older ones of other hosts, where the options do not say. */
export const REORDER_WINDOW_MS = 250;

export type ClusterEventsOptions = Readonly<{
  store: Store;
  clock: Clock;
  /** How long an event is held for older ones of other hosts, milliseconds. */
  windowMs?: number;
  /** How many events are kept for `since`. */
  keep?: number;
}>;

/**
 * Merges the events of all hosts. Each event is held for `windowMs` after it came in, then it is released together with
 * everything held that is older, so whatever arrives within the window comes out in order. What is later than that (a
 * host that was cut off, a clock that is behind) comes out late, with its true time, rather than never.
 */
export function newClusterEvents(options: ClusterEventsOptions): ClusterEvents & Readonly<{ close(): void }> {
  const { store, clock } = options;
  const names = new EventNames(store);
  const windowMs = options.windowMs ?? REORDER_WINDOW_MS;
  const held = new ReorderBuffer<ClusterEvent>(windowMs, (event) => event.timeNano);
  const log = new EventLog(options.keep ?? 20_000);
  const listeners = new Set<(event: ClusterEvent) => void>();
  const stop = new AbortController();
  let timer = false;

  function release(): void {
    for (const event of held.release(clock.now())) {
      const logged = log.append(event);
      for (const listener of [...listeners]) listener(logged);
    }
  }

  function schedule(): void {
    const dueAt = held.nextDueAt();
    if (timer || dueAt === undefined || stop.signal.aborted) return;
    timer = true;
    // Never longer than the window: the clock may have been set back since.
    const wait = Math.min(windowMs, Math.max(1, dueAt - clock.now()));
    clock.sleep(wait, stop.signal).then(
      () => {
        timer = false;
        release();
        schedule();
      },
      // Closed while waiting: nobody is left to hear.
      () => undefined,
    );
  }

  return {
    add(hostId, events) {
      if (stop.signal.aborted) return;
      const now = clock.now();
      for (const event of events) {
        if (names.isRepeat(hostId, event)) continue;
        held.push(names.translate(hostId, event), now);
      }
      schedule();
    },
    subscribe(since, listener) {
      if (since !== undefined) for (const event of log.since(since)) listener(event);
      // A wrapper of its own, so that one function can be subscribed twice and leave once.
      const own = (event: ClusterEvent) => listener(event);
      listeners.add(own);
      return () => void listeners.delete(own);
    },
    close() {
      stop.abort(new Error('closed'));
      listeners.clear();
    },
  };
}
