import type { EngineEvent } from '../../contract/link.ts';

/**
 * The step between neighbouring numbers at nanoseconds of this century: a double has 53 bits, and 2^60 ns was in 2006,
 * 2^61 ns is in 2043. `timeNano` is read from the engine's JSON into a double, so this is its resolution as well.
 */
const STEP = 256;

/** The newest events, sorted by `timeNano`, no two with the same: so `since` the last one seen, plus 1, misses none. */
export class EventLog {
  private events: EngineEvent[] = [];

  constructor(private readonly keep: number) {}

  /** Keeps the event; one whose time is taken is put the smallest step later. Returns it as it is kept. */
  append(event: EngineEvent): EngineEvent {
    let time = event.timeNano;
    let at = this.positionOf(time);
    while (this.events[at]?.timeNano === time) {
      time += STEP;
      at++;
    }
    const kept = time === event.timeNano ? event : { ...event, timeNano: time };
    if (at === this.events.length) this.events.push(kept);
    else this.events.splice(at, 0, kept);
    // In blocks: taking one off the front for each event would move the whole array each time.
    if (this.events.length > this.keep + 1024) this.events.splice(0, this.events.length - this.keep);
    return kept;
  }

  /** Events at or after `since` (nanoseconds since the epoch), of the newest `keep`. */
  since(since: bigint): EngineEvent[] {
    return this.events.slice(-this.keep).filter((event) => nanosOf(event) >= since);
  }

  /** Index of the first event whose time is not before `time`. */
  private positionOf(time: number): number {
    let low = 0;
    let high = this.events.length;
    if (high === 0 || (this.events[high - 1]?.timeNano ?? 0) < time) return high;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.events[middle]?.timeNano ?? 0) < time) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** The event's time as a client reads it from JSON, which is not always the double's own value. */
export function nanosOf(event: EngineEvent): bigint {
  return BigInt(JSON.stringify(event.timeNano));
}
