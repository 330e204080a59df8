import type { HostView } from './host-view.ts';

/** Of how many of one thing there are on which hosts. */
export class HostCounts implements Iterable<HostView> {
  private readonly counts = new Map<HostView, number>();

  get size(): number {
    return this.counts.size;
  }

  on(host: HostView): number {
    return this.counts.get(host) ?? 0;
  }

  has(host: HostView): boolean {
    return this.counts.has(host);
  }

  add(host: HostView, by: number): void {
    const now = this.on(host) + by;
    if (now === 0) this.counts.delete(host);
    else this.counts.set(host, now);
  }

  /** The hosts that have any. */
  [Symbol.iterator](): Iterator<HostView> {
    return this.counts.keys();
  }
}

export type ReadonlyHostCounts = Omit<HostCounts, 'add'>;

const NONE: ReadonlyHostCounts = new HostCounts();

/**
 * `HostCounts` by key, none of them empty. One table for each key, such as a service, and none for each host: placing a
 * group of containers then goes on in the same little memory, whichever host is taken.
 */
export class HostTally {
  private readonly byKey = new Map<string, HostCounts>();

  /** As it is now: ask again after a change. */
  of(key: string): ReadonlyHostCounts {
    return this.byKey.get(key) ?? NONE;
  }

  add(key: string, host: HostView, by: 1 | -1): void {
    let counts = this.byKey.get(key);
    if (counts === undefined) {
      counts = new HostCounts();
      this.byKey.set(key, counts);
    }
    counts.add(host, by);
    if (counts.size === 0) this.byKey.delete(key);
  }
}
