import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Family } from './exposition.ts';

const NS = 1e9;
const MICRO = 1e6;
/** The event loop's lag is told of the last whole one of these, milliseconds. */
const PERIOD_MS = 15_000;
const RESOLUTION_MS = 20;

/** How this process does, by the names that Prometheus's clients have in common. */
export class ProcessFigures {
  private readonly delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  private lag: readonly (readonly [share: string, seconds: number])[] = [];
  private readonly timer: NodeJS.Timeout;

  constructor() {
    this.delay.enable();
    this.timer = setInterval(() => {
      // Waits of its own are in what is measured.
      const seconds = (ns: number) => Math.max(0, ns / NS - RESOLUTION_MS / 1000);
      this.lag = ([0.5, 0.9, 0.99, 1] as const).map((share) => [
        String(share),
        seconds(share === 1 ? this.delay.max : this.delay.percentile(share * 100)),
      ]);
      this.delay.reset();
    }, PERIOD_MS).unref();
  }

  close(): void {
    clearInterval(this.timer);
    this.delay.disable();
  }

  families(): readonly Family[] {
    const { user, system } = process.cpuUsage();
    const { rss, heapUsed, external } = process.memoryUsage();
    return [
      one('process_cpu_seconds_total', 'CPU time of this process', 'counter', (user + system) / MICRO),
      one('process_resident_memory_bytes', 'Memory of this process', 'gauge', rss),
      one(
        'process_start_time_seconds',
        'When this process began',
        'gauge',
        Date.now() / 1000 - process.uptime(),
      ),
      one('nodejs_heap_size_used_bytes', 'Memory of its JavaScript heap in use', 'gauge', heapUsed),
      one('nodejs_external_memory_bytes', 'Memory outside of that heap', 'gauge', external),
      {
        name: 'berth_event_loop_lag_seconds',
        help: 'How late the event loop came to what was due, in the last 15 s; share 1 is the latest',
        type: 'gauge',
        samples: this.lag.map(([share, value]) => ({ labels: { share }, value })),
      },
    ];
  }
}

/** A family of one number. */
export function one(name: string, help: string, type: 'gauge' | 'counter', value: number): Family {
  return { name, help, type, samples: [{ value }] };
}
