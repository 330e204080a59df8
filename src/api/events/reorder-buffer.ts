type Held<T> = Readonly<{ item: T; order: number; arrivedAt: number }>;

/**
 * Holds items for a window after they came in, and lets them go in order. An item whose time is up takes everything
 * older that is held with it: so any interleaving of arrivals within the window comes out sorted.
 */
export class ReorderBuffer<T> {
  /** Sorted by order, then by arrival. */
  private held: Held<T>[] = [];

  /**
   * @param windowMs how long an item is held
   * @param orderOf what items are sorted by
   */
  constructor(
    private readonly windowMs: number,
    private readonly orderOf: (item: T) => number,
  ) {}

  get size(): number {
    return this.held.length;
  }

  push(item: T, now: number): void {
    const order = this.orderOf(item);
    let at = this.held.length;
    // Nearly always the newest: the search from the end is short.
    while (at > 0 && (this.held[at - 1]?.order ?? 0) > order) at--;
    this.held.splice(at, 0, { item, order, arrivedAt: now });
  }

  /** When the next item's time is up; undefined where nothing is held. */
  nextDueAt(): number | undefined {
    let due: number | undefined;
    for (const { arrivedAt } of this.held) {
      if (due === undefined || arrivedAt + this.windowMs < due) due = arrivedAt + this.windowMs;
    }
    return due;
  }

  /**
   * Takes out everything whose time is up, and what is older than any of it; in order. What came in later than now came
   * before the clock was set back.
   */
  release(now: number): T[] {
    let count = this.held.length;
    const waits = (arrivedAt: number) => arrivedAt <= now && arrivedAt + this.windowMs > now;
    while (count > 0 && waits(this.held[count - 1]?.arrivedAt ?? 0)) count--;
    return this.held.splice(0, count).map(({ item }) => item);
  }
}
