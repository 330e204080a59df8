import { type AgentFrame, MAX_FAILING, MAX_TRAFFIC, TRAFFIC_VERSION } from '../../contract/link.ts';
import type { Clock } from '../../kit/clock.ts';
import { messageOf } from '../../kit/errors.ts';
import type { Logger } from '../../kit/logger.ts';
import type { FailingServer, Traffic } from '../../model/traffic.ts';

type Report = AgentFrame & { t: 'traffic' };
/** Undefined where no router serves. */
type Taken =
  | Readonly<{ traffic: readonly Traffic[]; failing: readonly FailingServer[]; tookMs: number }>
  | undefined;

type TrafficReportsDeps = Readonly<{
  /** What has gone through since it was asked last. */
  take(): Promise<Taken>;
  clock: Clock;
  logger: Logger;
}>;

const PERIOD_MS = 2_000;
const MOST_PERIOD_MS = 60_000;
/** Reading takes at most this share of the time: with 10,000 routes it is some megabytes. */
const SHARE = 0.02;
/** The shortest of so many readings counts: the others have waited for a machine that does much beside. */
const READINGS = 3;

/** Tells a manager every few seconds what has gone through this host's router. */
export class TrafficReports {
  private listener: AbortController | undefined;

  constructor(private readonly deps: TrafficReportsDeps) {}

  /** A manager listens from now on: it hears of what comes from now on. */
  attach(send: (frame: Report) => void, version: number): void {
    this.detach();
    if (version < TRAFFIC_VERSION) return;
    const listener = new AbortController();
    this.listener = listener;
    this.run(send, listener.signal).catch((thrown) => {
      if (!listener.signal.aborted)
        this.deps.logger.error({ error: messageOf(thrown) }, 'what goes through the router is told no more');
    });
  }

  detach(): void {
    this.listener?.abort(new Error('nobody listens any more'));
    this.listener = undefined;
  }

  private async run(send: (frame: Report) => void, signal: AbortSignal): Promise<void> {
    const { clock } = this.deps;
    await this.take();
    let from = clock.now();
    let periodMs = PERIOD_MS;
    let took: readonly number[] = [];
    for (;;) {
      await clock.sleep(periodMs, signal);
      const taken = await this.take();
      if (signal.aborted) return;
      const now = clock.now();
      if (taken !== undefined) {
        // A clock that was set says nothing of how long it was.
        const ms = now >= from && now - from < 10 * periodMs ? now - from : periodMs;
        const failing = taken.failing.slice(0, MAX_FAILING);
        for (const [i, traffic] of chunks(taken.traffic).entries())
          send({ t: 'traffic', ms, traffic, ...(i === 0 ? { failing } : {}) });
        took = [...took, taken.tookMs].slice(-READINGS);
        const costs = took.length < READINGS ? 0 : Math.min(...took);
        periodMs = Math.min(MOST_PERIOD_MS, Math.max(PERIOD_MS, costs / SHARE));
      }
      from = now;
    }
  }

  private async take(): Promise<Taken> {
    try {
      return await this.deps.take();
    } catch (thrown) {
      this.deps.logger.debug({ reason: messageOf(thrown) }, 'router: what goes through is not read');
      return undefined;
    }
  }
}

function chunks(traffic: readonly Traffic[]): Traffic[][] {
  const count = Math.max(1, Math.ceil(traffic.length / MAX_TRAFFIC));
  return Array.from({ length: count }, (_, i) => traffic.slice(i * MAX_TRAFFIC, (i + 1) * MAX_TRAFFIC));
}
