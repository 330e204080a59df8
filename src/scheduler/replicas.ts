import type { HostView } from './host-view.ts';

/**
 * How many replicas of one service stand on which hosts. A table for each service and none for each host: placing a group
 * then goes on in the same little memory, whichever host is taken.
 */
export class Replicas implements Iterable<HostView> {
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
