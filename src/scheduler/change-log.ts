import type { HostView } from './host-view.ts';

/** Hosts in the order in which they were changed. The beginning is forgotten. */
export class ChangeLog {
  private hosts: HostView[] = [];
  private start = 0;

  /** Number of the next change. */
  get next(): number {
    return this.start + this.hosts.length;
  }

  /** @param most changes that need to be remembered; up to twice as many are */
  add(host: HostView, most: number): void {
    if (this.hosts.length >= 2 * most) {
      this.start += this.hosts.length - most;
      this.hosts = this.hosts.slice(-most);
    }
    this.hosts.push(host);
  }

  /** Hosts changed since change number `from`, some of them more than once; undefined where that is forgotten. */
  since(from: number): readonly HostView[] | undefined {
    if (from < this.start) return undefined;
    return this.hosts.slice(from - this.start);
  }
}
