import type { HostView } from './host-view.ts';

/**
 * Some of the hosts of a view, by `HostView.order`, a bit each: 10,000 hosts are 1.25 KB, and joining two sets looks at
 * no host. Numbers change when hosts come or go (`ClusterView.epoch`); a set from before means nothing then.
 */
export class HostSet {
  private readonly words: Int32Array;

  /** An empty set. @param capacity number of hosts of the view */
  constructor(private readonly capacity: number) {
    this.words = new Int32Array((capacity + 31) >>> 5);
  }

  static all(capacity: number): HostSet {
    const set = new HostSet(capacity);
    set.words.fill(-1);
    // What is beyond the last host must not be found.
    if (capacity & 31) set.words[capacity >>> 5] = (1 << (capacity & 31)) - 1;
    return set;
  }

  static of(capacity: number, hosts: Iterable<HostView>): HostSet {
    const set = new HostSet(capacity);
    for (const host of hosts) set.put(host.order, true);
    return set;
  }

  has(order: number): boolean {
    return (((this.words[order >>> 5] as number) >>> (order & 31)) & 1) === 1;
  }

  put(order: number, isIn: boolean): void {
    const at = order >>> 5;
    const bit = 1 << (order & 31);
    if (isIn) this.words[at] = (this.words[at] as number) | bit;
    else this.words[at] = (this.words[at] as number) & ~bit;
  }

  /** Keeps what is in the other set too. */
  keep(other: HostSet): void {
    const { words } = this;
    for (let i = 0; i < words.length; i++) words[i] = (words[i] as number) & (other.words[i] as number);
  }

  /** The first one that is in, from `order` on; −1 where there is none. */
  next(order: number): number {
    if (order >= this.capacity) return -1;
    const { words } = this;
    let at = order >>> 5;
    let word = (words[at] as number) & (-1 << (order & 31));
    while (word === 0) {
      if (++at === words.length) return -1;
      word = words[at] as number;
    }
    // The lowest bit alone, and its place.
    return (at << 5) + 31 - Math.clz32(word & -word);
  }
}
