/** Slots of time in which means are kept. */
export type Tier = Readonly<{ slotMs: number; slots: number }>;

/** Finest first. Whoever has no room for all of them does without the first ones. */
export const TIERS: readonly Tier[] = [
  { slotMs: 5_000, slots: 120 },
  { slotMs: 30_000, slots: 120 },
  { slotMs: 120_000, slots: 180 },
];

/** For so many milliseconds after an addition the next one stands: reports are not to the millisecond. */
const BRIDGED_MS = 15_000;
/** A clock that was set back by no more is told by nobody. */
const BACK = 2;

/** Half a per mille a step, and 2^50 fits. */
const STEPS = 1_300;
const MOST_CODE = 65_535;

/** Numbers from 0 in 16 bits, to half a per mille; 0 is exact, and what is not known is 0 of the code. */
export function encoded(value: number): number {
  return value >= 0 ? Math.min(MOST_CODE, 1 + Math.round(Math.log2(1 + value) * STEPS)) : 0;
}

export function decoded(code: number): number {
  if (code === 0) return Number.NaN;
  const value = 2 ** ((code - 1) / STEPS) - 1;
  const whole = Math.round(value);
  // What is counted (cores, processes, hosts) is read as it was.
  return whole > 0 && Math.abs(value - whole) <= (1 + value) / STEPS / 2 ? whole : value;
}

/** Bytes of a ring beside its slots, about: objects, and arrays' heads. */
const OVERHEAD = 1_000;

export function bytesOfRing(width: number, tiers: readonly Tier[]): number {
  const slots = tiers.reduce((sum, tier) => sum + tier.slots, 0);
  return OVERHEAD + slots * width * 2 + tiers.length * width * 8;
}

/** Points in time, evenly apart; NaN where nothing is known. */
export type Points = Readonly<{
  /** Of the first one: when its slot begins, milliseconds since the epoch. */
  from: number;
  stepMs: number;
  /** One for each figure. */
  columns: readonly Float64Array[];
}>;

/** Some figures over time, at falling resolution: means of the time before, in slots. */
export class FigureRing {
  private readonly codes: Uint16Array;
  /** Of each tier's newest slot, which is still filling. */
  private readonly sums: Float64Array;
  private readonly counts: number[];
  private readonly newest: number[];

  constructor(
    readonly width: number,
    readonly tiers: readonly Tier[] = TIERS,
  ) {
    const slots = tiers.reduce((sum, tier) => sum + tier.slots, 0);
    this.codes = new Uint16Array(slots * width);
    this.sums = new Float64Array(tiers.length * width);
    this.counts = tiers.map(() => 0);
    this.newest = tiers.map(() => Number.NEGATIVE_INFINITY);
  }

  get bytes(): number {
    return bytesOfRing(this.width, this.tiers);
  }

  /** @param values one for each figure; NaN where it is not known @param at milliseconds since the epoch */
  add(values: ArrayLike<number>, at: number): void {
    for (const [t, { slotMs }] of this.tiers.entries()) {
      const told = Math.floor(at / slotMs);
      const newest = this.newest[t] as number;
      if (told < newest - BACK) this.clear(t);
      const slot = told < newest && told >= newest - BACK ? newest : told;
      if (slot !== newest) this.open(t, slot, values);
      for (let i = 0; i < this.width; i++) {
        const at = t * this.width + i;
        this.sums[at] = (this.sums[at] as number) + (values[i] ?? Number.NaN);
      }
      this.counts[t] = (this.counts[t] as number) + 1;
    }
  }

  /** The same figures in these tiers; what a new one of them would have had is not known. */
  inTiers(tiers: readonly Tier[]): FigureRing {
    const made = new FigureRing(this.width, tiers);
    for (const [t, tier] of tiers.entries()) {
      const own = this.tiers.indexOf(tier);
      if (own < 0) continue;
      const from = this.offset(own);
      made.codes.set(this.codes.subarray(from, from + tier.slots * this.width), made.offset(t));
      made.sums.set(this.sums.subarray(own * this.width, (own + 1) * this.width), t * this.width);
      made.counts[t] = this.counts[own] as number;
      made.newest[t] = this.newest[own] as number;
    }
    return made;
  }

  /** So many milliseconds up to `now`, in the finest slots that reach as far back. */
  read(now: number, windowMs: number): Points {
    const fitting = this.tiers.findIndex(({ slotMs, slots }) => slotMs * slots >= windowMs);
    const t = fitting < 0 ? this.tiers.length - 1 : fitting;
    const { slotMs, slots } = this.tiers[t] as Tier;
    const last = Math.floor(now / slotMs);
    const first = Math.max(last - slots + 1, Math.floor((now - windowMs) / slotMs));
    const columns = Array.from({ length: this.width }, (_, i) =>
      Float64Array.from({ length: last - first + 1 }, (_, n) => this.at(t, first + n, i)),
    );
    return { from: first * slotMs, stepMs: slotMs, columns };
  }

  private at(t: number, slot: number, figure: number): number {
    const { slots } = this.tiers[t] as Tier;
    const newest = this.newest[t] as number;
    if (slot === newest) return (this.sums[t * this.width + figure] as number) / (this.counts[t] as number);
    if (slot > newest || slot <= newest - slots) return Number.NaN;
    return decoded(this.codes[this.offset(t) + (slot % slots) * this.width + figure] as number);
  }

  /** Ends the slot that was filling. */
  private open(t: number, slot: number, values: ArrayLike<number>): void {
    const newest = this.newest[t] as number;
    const { slotMs, slots } = this.tiers[t] as Tier;
    if (newest > Number.NEGATIVE_INFINITY) {
      this.write(t, newest, (i) => (this.sums[t * this.width + i] as number) / (this.counts[t] as number));
      const isBridged = (slot - newest) * slotMs <= BRIDGED_MS;
      for (let between = Math.max(newest + 1, slot - slots); between < slot; between++)
        this.write(t, between, (i) => (isBridged ? (values[i] ?? Number.NaN) : Number.NaN));
    }
    this.sums.fill(0, t * this.width, (t + 1) * this.width);
    this.counts[t] = 0;
    this.newest[t] = slot;
  }

  private write(t: number, slot: number, value: (figure: number) => number): void {
    const at = this.offset(t) + (slot % (this.tiers[t] as Tier).slots) * this.width;
    for (let i = 0; i < this.width; i++) this.codes[at + i] = encoded(value(i));
  }

  private clear(t: number): void {
    const from = this.offset(t);
    this.codes.fill(0, from, from + (this.tiers[t] as Tier).slots * this.width);
    this.newest[t] = Number.NEGATIVE_INFINITY;
  }

  private offset(t: number): number {
    let slots = 0;
    for (let i = 0; i < t; i++) slots += (this.tiers[i] as Tier).slots;
    return slots * this.width;
  }
}
