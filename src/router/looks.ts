import type { Clock } from '../kit/clock.ts';
import { messageOf } from '../kit/errors.ts';
import type { Logger } from '../kit/logger.ts';

const LOOK_MS = 200;

export type LooksDeps = Readonly<{
  clock: Clock;
  logger: Logger;
  /** What is looked at: `servers that leave`. */
  what: string;
  /** Whether there is something to look at still. */
  isNeeded(): boolean;
  look(): Promise<void>;
}>;

/** Looks again and again for as long as there is something to look at. */
export class Looks {
  private running: AbortController | undefined;

  constructor(private readonly deps: LooksDeps) {}

  /** Does nothing where nothing is needed, or it looks already. */
  begin(): void {
    if (this.deps.isNeeded() && this.running === undefined) void this.run();
  }

  close(): void {
    this.running?.abort();
  }

  private async run(): Promise<void> {
    const { clock, logger, what, isNeeded, look } = this.deps;
    const stopping = new AbortController();
    this.running = stopping;
    try {
      while (isNeeded()) {
        await clock.sleep(LOOK_MS, stopping.signal);
        await look().catch((thrown) =>
          logger.warn({ reason: messageOf(thrown) }, `router: cannot look at ${what}`),
        );
      }
    } catch {
      // closed
    } finally {
      this.running = undefined;
    }
  }
}
