import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import {
  type Assignment,
  type AssignmentDelta,
  assignmentSchema,
  type ResumePoint,
  resumePointSchema,
} from '../contract/link.ts';
import { messageOf } from '../kit/errors.ts';
import type { Logger } from '../kit/logger.ts';
import { desiredStateSchema } from '../model/container.ts';
import {
  type Acted,
  type Comeback,
  type Hold,
  type Holding,
  idOf,
  NO_COMEBACK,
  NOTHING_ACTED,
} from './holding.ts';
import { newLimit } from './limit.ts';

const actedSchema = z.object({
  generation: z.number(),
  starts: z.number(),
  state: desiredStateSchema.optional(),
  engineId: z.string().optional(),
  refused: z.object({ status: z.number(), message: z.string() }).optional(),
});
const comebackSchema = z.object({
  count: z.number(),
  short: z.number(),
  end: z.string().optional(),
  at: z.number(),
  stays: z.enum(['done', 'held']).optional(),
});
const holdingSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('hold'),
    assignment: assignmentSchema,
    startedBefore: z.number(),
    acted: actedSchema,
    // Absent in files of an earlier version.
    comeback: comebackSchema.default(NO_COMEBACK),
    orphan: z.literal(true).optional(),
  }),
  z.object({ kind: z.literal('purge'), id: z.string(), name: z.string() }),
]);

/** Whose assignments these are, and how far they go. */
const stateSchema = z.object({
  clusterId: z.string(),
  hostId: z.string(),
  resume: resumePointSchema.optional(),
  /** A snapshot came, and what the engine has beyond it has not been looked for yet. */
  orphansDue: z.boolean().optional(),
  /** The newest state of the manager's that was heard of; unlike `resume` it is kept whatever happens to the files. */
  seen: resumePointSchema.optional(),
  /** A snapshot of a state that was put back came, and what the engine has beyond it has not been looked for yet. */
  sparesDue: z.boolean().optional(),
  /** Containers of the cluster, by ID, that are on the engine and were in no file when that was looked for: not to be removed. */
  spared: z.array(z.string()).optional(),
  /** The engine that was seen last, for the machine's ID while it does not answer. */
  engineId: z.string().optional(),
});
export type AgentState = Readonly<z.infer<typeof stateSchema>>;

/** Whose host this is: from the certificate that it joined with. */
export type Owner = Readonly<{ clusterId: string; hostId: string }>;

const STATE_FILE = 'state.json';
const FOLDER = 'assignments';
/** A cluster ID as a file's name; anything else is not written, so that an ID can never name a path. */
const FILE_ID = /^[0-9a-z][0-9a-z_.-]{0,127}$/i;
const WRITES_AT_ONCE = 8;
/** What nobody waits for is written this much later (milliseconds): the next assignment mostly takes it along. */
const SOON_MS = 200;

/**
 * What the host must hold, on its disk: one file for each container, and the place in the manager's stream up to which
 * they go. All of it is in memory; writing is what takes time.
 */
export class AssignmentFiles {
  private readonly holdings = new Map<string, Holding>();
  /** On its way to the disk: becomes what is held once it is there. */
  private readonly pending = new Map<string, Holding | undefined>();
  private readonly writing = new Map<string, Writing>();
  private readonly limit = newLimit(WRITES_AT_ONCE);
  /** Writes that wait for company, by file name. */
  private readonly soon = new Map<string, Readonly<{ timer: NodeJS.Timeout; write(): void }>>();
  private readonly folder: string;

  private constructor(
    private readonly dir: string,
    private current: AgentState,
    private readonly logger: Logger,
  ) {
    this.folder = join(dir, FOLDER);
  }

  /**
   * Opens `dir` (made where missing, readable by root alone). Files that cannot be read are set aside, and so is all of it
   * where it was another cluster's or another host's.
   */
  static async open(dir: string, owner: Owner, logger: Logger): Promise<AssignmentFiles> {
    const files = new AssignmentFiles(dir, { clusterId: owner.clusterId, hostId: owner.hostId }, logger);
    await mkdir(files.folder, { recursive: true, mode: 0o700 });
    const state = await files.read(join(dir, STATE_FILE), stateSchema);
    if (state?.clusterId === owner.clusterId && state.hostId === owner.hostId) files.current = state;
    else if (state !== undefined) await files.setAllAside(state);
    for (const name of await readdir(files.folder)) {
      const path = join(files.folder, name);
      // A write that was killed before its rename: the file before it is whole.
      if (name.endsWith('.tmp')) await rm(path, { force: true });
      if (!name.endsWith('.json')) continue;
      const holding = await files.read(path, holdingSchema);
      if (holding !== undefined) files.holdings.set(idOf(holding), holding);
      // Something is missing now: the manager must tell all of it again.
      else files.current = { ...files.current, resume: undefined };
    }
    return files;
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
    await this.saveState();
  }

  private saveState(): Promise<void> {
    this.notSoon(STATE_FILE);
    return this.queue(STATE_FILE, () => this.write(this.dir, STATE_FILE, JSON.stringify(this.current)));
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
    try {
      await Promise.all([...touched.keys()].map((id) => this.save(id)));
      if (touched.size > 0) await syncFolder(this.folder);
      for (const id of touched.keys()) {
        const holding = this.pending.get(id);
        if (holding === undefined) this.holdings.delete(id);
        else this.holdings.set(id, holding);
      }
    } finally {
      for (const id of touched.keys()) this.pending.delete(id);
    }
    // Not waited for: a resume point that lags behind costs a repetition, which changes nothing.
    this.current = { ...this.current, ...state, resume: at, seen: at };
    this.saveSoon(STATE_FILE, () => this.saveState());
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
    this.holdings.set(id, { kind: 'purge', id, name });
    await this.save(id);
  }

  /** Notes how far the agent got. In memory at once; on the disk soon: losing it costs a look, never a second run. */
  acted(id: string, acted: Acted): void {
    if (this.change(id, { acted })) this.saveSoon(fileOf(id), () => this.save(id));
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
    await this.note(id, { acted, startedBefore: startedAt })?.catch((thrown) => this.warn(id, thrown));
  }

  /** Notes how a container comes back. In memory at once; on the disk when it resolves, so that no restart goes uncounted. */
  async setComeback(id: string, comeback: Comeback): Promise<void> {
    // A full disk keeps nothing down.
    await this.note(id, { comeback })?.catch((thrown) => this.warn(id, thrown));
  }

  private note(id: string, change: HoldChange): Promise<void> | undefined {
    return this.change(id, change) ? this.save(id) : undefined;
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

  private saveSoon(name: string, save: () => Promise<void>): void {
    if (this.soon.has(name)) return;
    const write = () => {
      this.notSoon(name);
      save().catch((thrown) => this.warn(name, thrown));
    };
    this.soon.set(name, { timer: setTimeout(write, SOON_MS), write });
  }

  private notSoon(name: string): void {
    clearTimeout(this.soon.get(name)?.timer);
    this.soon.delete(name);
  }

  /** A purge is done. */
  async purged(id: string): Promise<void> {
    if (this.holdings.get(id)?.kind !== 'purge') return;
    this.holdings.delete(id);
    await this.save(id);
  }

  /** Writes what waits for company, and waits until nothing is being written. */
  async settled(): Promise<void> {
    while (this.soon.size + this.writing.size > 0) {
      for (const { write } of [...this.soon.values()]) write();
      await Promise.allSettled([...this.writing.values()].map(({ running, next }) => next ?? running));
    }
  }

  /** Writes (or removes) the file of `id` as it is to be when its turn comes. */
  private save(id: string): Promise<void> {
    const name = fileOf(id);
    this.notSoon(name);
    return this.queue(name, async () => {
      const holding = this.pending.has(id) ? this.pending.get(id) : this.holdings.get(id);
      if (holding === undefined) await rm(join(this.folder, name), { force: true });
      else await this.write(this.folder, name, JSON.stringify(holding));
    });
  }

  /** One write of a file at a time; who comes while one waits shares it, as it will write the newest. */
  private queue(name: string, task: () => Promise<void>): Promise<void> {
    const entry = this.writing.get(name);
    if (entry?.next !== undefined) return entry.next;
    if (entry === undefined) {
      const first: Writing = { running: this.limit(task), next: undefined };
      this.writing.set(name, first);
      this.whenDone(name, first);
      return first.running;
    }
    entry.next = entry.running.then(
      () => this.promoted(name, entry, task),
      () => this.promoted(name, entry, task),
    );
    entry.next.catch(() => {});
    return entry.next;
  }

  private promoted(name: string, entry: Writing, task: () => Promise<void>): Promise<void> {
    entry.running = this.limit(task);
    entry.next = undefined;
    this.whenDone(name, entry);
    return entry.running;
  }

  private whenDone(name: string, entry: Writing): void {
    const mine = entry.running;
    const done = () => {
      if (entry.running === mine && entry.next === undefined) this.writing.delete(name);
    };
    mine.then(done, done);
  }

  /** Written beside, flushed, then renamed over: the file is the old one or the new one, whole. */
  private async write(folder: string, name: string, content: string): Promise<void> {
    const temporary = join(folder, `${name}.tmp`);
    const file = await open(temporary, 'w', 0o600);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, join(folder, name));
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

type HoldChange = Readonly<{ acted?: Acted; comeback?: Comeback; startedBefore?: number }>;

function fileOf(id: string): string {
  return `${id}.json`;
}

/** The write of a file that is going on, and the one that comes after it. */
type Writing = { running: Promise<void>; next: Promise<void> | undefined };

function applied(
  before: Holding | undefined,
  delta: AssignmentDelta,
  startedAt: (id: string) => number,
): Holding | undefined {
  if (delta.op === 'put') {
    const { assignment } = delta;
    // Nothing is known of it: a container that is there all the same has been started as often as it should.
    if (before?.kind !== 'hold') {
      return { kind: 'hold', assignment, startedBefore: 0, acted: NOTHING_ACTED, comeback: NO_COMEBACK };
    }
    // Sent again: it was received when it first came.
    const known = before.assignment.desired.generation >= assignment.desired.generation;
    const { orphan: _, ...rest } = before;
    return { ...rest, assignment, startedBefore: known ? before.startedBefore : startedAt(assignment.id) };
  }
  if (!delta.purge) return undefined;
  if (before?.kind === 'purge') return before;
  return { kind: 'purge', id: delta.id, name: before?.assignment.name ?? '' };
}

/**
 * What is held, as if it had never been given a later generation than the assignment's: generations count on from the older
 * state, so equal numbers need not mean the same.
 */
function putBack(
  before: Holding | undefined,
  { id, desired }: Assignment,
  startedAt: (id: string) => number,
): Holding | undefined {
  if (before?.kind !== 'hold' || before.acted.generation < desired.generation) return before;
  if (isDeepStrictEqual(before.assignment.desired, desired)) return before;
  const { refused: _, ...acted } = before.acted;
  const starts = Math.min(acted.starts, desired.starts);
  return {
    ...before,
    assignment: { ...before.assignment, desired: { ...before.assignment.desired, generation: 0 } },
    startedBefore: startedAt(id),
    acted: { ...acted, generation: desired.generation - 1, starts },
  };
}

function isOrphan(holding: Holding): holding is Hold {
  return holding.kind === 'hold' && holding.orphan === true;
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
