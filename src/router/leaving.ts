import type { Clock } from '../kit/clock.ts';
import type { Logger } from '../kit/logger.ts';
import type { Layout } from './layout.ts';
import { Looks } from './looks.ts';
import { RuntimeSocket } from './runtime-socket.ts';

/**
 * Servers that get nothing new any more: each is deleted once its connections have ended, which are cut when the limit is
 * over. Kept in HAProxy only: after a restart of ours they are found there again, with the whole limit before them.
 */
export class Leaving {
  private readonly since = new Map<string, number>();
  private limitMs = 300_000;
  private readonly looks: Looks;

  constructor(
    private readonly layout: Layout,
    private readonly clock: Clock,
    logger: Logger,
    /** What is done in there is done while no state is applied. */
    inTurn: <R>(task: () => Promise<R>) => Promise<R>,
    private readonly onDeleted: (at: string) => void,
  ) {
    this.looks = new Looks({
      ...{ clock, logger, what: 'servers that leave' },
      isNeeded: () => this.since.size > 0,
      look: () => inTurn(() => this.look()),
    });
  }

  limit(milliseconds: number): void {
    this.limitMs = milliseconds;
  }

  /**
   * All of them: who is not named any more has come back, or has gone with its worker.
   * @returns those that are new
   */
  watch(all: readonly string[]): readonly string[] {
    for (const at of this.since.keys()) if (!all.includes(at)) this.since.delete(at);
    const added = all.filter((at) => !this.since.has(at));
    for (const at of added) this.since.set(at, this.clock.now());
    this.looks.begin();
    return added;
  }

  close(): void {
    this.looks.close();
    this.since.clear();
  }

  private async look(): Promise<void> {
    const socket = RuntimeSocket.open(this.layout.runtimeSocket);
    try {
      const all = [...this.since];
      const late = all.filter(([, since]) => this.clock.now() - since > this.limitMs);
      await socket.askAll(late.map(([at]) => ({ line: `shutdown sessions server ${at}` })));
      // Refused while it has connections, and where it has come back meanwhile (it is not in maintenance then).
      const answers = await socket.askAll(all.map(([at]) => ({ line: `del server ${at}` })));
      all.forEach(([at], i) => {
        if (!/^(Server deleted|No such server)/.test(answers[i] ?? '') || !this.since.delete(at)) return;
        this.onDeleted(at);
      });
    } finally {
      socket.close();
    }
  }
}
