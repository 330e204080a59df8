/**
 * Timers that fire a little late, at moments that they share: the process is woken up once for all of a moment, and what
 * they do then finds its code and data in the cache.
 */
export class SharedTimers {
  private readonly moments = new Map<number, Readonly<{ tasks: Set<() => void>; timer: NodeJS.Timeout }>>();

  /** @param everyMs between two moments */
  constructor(private readonly everyMs: number) {}

  /** Runs `task` at the first moment that is `ms` away or more. @returns takes it back */
  after(ms: number, task: () => void): () => void {
    const now = performance.now();
    const moment = Math.ceil((now + ms) / this.everyMs);
    const known = this.moments.get(moment);
    const tasks = known?.tasks ?? new Set();
    tasks.add(task);
    if (known === undefined) {
      const timer = setTimeout(() => this.fire(moment), moment * this.everyMs - now);
      this.moments.set(moment, { tasks, timer });
    }
    return () => tasks.delete(task);
  }

  close(): void {
    for (const { timer } of this.moments.values()) clearTimeout(timer);
    this.moments.clear();
  }

  private fire(moment: number): void {
    const tasks = this.moments.get(moment)?.tasks ?? [];
    this.moments.delete(moment);
    for (const task of tasks) task();
  }
}
