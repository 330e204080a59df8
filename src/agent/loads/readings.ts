import { z } from 'zod';
import type { Engine } from '../../engine/index.ts';
import { messageOf } from '../../kit/errors.ts';
import { newLimit } from '../../kit/limit.ts';
import type { ObservedContainer } from '../../model/container.ts';
import { say } from '../../model/said/index.ts';
import { runOf } from '../holding.ts';
import { checked } from '../listing.ts';
import { type CgroupFolders, cgroupFolders } from './cgroup-folders.ts';
import { type Counters, readCounters } from './counters.ts';
import { readerIn } from './small-files.ts';

/** One look at a container's counters, at a time by a clock that is never set (milliseconds). */
export type Reading = Readonly<{ run: string; at: number; counters: Counters }>;

/** Engines are asked for so many containers at once, once for each run. */
const INSPECTS_AT_ONCE = 4;
/** One that cannot be read is looked for again after so many milliseconds: its engine is asked each time. */
const AGAIN_MS = 15_000;

const inspectSchema = z.looseObject({ State: z.looseObject({ Pid: z.number().int() }) });

/** Where one run of a container is looked at. */
type Place = Readonly<{ run: string; pid: number; folders: CgroupFolders }>;
type Refused = Readonly<{ run: string; until: number; reason: string }>;
type Known = { place: Place; last: Reading | undefined };

/**
 * Reads the kernel's own counters of containers: a stream of the engine for each of them costs it a hundred times as much.
 * Who asks soon after somebody else gets what that one got.
 */
export class Readings {
  /** By the engine's ID. */
  private readonly known = new Map<string, Known>();
  private readonly refused = new Map<string, Refused>();
  private readonly limit = newLimit(INSPECTS_AT_ONCE);
  private mountInfo: string | undefined;
  private readonly read;

  /** @param root before all paths; for tests */
  constructor(
    private readonly engine: Engine,
    private readonly root = '',
  ) {
    this.read = readerIn(root);
  }

  /** These run, and no others: nothing is kept of those. */
  keep(running: ReadonlySet<string>): void {
    for (const known of [this.known, this.refused])
      for (const id of [...known.keys()]) if (!running.has(id)) known.delete(id);
  }

  /**
   * Finds its process and its folders, once in each run.
   * @throws an error that says why it cannot be read
   */
  async locate(observed: ObservedContainer): Promise<void> {
    const { engineId } = observed;
    const run = runOf(observed);
    if (this.known.get(engineId)?.place.run === run) return;
    const refused = this.refused.get(engineId);
    if (refused?.run === run && performance.now() < refused.until) throw new Error(refused.reason);
    this.known.delete(engineId);
    try {
      this.known.set(engineId, { place: await this.placeOf(engineId, run), last: undefined });
      this.refused.delete(engineId);
    } catch (thrown) {
      const reason = messageOf(thrown).slice(0, 500);
      this.refused.set(engineId, { run, until: performance.now() + AGAIN_MS, reason });
      throw thrown;
    }
  }

  /**
   * Of one that was located.
   * @param maxAgeMs a reading that is no older will do
   * @throws the file system's error where it has ended meanwhile: then it is to be located anew
   */
  take({ engineId }: Pick<ObservedContainer, 'engineId'>, maxAgeMs: number): Reading | undefined {
    const known = this.known.get(engineId);
    if (known === undefined) return undefined;
    if (known.last !== undefined && performance.now() - known.last.at <= maxAgeMs) return known.last;
    const { run, pid, folders } = known.place;
    try {
      const counters = readCounters(folders, pid, this.root);
      known.last = { run, at: performance.now(), counters };
      return known.last;
    } catch (thrown) {
      this.known.delete(engineId);
      throw thrown;
    }
  }

  private async placeOf(engineId: string, run: string): Promise<Place> {
    const path = `/containers/${engineId}/json`;
    const answer = await this.limit(() => this.engine.json('GET', path));
    const pid = checked(path, () => inspectSchema.parse(answer)).State.Pid;
    if (pid <= 1) throw new Error(say('scaling.unread.nameless'));
    const groups = this.read(`/proc/${pid}/cgroup`);
    // Numbers of processes are given again, and an engine may be on another machine.
    if (!groups.includes(engineId)) throw new Error(say('scaling.unread.hidden'));
    this.mountInfo ??= this.read('/proc/self/mountinfo');
    const folders = cgroupFolders(this.mountInfo, groups);
    if (folders === undefined) throw new Error(say('scaling.unread.unmounted'));
    return { run, pid, folders };
  }
}
