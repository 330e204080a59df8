import { totalmem } from 'node:os';
import { packRows } from '../../contract/figure-rows.ts';
import { type AgentFrame, FIGURES_VERSION, MAX_FIGURES } from '../../contract/link.ts';
import type { Clock } from '../../kit/clock.ts';
import { messageOf } from '../../kit/errors.ts';
import type { Logger } from '../../kit/logger.ts';
import type { ObservedContainer } from '../../model/container.ts';
import { CONTAINER_ROW, FIGURES_MS, type Figures, HOST_ROW, rowOf } from '../../model/figures.ts';
import { containerFigures } from './load-of.ts';
import type { Machine, MachineFigures } from './machine-figures.ts';
import type { Reading, Readings } from './readings.ts';

type Frame = AgentFrame & { t: 'figures' };
type Measured = Readonly<{ observed: ObservedContainer; figures: Figures<(typeof CONTAINER_ROW)[number]> }>;

/** What was measured last. */
export type LastFigures = Readonly<{
  machine: MachineFigures | undefined;
  containers: readonly Measured[];
}>;

type FigureReportsDeps = Readonly<{
  readings: Readings;
  /** Undefined where the engine is on another machine. */
  machine: Machine | undefined;
  /** All that are on the engine. */
  containers(): readonly ObservedContainer[];
  clock: Clock;
  logger: Logger;
}>;

type Told = { readonly send: (frame: Frame) => void; ids: string | undefined; rows: Map<string, string> };

/** The event loop gets its turn after so many containers. */
const IN_ONE_GO = 25;

/** Measures this host and all its containers every few seconds, and tells a manager. */
export class FigureReports {
  private readonly before = new Map<string, Reading>();
  private told: Told | undefined;
  private readonly stop = new AbortController();
  private newest: LastFigures = { machine: undefined, containers: [] };

  constructor(private readonly deps: FigureReportsDeps) {}

  get latest(): LastFigures {
    return this.newest;
  }

  start(): void {
    this.run(this.stop.signal).catch((thrown) => {
      if (!this.stop.signal.aborted)
        this.deps.logger.error({ error: messageOf(thrown) }, 'this host is measured no more');
    });
  }

  close(): void {
    this.stop.abort(new Error('the agent is stopping'));
    this.detach();
  }

  /** A manager of that link version listens from now on. */
  attach(send: (frame: Frame) => void, version: number): void {
    this.told = version < FIGURES_VERSION ? undefined : { send, ids: undefined, rows: new Map() };
  }

  detach(): void {
    this.told = undefined;
  }

  private async run(signal: AbortSignal): Promise<void> {
    for (;;) {
      const began = performance.now();
      await this.look(signal);
      if (signal.aborted) return;
      await this.deps.clock.sleep(Math.max(FIGURES_MS / 2, FIGURES_MS - (performance.now() - began)), signal);
    }
  }

  private async look(signal: AbortSignal): Promise<void> {
    const running = this.deps.containers().filter(({ state }) => state.status === 'running');
    const ids = new Set(running.map(({ engineId }) => engineId));
    this.deps.readings.keep(ids);
    for (const id of [...this.before.keys()]) if (!ids.has(id)) this.before.delete(id);
    // One that cannot be read is told of where somebody has asked for it (`LoadReports`).
    await Promise.all(running.map((one) => this.deps.readings.locate(one).catch(() => undefined)));
    const containers: Measured[] = [];
    for (const [i, observed] of running.entries()) {
      if (i % IN_ONE_GO === IN_ONE_GO - 1) await new Promise((resolve) => setImmediate(resolve));
      if (signal.aborted) return;
      const figures = this.figuresOf(observed);
      if (figures !== undefined) containers.push({ observed, figures });
    }
    this.newest = { machine: this.machine(), containers };
    this.tell();
  }

  private machine(): MachineFigures | undefined {
    try {
      return this.deps.machine?.look();
    } catch (thrown) {
      this.deps.logger.debug({ reason: messageOf(thrown) }, 'the machine is not measured');
      return undefined;
    }
  }

  private figuresOf(observed: ObservedContainer): Measured['figures'] | undefined {
    const { engineId, reservation, networkMode } = observed;
    let reading: Reading | undefined;
    try {
      reading = this.deps.readings.take(observed, FIGURES_MS / 2);
    } catch {
      // It has ended between two looks.
    }
    const before = this.before.get(engineId);
    if (reading === undefined) this.before.delete(engineId);
    else this.before.set(engineId, reading);
    if (reading === undefined || before === undefined) return undefined;
    return containerFigures(before, reading, {
      coreLimit: reservation.cpuMilli / 1000,
      hostMemory: totalmem(),
      ownNetwork: networkMode !== 'host',
    });
  }

  private tell(): void {
    const { told } = this;
    if (told === undefined) return;
    const { machine } = this.newest;
    const containers = this.newest.containers.slice(0, MAX_FIGURES);
    const names = containers.map(({ observed }) => observed.clusterId ?? observed.engineId);
    const text = names.join(' ');
    const isSame = text === told.ids;
    if (!isSame) told.rows.clear();
    told.ids = text;
    const rows: number[][] = [];
    for (const [i, { figures }] of containers.entries()) {
      const row = rowOf(CONTAINER_ROW, figures);
      const name = names[i] ?? '';
      const asText = row.join(' ');
      if (told.rows.get(name) === asText) continue;
      told.rows.set(name, asText);
      rows.push([i, ...row]);
    }
    try {
      told.send({
        t: 'figures',
        ...(machine === undefined ? {} : { host: packRows([rowOf(HOST_ROW, machine)]) }),
        ...(isSame ? {} : { containers: names }),
        rows: packRows(rows),
      });
    } catch (thrown) {
      this.deps.logger.debug({ reason: messageOf(thrown) }, 'figures not sent');
    }
  }
}
