import type { Assignment } from '../contract/link.ts';
import { LABEL_PARTITION } from '../model/labels.ts';

/** Before the first answer of a manager: an agent that was restarted has this long to connect before it stops anything. */
const FIRST_MS = 3_000;
/** Heartbeats whose answer may still come. */
const REMEMBERED = 120;

/** Given to containers that must not run where no manager is heard: the time in which they may. */
export type Lease = Readonly<{
  /** A heartbeat leaves; `now` is what it says, by which its answer is known. */
  asked(now: number): void;
  /** The manager has answered the heartbeat: the lease counts from when that one left, on a clock that is never set. */
  granted(now: number, ms: number): void;
  /** held: they may run. first: those that run may go on, none is started. out: none may run. */
  readonly state: 'held' | 'first' | 'out';
  close(): void;
}>;

/**
 * @param onChange called when the lease runs out, and when it is there again
 * @param monotonic milliseconds from anywhere, never set back or forth
 */
export function newLease(
  onChange: () => void,
  monotonic: () => number = () => performance.now(),
  firstMs: number = FIRST_MS,
): Lease {
  const askedAt = new Map<number, number>();
  let endsAt = monotonic() + firstMs;
  let granted = false;
  let told: Lease['state'] = 'first';
  let timer = setTimeout(look, firstMs);

  function look(): void {
    clearTimeout(timer);
    const left = endsAt - monotonic();
    if (left > 0) timer = setTimeout(look, Math.ceil(left));
    const now = state();
    if (told === now) return;
    told = now;
    onChange();
  }

  function state(): Lease['state'] {
    if (endsAt <= monotonic()) return 'out';
    return granted ? 'held' : 'first';
  }

  return {
    asked(now) {
      if (!askedAt.has(now)) askedAt.set(now, monotonic());
      for (const oldest of askedAt.keys()) {
        if (askedAt.size <= REMEMBERED) break;
        askedAt.delete(oldest);
      }
    },
    granted(now, ms) {
      const from = askedAt.get(now);
      if (from === undefined) return;
      askedAt.delete(now);
      endsAt = granted ? Math.max(endsAt, from + ms) : from + ms;
      granted = true;
      look();
    },
    get state() {
      return state();
    },
    close: () => clearTimeout(timer),
  };
}

/** `berth.partition=fence`: it must not run while its host is cut off, since it may run elsewhere then. */
export function isFenced({ desired }: Assignment): boolean {
  return desired.state === 'running' && desired.spec.Labels?.[LABEL_PARTITION] === 'fence';
}
