import type { Clock } from '../kit/clock.ts';
import { messageOf } from '../kit/errors.ts';
import type { Logger } from '../kit/logger.ts';
import type { Layout } from './layout.ts';
import { askMaster, parseWorkers } from './master.ts';
import { askOnce, RuntimeSocket } from './runtime-socket.ts';

const LOOK_MS = 200;

/** How many connections each server has in use, by `BACKEND/SERVER`. Of `show servers conn`. */
export function parseConnections(answer: string): ReadonlyMap<string, number> {
  const used = new Map<string, number>();
  for (const line of answer.split('\n')) {
    if (line.startsWith('#')) continue;
    const [at, , , , , , count] = line.split(/\s+/);
    if (at !== undefined && count !== undefined) used.set(at, Number(count));
  }
  return used;
}

/**
 * Servers that get nothing new any more: each is deleted once its connections have ended, which are cut when the limit is
 * over. Kept in HAProxy only: after a restart of ours they are found there again, with the whole limit before them.
 */
export class Leaving {
  private readonly since = new Map<string, number>();
  private limitMs = 300_000;
  private running: AbortController | undefined;

  constructor(
    private readonly layout: Layout,
    private readonly clock: Clock,
    private readonly logger: Logger,
    /** What is done in there is done while no state is applied. */
    private readonly inTurn: <R>(task: () => Promise<R>) => Promise<R>,
    private readonly onDeleted: (at: string) => void,
  ) {}

  limit(milliseconds: number): void {
    this.limitMs = milliseconds;
  }

  /** All of them: who is not named any more has come back, or has gone with its worker. */
  watch(all: readonly string[]): void {
    for (const at of this.since.keys()) if (!all.includes(at)) this.since.delete(at);
    for (const at of all) if (!this.since.has(at)) this.since.set(at, this.clock.now());
    if (this.since.size > 0 && this.running === undefined) void this.run();
  }

  close(): void {
    this.running?.abort();
    this.since.clear();
  }

  /** @throws BerthError `unavailable` where HAProxy does not run, the signal's reason */
  async whenDrained(address: string, port: number, signal?: AbortSignal): Promise<void> {
    const mark = `:${address}:${port}`;
    for (;;) {
      const used = await this.connections();
      const busy = [...used].some(
        ([at, count]) => count > 0 && (at.endsWith(mark) || at.includes(`${mark}:`)),
      );
      if (!busy) return;
      await this.clock.sleep(LOOK_MS, signal);
    }
  }

  /** Of all workers. One that has ended meanwhile has none. */
  private async connections(): Promise<readonly (readonly [string, number])[]> {
    const { current, old } = parseWorkers(await askMaster(this.layout.masterSocket, 'show proc', this.clock));
    const answers = await Promise.all(
      [...current, ...old].map((pid) =>
        askOnce(this.layout.masterSocket, `@!${pid} show servers conn`).catch(() => ''),
      ),
    );
    return answers.flatMap((answer) => [...parseConnections(answer)]);
  }

  private async run(): Promise<void> {
    const stopping = new AbortController();
    this.running = stopping;
    try {
      while (this.since.size > 0) {
        await this.clock.sleep(LOOK_MS, stopping.signal);
        await this.inTurn(() => this.look()).catch((thrown) =>
          this.logger.warn({ reason: messageOf(thrown) }, 'router: cannot look at servers that leave'),
        );
      }
    } catch {
      // closed
    } finally {
      this.running = undefined;
    }
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
