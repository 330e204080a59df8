import { readFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { z } from 'zod';
import { type AgentFrame, type ContainerLoad, MAX_LOADS, type ManagerFrame } from '../../contract/link.ts';
import type { Engine } from '../../engine/index.ts';
import type { Clock } from '../../kit/clock.ts';
import { messageOf } from '../../kit/errors.ts';
import { newLimit } from '../../kit/limit.ts';
import type { Logger } from '../../kit/logger.ts';
import type { ObservedContainer } from '../../model/container.ts';
import { runOf } from '../holding.ts';
import { checked } from '../listing.ts';
import { type CgroupFolders, cgroupFolders } from './cgroup-folders.ts';
import { readCounters } from './counters.ts';
import { loadOf, type Reading } from './load-of.ts';

type Report = AgentFrame & { t: 'loads' };

type LoadReportsDeps = Readonly<{
  engine: Engine;
  picture: Readonly<{ find(id: string): ObservedContainer | undefined }>;
  clock: Clock;
  logger: Logger;
  /** Before all paths; for tests. */
  root?: string;
}>;

/** Engines are asked for so many containers at once, once for each run. */
const INSPECTS_AT_ONCE = 4;
/** The event loop gets its turn after so many containers. */
const IN_ONE_GO = 25;

const inspectSchema = z.looseObject({ State: z.looseObject({ Pid: z.number().int() }) });

/** Where one run of a container is looked at. */
type Place = Readonly<{ run: string; pid: number; folders: CgroupFolders }>;
type Known = { place: Place; last: Reading | undefined };

/**
 * Tells a manager what containers use, those that it asks for, from the kernel's own counters: a stream of the engine for
 * each of them costs it a hundred times as much.
 */
export class LoadReports {
  private readonly known = new Map<string, Known>();
  private readonly limit = newLimit(INSPECTS_AT_ONCE);
  private send: ((frame: Report) => void) | undefined;
  private running: AbortController | undefined;
  private mountInfo: string | undefined;

  constructor(private readonly deps: LoadReportsDeps) {}

  attach(send: (frame: Report) => void): void {
    this.detach();
    this.send = send;
  }

  detach(): void {
    this.running?.abort(new Error('nobody listens any more'));
    this.running = undefined;
    this.send = undefined;
    this.known.clear();
  }

  /** These are looked at from now on, and no others. */
  onMeasure({ containers, ms }: ManagerFrame & { t: 'measure' }): void {
    this.running?.abort(new Error('others are asked for'));
    this.running = undefined;
    const asked = new Set(containers);
    for (const id of [...this.known.keys()]) if (!asked.has(id)) this.known.delete(id);
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
      await this.look(containers, signal);
      if (signal.aborted) return;
      await this.deps.clock.sleep(Math.max(ms / 2, ms - (performance.now() - began)), signal);
    }
  }

  private async look(containers: readonly string[], signal: AbortSignal): Promise<void> {
    const loads: Report['loads'] = [];
    const unread: Report['unread'] = [];
    const running = containers.flatMap((id) => {
      const observed = this.deps.picture.find(id);
      if (observed?.state.status === 'running') return [{ id, observed }];
      this.known.delete(id);
      return [];
    });
    await Promise.all(
      running.map(({ id, observed }) =>
        this.locate(id, observed).catch((thrown) => {
          unread.push({ id, reason: messageOf(thrown).slice(0, 500) });
        }),
      ),
    );
    for (const [i, { id, observed }] of running.entries()) {
      if (i % IN_ONE_GO === IN_ONE_GO - 1) await new Promise((resolve) => setImmediate(resolve));
      if (signal.aborted) return;
      try {
        const load = this.read(id, observed);
        if (load !== undefined) loads.push(load);
      } catch (thrown) {
        // It has ended between two looks, or runs as another process: it is located anew.
        this.known.delete(id);
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

  /** Its process and its folders; asked for once in each run. */
  private async locate(id: string, observed: ObservedContainer): Promise<void> {
    const run = runOf(observed);
    if (this.known.get(id)?.place.run === run) return;
    this.known.delete(id);
    const { engineId } = observed;
    const path = `/containers/${engineId}/json`;
    const answer = await this.limit(() => this.deps.engine.json('GET', path));
    const pid = checked(path, () => inspectSchema.parse(answer)).State.Pid;
    if (pid <= 1) throw new Error('its engine names no process of it');
    const groups = this.file(`/proc/${pid}/cgroup`);
    // Numbers of processes are given again, and an engine may be on another machine.
    if (!groups.includes(engineId)) throw new Error('its process is not to be seen from its host’s agent');
    this.mountInfo ??= this.file('/proc/self/mountinfo');
    const folders = cgroupFolders(this.mountInfo, groups);
    if (folders === undefined) throw new Error('its cgroup is not mounted where its host’s agent sees it');
    this.known.set(id, { place: { run, pid, folders }, last: undefined });
  }

  private read(id: string, observed: ObservedContainer): ContainerLoad | undefined {
    const known = this.known.get(id);
    if (known === undefined) return undefined;
    const { pid, folders } = known.place;
    const counters = readCounters(folders, pid, this.deps.root);
    const reading = { at: performance.now(), counters };
    const before = known.last;
    known.last = reading;
    const load =
      before &&
      loadOf(before, reading, {
        cores: observed.reservation.cpuMilli / 1000 || cpus().length,
        hostMemory: totalmem(),
        ownNetwork: observed.networkMode !== 'host',
      });
    return load && { id, ...load };
  }

  private file(path: string): string {
    return readFileSync((this.deps.root ?? '') + path, 'latin1');
  }
}
