import { cpus, totalmem } from 'node:os';
import { type AgentFrame, type ContainerLoad, MAX_LOADS, type ManagerFrame } from '../../contract/link.ts';
import type { Clock } from '../../kit/clock.ts';
import { messageOf } from '../../kit/errors.ts';
import type { Logger } from '../../kit/logger.ts';
import type { ObservedContainer } from '../../model/container.ts';
import { loadOf } from './load-of.ts';
import type { Reading, Readings } from './readings.ts';

type Report = AgentFrame & { t: 'loads' };

type LoadReportsDeps = Readonly<{
  readings: Readings;
  picture: Readonly<{ find(id: string): ObservedContainer | undefined }>;
  clock: Clock;
  logger: Logger;
}>;

/** The event loop gets its turn after so many containers. */
const IN_ONE_GO = 25;

/** Tells a manager what containers use, those that it asks for. */
export class LoadReports {
  /** By cluster ID. */
  private readonly last = new Map<string, Reading>();
  private send: ((frame: Report) => void) | undefined;
  private running: AbortController | undefined;

  constructor(private readonly deps: LoadReportsDeps) {}

  attach(send: (frame: Report) => void): void {
    this.detach();
    this.send = send;
  }

  detach(): void {
    this.running?.abort(new Error('nobody listens any more'));
    this.running = undefined;
    this.send = undefined;
    this.last.clear();
  }

  /** These are looked at from now on, and no others. */
  onMeasure({ containers, ms }: ManagerFrame & { t: 'measure' }): void {
    this.running?.abort(new Error('others are asked for'));
    this.running = undefined;
    const asked = new Set(containers);
    for (const id of [...this.last.keys()]) if (!asked.has(id)) this.last.delete(id);
    if (asked.size === 0 || this.send === undefined) return;
    this.running = new AbortController();
    const { signal } = this.running;
    this.run([...asked], ms, signal).catch((thrown) => {
      if (!signal.aborted)
        this.deps.logger.error({ error: messageOf(thrown) }, 'what containers use is told no more');
    });
  }

  private async run(containers: readonly string[], ms: number, signal: AbortSignal): Promise<void> {
    for (;;) {
      const began = performance.now();
      await this.look(containers, ms, signal);
      if (signal.aborted) return;
      await this.deps.clock.sleep(Math.max(ms / 2, ms - (performance.now() - began)), signal);
    }
  }

  private async look(containers: readonly string[], ms: number, signal: AbortSignal): Promise<void> {
    const loads: Report['loads'] = [];
    const unread: Report['unread'] = [];
    const running = containers.flatMap((id) => {
      const observed = this.deps.picture.find(id);
      if (observed?.state.status === 'running') return [{ id, observed }];
      this.last.delete(id);
      return [];
    });
    await Promise.all(
      running.map(({ id, observed }) =>
        this.deps.readings.locate(observed).catch((thrown) => {
          unread.push({ id, reason: messageOf(thrown).slice(0, 500) });
        }),
      ),
    );
    for (const [i, { id, observed }] of running.entries()) {
      if (i % IN_ONE_GO === IN_ONE_GO - 1) await new Promise((resolve) => setImmediate(resolve));
      if (signal.aborted) return;
      try {
        const load = this.read(id, observed, ms / 2);
        if (load !== undefined) loads.push(load);
      } catch (thrown) {
        // It has ended between two looks, or runs as another process: it is located anew.
        this.last.delete(id);
        unread.push({ id, reason: messageOf(thrown).slice(0, 500) });
      }
    }
    for (let at = 0; at === 0 || at < Math.max(loads.length, unread.length); at += MAX_LOADS)
      this.send?.({
        t: 'loads',
        loads: loads.slice(at, at + MAX_LOADS),
        unread: unread.slice(at, at + MAX_LOADS),
      });
  }

  private read(id: string, observed: ObservedContainer, maxAgeMs: number): ContainerLoad | undefined {
    const reading = this.deps.readings.take(observed, maxAgeMs);
    if (reading === undefined) return undefined;
    const before = this.last.get(id);
    this.last.set(id, reading);
    const load =
      before &&
      loadOf(before, reading, {
        cores: observed.reservation.cpuMilli / 1000 || cpus().length,
        hostMemory: totalmem(),
        ownNetwork: observed.networkMode !== 'host',
      });
    return load && { id, ...load };
  }
}
