import type { Clock } from './clock.ts';

/** Time that stands still until it is told to go on. */
export class FakeClock implements Clock {
  private time = 1_000_000;
  private readonly sleepers = new Set<{ at: number; wake(): void }>();

  now = (): number => this.time;

  sleep = (ms: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      const onAbort = () => {
        this.sleepers.delete(sleeper);
        reject(signal?.reason);
      };
      const wake = () => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      };
      const sleeper = { at: this.time + ms, wake };
      this.sleepers.add(sleeper);
      signal?.addEventListener('abort', onAbort);
    });

  async advance(ms: number): Promise<void> {
    const end = this.time + ms;
    for (;;) {
      const [next] = [...this.sleepers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
      if (next === undefined) break;
      this.time = next.at;
      this.sleepers.delete(next);
      next.wake();
      await settle();
    }
    this.time = end;
    await settle();
  }
}

/** Until everything that is under way in the store and in queues has ended. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 12; i++) await new Promise((resolve) => setImmediate(resolve));
}
