import { STATUS_CLASSES, TIME_BOUNDS, type Traffic, type TrafficSums, total } from '../../model/traffic.ts';

/** So that the last minutes are known to two seconds, and what was before them to half a minute. */
const TIERS = [
  { slotMs: 2_000, slots: 60 },
  { slotMs: 30_000, slots: 61 },
] as const;
const [FINE, COARSE] = TIERS;

/** responses, sessions, failures, bytes in and out, times */
const WIDTH = STATUS_CLASSES + 4 + TIME_BOUNDS.length + 1;

type Slot = { number: number; sums: Float64Array };

/** A window in whole slots: milliseconds since the epoch. */
export type Window = Readonly<{ from: number; until: number; tier: 0 | 1 }>;

/**
 * So many milliseconds up to `until`, without the slot that is still filling then, and with nothing of before `since`; empty
 * where all of it was before.
 */
export function windowOf(
  now: number,
  windowMs: number,
  { until: told, since }: Readonly<{ until: number; since: number | undefined }>,
): Window {
  const until = Math.floor(told / FINE.slotMs) * FINE.slotMs;
  const begin = Math.max(told - windowMs, since ?? Number.NEGATIVE_INFINITY);
  const tier = now - begin <= FINE.slotMs * (FINE.slots - 1) ? 0 : 1;
  const { slotMs } = TIERS[tier];
  const latest = since === undefined ? until - FINE.slotMs : until;
  return { from: Math.min(latest, Math.ceil(begin / slotMs) * slotMs), until, tier };
}

/** What went through one route or pool, over all routers, in slots of time. */
export class TrafficRing {
  private readonly tiers: readonly (readonly (Slot | undefined)[])[] = TIERS.map(({ slots }) =>
    new Array<Slot | undefined>(slots).fill(undefined),
  );
  private newest = 0;

  /** Milliseconds since the epoch up to which something came. */
  get lastAt(): number {
    return this.newest;
  }

  /** @param ms the time before `now` in which it was, evenly */
  add(traffic: Traffic, now: number, ms: number): void {
    this.newest = Math.max(this.newest, now);
    const sums = sumsOf(traffic);
    TIERS.forEach((_, tier) => {
      this.spread(tier, sums, now, ms);
    });
  }

  read({ from, until, tier }: Window): TrafficSums {
    const { slotMs } = TIERS[tier];
    const sum = new Float64Array(WIDTH);
    for (const slot of this.tiers[tier] ?? []) {
      if (slot === undefined || slot.number * slotMs < from || slot.number * slotMs >= until) continue;
      for (let i = 0; i < WIDTH; i++) sum[i] = (sum[i] ?? 0) + (slot.sums[i] ?? 0);
    }
    const all = [...sum];
    const [sessions = 0, failures = 0, bytesIn = 0, bytesOut = 0] = all.slice(STATUS_CLASSES);
    return {
      responses: all.slice(0, STATUS_CLASSES),
      ...{ sessions, failures, bytesIn, bytesOut },
      times: all.slice(STATUS_CLASSES + 4),
    };
  }

  private spread(tier: number, sums: readonly number[], now: number, ms: number): void {
    const { slotMs } = TIERS[tier] ?? COARSE;
    const from = now - ms;
    for (let number = Math.floor(from / slotMs); number * slotMs <= now; number++) {
      const begin = Math.max(from, number * slotMs);
      const end = Math.min(now, (number + 1) * slotMs);
      const share = ms === 0 ? 1 : (end - begin) / ms;
      if (share <= 0) continue;
      const slot = this.slot(tier, number);
      if (slot === undefined) continue;
      sums.forEach((one, i) => {
        slot[i] = (slot[i] ?? 0) + one * share;
      });
    }
  }

  /** Undefined for one that is older than those that are kept. */
  private slot(tier: number, number: number): Float64Array | undefined {
    const ring = this.tiers[tier] as (Slot | undefined)[];
    const known = ring[number % ring.length];
    if (known !== undefined && known.number > number) return undefined;
    if (known?.number === number) return known.sums;
    const sums = new Float64Array(WIDTH);
    ring[number % ring.length] = { number, sums };
    return sums;
  }
}

/** Times are of a share of the requests where there are many: they are made to stand for all of them. */
function sumsOf({ responses, sessions, failures, bytesIn, bytesOut, times }: Traffic): readonly number[] {
  const answered = total(responses);
  const measured = total(times);
  const each = answered > 0 && measured > 0 ? answered / measured : 1;
  return [...responses, sessions, failures, bytesIn, bytesOut, ...times.map((count) => count * each)];
}
