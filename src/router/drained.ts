import type { Clock } from '../kit/clock.ts';
import type { Layout } from './layout.ts';
import { askMaster, parseWorkers } from './master.ts';
import { askOnce } from './runtime-socket.ts';

const LOOK_MS = 200;

type Waiter = Readonly<{ mark: string; resolve(): void; reject(reason: unknown): void }>;

/** Which of the servers have connections, of those with such a `:ADDRESS:PORT` in their names. Of `show servers conn`. */
export function busyMarks(answer: string, marks: readonly string[]): ReadonlySet<string> {
  return new Set(marks.filter((mark) => isBusy(answer, mark)));
}

/** Looked for from mark to mark: the answer has a line for each of tens of thousands of servers. */
function isBusy(answer: string, mark: string): boolean {
  for (let at = answer.indexOf(mark); at !== -1; at = answer.indexOf(mark, at + 1)) {
    if (!/[\s:]/.test(answer[at + mark.length] ?? ' ')) continue;
    const line = answer.slice(answer.lastIndexOf('\n', at) + 1, answer.indexOf('\n', at) >>> 0);
    const [, , , , , , count] = line.split(/\s+/);
    if (Number(count) > 0) return true;
  }
  return false;
}

/** Waits for servers to have no connections, in any worker; one look for all that are waited for. */
export class Drained {
  private readonly waiting = new Set<Waiter>();
  private isRunning = false;

  constructor(
    private readonly layout: Layout,
    private readonly clock: Clock,
  ) {}

  /** @throws BerthError `unavailable` where HAProxy does not run, `timeout`; the signal's reason */
  whenDrained(address: string, port: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) return reject(signal.reason);
      const give = () => end(() => reject(signal?.reason));
      const end = (how: () => void) => {
        this.waiting.delete(waiter);
        signal?.removeEventListener('abort', give);
        how();
      };
      const waiter: Waiter = {
        mark: `:${address}:${port}`,
        resolve: () => end(resolve),
        reject: (reason) => end(() => reject(reason)),
      };
      signal?.addEventListener('abort', give);
      this.waiting.add(waiter);
      if (!this.isRunning) void this.run();
    });
  }

  private async run(): Promise<void> {
    this.isRunning = true;
    while (this.waiting.size > 0) {
      const asked = [...this.waiting];
      try {
        const busy = await this.busy([...new Set(asked.map(({ mark }) => mark))]);
        for (const one of asked) if (!busy.has(one.mark)) one.resolve();
      } catch (thrown) {
        for (const one of asked) one.reject(thrown);
      }
      if (this.waiting.size > 0) await this.clock.sleep(LOOK_MS);
    }
    this.isRunning = false;
  }

  /** A worker that has ended meanwhile has none; old ones are asked for those only that the serving one has not. */
  private async busy(marks: readonly string[]): Promise<ReadonlySet<string>> {
    const { current, old } = parseWorkers(await askMaster(this.layout.masterSocket, 'show proc', this.clock));
    const busy = new Set<string>();
    for (const pid of [...current, ...old]) {
      const open = marks.filter((mark) => !busy.has(mark));
      if (open.length === 0) break;
      const answer = await askOnce(this.layout.masterSocket, `@!${pid} show servers conn`).catch(() => '');
      for (const mark of busyMarks(answer, open)) busy.add(mark);
    }
    return busy;
  }
}
