import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { z } from 'zod';
import type { Assignment, AssignmentDelta, ResumePoint } from '../contract/link.ts';
import { messageOf } from '../kit/errors.ts';
import { newLimit } from '../kit/limit.ts';
import type { Logger } from '../kit/logger.ts';
import { applied, putBack } from './apply-delta.ts';
import {
  type AgentState,
  type HoldChange,
  holdingSchema,
  type Line,
  lineOf,
  parsedLine,
  stateSchema,
} from './disk-records.ts';
import { type Acted, type Comeback, type Hold, type Holding, idOf, type Probed } from './holding.ts';
import { LineJournal, syncFolder } from './line-journal.ts';
import { replaceFile } from './replace-file.ts';

/** Whose host this is: from the certificate that it joined with. */
export type Owner = Readonly<{ clusterId: string; hostId: string }>;

const STATE_FILE = 'state.json';
const FOLDER = 'assignments';
/** A cluster ID as a file's name; anything else is not written, so that an ID can never name a path. */
const FILE_ID = /^[0-9a-z][0-9a-z_.-]{0,127}$/i;
const WRITES_AT_ONCE = 8;
/** The files are written once nothing has changed for this long (milliseconds), or the journal is this large (bytes). */
const QUIET_MS = 500;
const JOURNAL_FULL = 1024 * 1024;
/** Until it is tried again where the disk has refused it. */
const RETRY_MS = 5_000;

/**
 * What the host must hold, on its disk: one file for each container, and the place in the manager's stream up to which
 * they go. What changes goes into a journal first, which is one flush; the files follow. All of it is in memory.
 */
export class AssignmentFiles {
  private readonly holdings = new Map<string, Holding>();
  /** On its way to the disk: becomes what is held once it is there. */
  private readonly pending = new Map<string, Holding | undefined>();
  /** IDs whose files are older than what is held. */
  private dirty = new Set<string>();
  private stateDirty = false;
  private readonly limit = newLimit(WRITES_AT_ONCE);
  private timer: NodeJS.Timeout | undefined;
  private checkpoint: Promise<boolean> | undefined;
  private readonly folder: string;

  private constructor(
    private readonly dir: string,
    private current: AgentState,
    private readonly logger: Logger,
    private readonly journal: LineJournal,
  ) {
    this.folder = join(dir, FOLDER);
  }

  /**
   * Opens `dir` (made where missing, readable by root alone). Files that cannot be read are set aside, and so is all of it
   * where it was another cluster's or another host's.
   */
  static async open(dir: string, owner: Owner, logger: Logger): Promise<AssignmentFiles> {
    await mkdir(join(dir, FOLDER), { recursive: true, mode: 0o700 });
    const { journal, left } = await LineJournal.open(dir, (text) => parsedLine(text) !== undefined);
    const current = { clusterId: owner.clusterId, hostId: owner.hostId };
    const files = new AssignmentFiles(dir, current, logger, journal);
    const lines = left.lines.flatMap((text) => parsedLine(text) ?? []);
    const state = await files.read(join(dir, STATE_FILE), stateSchema);
    const last = lines.findLast((line) => line.op === 'state')?.state ?? state;
    if (last !== undefined && !isOf(last, owner)) {
      await files.setAllAside(last);
      return files;
    }
    if (state !== undefined) files.current = state;
    const whole = await files.readAll();
    for (const line of lines) files.replay(line);
    if (left.damaged) {
      // It may have said that a container has moved away: what came before it is not to be acted on.
      logger.error({ dir }, 'the journal of assignments cannot be read: asking the manager for all of them');
      for (const id of files.holdings.keys()) files.dirty.add(id);
      files.holdings.clear();
    }
    // Something is missing now: the manager must tell all of it again.
    if (left.damaged || !whole) files.current = { ...files.current, resume: undefined };
    if (lines.length > 0 || left.damaged) files.filesLater();
    return files;
  }

  /** False where a file could not be read. */
  private async readAll(): Promise<boolean> {
    let whole = true;
    for (const name of await readdir(this.folder)) {
      const path = join(this.folder, name);
      // A write that was killed before its rename: the file before it is whole.
      if (name.endsWith('.tmp')) await rm(path, { force: true });
      if (!name.endsWith('.json')) continue;
      const holding = await this.read(path, holdingSchema);
      if (holding === undefined) whole = false;
      else this.holdings.set(idOf(holding), holding);
    }
    return whole;
  }

  /** Lines that are in the files already change nothing: the last ones say what was held then. */
  private replay(line: Line): void {
    switch (line.op) {
      case 'set':
        this.holdings.set(idOf(line.holding), line.holding);
        this.dirty.add(idOf(line.holding));
        break;
      case 'change':
        this.change(line.id, line.change);
        this.dirty.add(line.id);
        break;
      case 'drop':
        this.holdings.delete(line.id);
        this.dirty.add(line.id);
        break;
      case 'state':
        this.current = line.state;
        this.stateDirty = true;
    }
  }

  get state(): AgentState {
    return this.current;
  }

  get(id: string): Holding | undefined {
    return this.holdings.get(id);
  }

  all(): IterableIterator<Holding> {
    return this.holdings.values();
  }

  /** Notes who the agent is; on the disk when it resolves. */
  async setState(change: Partial<AgentState>): Promise<void> {
    this.current = { ...this.current, ...change };
    await this.write([], [{ op: 'state', state: this.current }]);
  }

  /**
   * Applies deltas in order; when it resolves they are on the disk, and only then does the resume point move. Returns the
   * IDs that they concern.
   * @param startedAt when the engine's container of that ID was last started, as far as is known
   * @throws the file system's error; nothing of it counts then, and the manager must send the deltas again.
   */
  async apply(
    deltas: readonly AssignmentDelta[],
    at: ResumePoint,
    startedAt: (id: string) => number,
    state: Partial<AgentState> = {},
  ): Promise<string[]> {
    const touched = new Map<string, Holding | undefined>();
    for (const delta of deltas) {
      const id = delta.op === 'put' ? delta.assignment.id : delta.id;
      if (!FILE_ID.test(id)) throw new Error(`"${id.slice(0, 80)}" is not a container's cluster ID`);
      const before = touched.has(id) ? touched.get(id) : this.holdings.get(id);
      touched.set(id, applied(before, delta, startedAt));
    }
    return this.keep(touched, at, state);
  }

  private async keep(
    touched: ReadonlyMap<string, Holding | undefined>,
    at: ResumePoint,
    state: Partial<AgentState>,
  ): Promise<string[]> {
    for (const [id, holding] of touched) this.pending.set(id, holding);
    const after = { ...state, resume: at, seen: at };
    try {
      const lines = [...touched].map(
        ([id, holding]): Line => (holding === undefined ? { op: 'drop', id } : { op: 'set', holding }),
      );
      lines.push({ op: 'state', state: { ...this.current, ...after } });
      if (touched.size > 0) await this.write(touched.keys(), lines);
      // Not waited for: a resume point that lags behind costs a repetition, which changes nothing.
      else this.note([], lines);
      for (const id of touched.keys()) {
        const holding = this.pending.get(id);
        if (holding === undefined) this.holdings.delete(id);
        else this.holdings.set(id, holding);
      }
    } finally {
      for (const id of touched.keys()) this.pending.delete(id);
    }
    this.current = { ...this.current, ...after };
    return [...touched.keys()];
  }

  /**
   * Puts a snapshot in place of all that was held. What is held and not in it is purged, but for orphans.
   * @throws as `apply`
   */
  async replace(
    deltas: readonly (AssignmentDelta & { op: 'put' })[],
    at: ResumePoint,
    startedAt: (id: string) => number,
  ): Promise<string[]> {
    const kept = new Set(deltas.map(({ assignment }) => assignment.id));
    const gone = [...this.holdings.values()].flatMap((holding): AssignmentDelta[] =>
      kept.has(idOf(holding)) || isOrphan(holding) ? [] : [{ op: 'drop', id: idOf(holding), purge: true }],
    );
    return this.apply([...gone, ...deltas], at, startedAt, { orphansDue: true });
  }

  /**
   * Puts the snapshot of a state that was put back from a backup beside what is held. What is not in it becomes an orphan;
   * what is in it differently is acted on anew, whatever a later state had asked for.
   * @throws as `apply`
   */
  async restore(
    assignments: readonly Assignment[],
    at: ResumePoint,
    startedAt: (id: string) => number,
  ): Promise<string[]> {
    const touched = new Map<string, Holding | undefined>();
    const kept = new Set(assignments.map(({ id }) => id));
    for (const holding of this.holdings.values())
      if (holding.kind === 'hold' && !kept.has(idOf(holding)))
        touched.set(idOf(holding), { ...holding, orphan: true });
    for (const assignment of assignments) {
      const { id } = assignment;
      if (!FILE_ID.test(id)) throw new Error(`"${id.slice(0, 80)}" is not a container's cluster ID`);
      const before = this.holdings.get(id);
      touched.set(id, applied(putBack(before, assignment, startedAt), { op: 'put', assignment }, startedAt));
    }
    return this.keep(touched, at, { sparesDue: true, orphansDue: false });
  }

  /** Those that the manager does not know. */
  orphans(): readonly Hold[] {
    return [...this.holdings.values()].filter(isOrphan);
  }

  /** A container with this cluster's labels which is not held: it is to be taken away. */
  async addPurge(id: string, name: string): Promise<void> {
    if (!FILE_ID.test(id) || this.holdings.has(id)) return;
    const holding: Holding = { kind: 'purge', id, name };
    this.holdings.set(id, holding);
    await this.write([id], [{ op: 'set', holding }]);
  }

  /** Notes how far the agent got. In memory at once; on the disk soon: losing it costs a look, never a second run. */
  acted(id: string, acted: Acted): void {
    if (this.change(id, { acted })) this.note([id], [{ op: 'change', id, change: { acted } }]);
  }

  /**
   * What it was asked for last counts as not done: the container is stopped for the time being, and is started once that is
   * over, though nobody asks again.
   * @param startedAt when the run that is ended now was started, milliseconds since the epoch
   */
  async undone(id: string, startedAt: number): Promise<void> {
    const holding = this.holdings.get(id);
    if (holding?.kind !== 'hold') return;
    const generation = holding.assignment.desired.generation - 1;
    const acted: Acted = { ...holding.acted, generation, state: 'stopped' };
    await this.noteChange(id, { acted, startedBefore: startedAt })?.catch((thrown) => this.warn(id, thrown));
  }

  /** Notes how a container comes back. In memory at once; on the disk when it resolves, so that no restart goes uncounted. */
  async setComeback(id: string, comeback: Comeback): Promise<void> {
    // A full disk keeps nothing down.
    await this.noteChange(id, { comeback })?.catch((thrown) => this.warn(id, thrown));
  }

  /** Notes what probes have found out, as `setComeback`. */
  async setProbed(id: string, probed: Probed): Promise<void> {
    await this.noteChange(id, { probed })?.catch((thrown) => this.warn(id, thrown));
  }

  private noteChange(id: string, change: HoldChange): Promise<void> | undefined {
    return this.change(id, change) ? this.write([id], [{ op: 'change', id, change }]) : undefined;
  }

  /** False where nothing of that ID is held. */
  private change(id: string, change: HoldChange): boolean {
    const holding = this.holdings.get(id);
    if (holding?.kind !== 'hold') return false;
    this.holdings.set(id, { ...holding, ...change });
    const coming = this.pending.get(id);
    if (coming?.kind === 'hold') this.pending.set(id, { ...coming, ...change });
    return true;
  }

  /** A purge is done. */
  async purged(id: string): Promise<void> {
    if (this.holdings.get(id)?.kind !== 'purge') return;
    this.holdings.delete(id);
    await this.write([id], [{ op: 'drop', id }]);
  }

  /** Waits until all that is held is in the files, unless the disk refuses. */
  async settled(): Promise<void> {
    while (this.dirty.size > 0 || this.stateDirty || this.checkpoint !== undefined)
      if (!(await this.writeFiles())) break;
    clearTimeout(this.timer);
    await this.journal.close();
  }

  /** Into the journal, and at leisure into the files. On the disk when it resolves. */
  private async write(ids: Iterable<string>, lines: readonly Line[]): Promise<void> {
    await this.journal.append(lines.map(lineOf));
    this.differ(ids, lines);
  }

  /** The same, on the disk soon. */
  private note(ids: Iterable<string>, lines: readonly Line[]): void {
    for (const line of lines) this.journal.note(lineOf(line));
    this.differ(ids, lines);
  }

  private differ(ids: Iterable<string>, lines: readonly Line[]): void {
    for (const id of ids) this.dirty.add(id);
    this.stateDirty ||= lines.some(({ op }) => op === 'state');
    this.filesLater();
  }

  private filesLater(ms = QUIET_MS): void {
    if (this.journal.size > JOURNAL_FULL) {
      void this.writeFiles();
      return;
    }
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.writeFiles(), ms);
  }

  /** Brings the files up to what is held, and forgets the journal up to here. False where the disk refused. */
  private writeFiles(): Promise<boolean> {
    clearTimeout(this.timer);
    this.checkpoint ??= this.allFiles().finally(() => {
      this.checkpoint = undefined;
    });
    return this.checkpoint;
  }

  private async allFiles(): Promise<boolean> {
    let ids: ReadonlySet<string> = new Set();
    try {
      // What changes from now on is in the next journal.
      const forget = await this.journal.rotate();
      ids = this.dirty;
      this.dirty = new Set();
      this.stateDirty = false;
      await Promise.all([
        ...[...ids].map((id) => this.limit(() => this.file(id))),
        replaceFile(this.dir, STATE_FILE, JSON.stringify(this.current)),
      ]);
      for (const folder of [this.folder, this.dir]) await syncFolder(folder);
      await forget();
      return true;
    } catch (thrown) {
      // The journal has it all.
      this.logger.warn({ error: messageOf(thrown) }, 'assignments are not in their files yet');
      for (const id of ids) this.dirty.add(id);
      this.stateDirty = true;
      this.filesLater(RETRY_MS);
      return false;
    }
  }

  /** Writes (or removes) the file of `id`. */
  private async file(id: string): Promise<void> {
    const holding = this.holdings.get(id);
    const name = `${id}.json`;
    if (holding === undefined) await rm(join(this.folder, name), { force: true });
    else await replaceFile(this.folder, name, JSON.stringify(holding));
  }

  private async setAllAside(state: AgentState): Promise<void> {
    const aside = join(this.dir, `${FOLDER}.${state.hostId.replace(/[^0-9a-z]/gi, '_')}`);
    this.logger.warn(
      { cluster: state.clusterId, host: state.hostId, aside },
      'assignments of another host set aside',
    );
    await rm(aside, { recursive: true, force: true });
    await rename(this.folder, aside);
    await mkdir(this.folder, { mode: 0o700 });
    await this.journal.moveTo(aside);
    this.stateDirty = true;
    this.filesLater();
  }

  private warn(what: string, thrown: unknown): void {
    this.logger.warn({ what, error: messageOf(thrown) }, 'progress not written');
  }

  private async read<T>(path: string, schema: z.ZodType<T>): Promise<T | undefined> {
    try {
      return schema.parse(JSON.parse(await readFile(path, 'utf8')));
    } catch (thrown) {
      if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return undefined;
      const aside = `${path}.unreadable`;
      this.logger.error(
        { file: path, aside, error: messageOf(thrown).slice(0, 300) },
        'file set aside: it cannot be read',
      );
      await rename(path, aside).catch(() => {});
      return undefined;
    }
  }
}

function isOf({ clusterId, hostId }: AgentState, owner: Owner): boolean {
  return clusterId === owner.clusterId && hostId === owner.hostId;
}

function isOrphan(holding: Holding): holding is Hold {
  return holding.kind === 'hold' && holding.orphan === true;
}
