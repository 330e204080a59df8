import type { Assignment } from '../contract/link.ts';
import type { Clock } from '../kit/clock.ts';
import { messageOf } from '../kit/errors.ts';
import type { Logger } from '../kit/logger.ts';
import { say } from '../model/said/index.ts';
import type { AssignmentFiles } from './assignment-files.ts';
import { type AssignmentFrame, type Group, grouped, isPut } from './frame-groups.ts';
import type { Observer } from './observer.ts';

type IntakeDeps<Session> = Readonly<{
  files: AssignmentFiles;
  observer: Observer;
  clock: Clock;
  logger: Logger;
  /** Where the files are; told to users. */
  dir: string;
  /** The connection that counts; what came on another one counts no more. */
  session(): Session | undefined;
  /** What came is on the disk. */
  onTaken(session: Session, group: Group, ids: readonly string[]): void;
  /** It could not even be written down. */
  refuse(assignment: Assignment, reason: string): void;
  /** The disk has refused to take what came, once more, or takes it again. */
  onWritable(session: Session): void;
}>;

/** How often what the disk did not take is written again. */
const DISK_RETRY_MS = 1_000;

/** Takes in what the manager says that this host must hold: in order, and on the disk before anything follows from it. */
export class Intake<Session> {
  /** Why what the manager sends cannot be written down; empty while it can. */
  unwritable = '';
  private frames: AssignmentFrame[] = [];
  /** Of a snapshot whose last part has not come yet. */
  private snapshot: Assignment[] = [];
  private applying: Promise<void> | undefined;

  constructor(private readonly deps: IntakeDeps<Session>) {}

  onFrame(session: Session, frame: AssignmentFrame): void {
    if (frame.t === 'snapshot') {
      // A large one comes in parts: only all of them together say what is not there.
      this.snapshot.push(...frame.assignments);
      if (frame.more === true) return;
      this.frames.push({ ...frame, assignments: this.snapshot });
      this.snapshot = [];
    } else {
      this.frames.push(frame);
    }
    this.applying ??= this.applyAll(session);
  }

  /** The connection is over: what has not been begun comes again on the next one. */
  forget(): void {
    this.frames = [];
    this.snapshot = [];
  }

  /** Resolves when what has come until now counts. */
  async settled(): Promise<void> {
    await this.applying;
  }

  /** Frames that came while others were being written are written together. */
  private async applyAll(session: Session): Promise<void> {
    const { observer, clock } = this.deps;
    // Before the engine has been listed, whatever was started until now was started before.
    const startedAt = (id: string) =>
      observer.picture.find(id)?.state.startedAt ?? (observer.ready ? 0 : clock.now());
    try {
      while (this.frames.length > 0 && this.deps.session() === session) {
        const frames = this.frames;
        this.frames = [];
        for (const group of grouped(frames)) {
          const ids = await this.taken(session, group, startedAt);
          if (ids === undefined) return;
          this.deps.onTaken(session, group, ids);
        }
      }
    } finally {
      this.applying = undefined;
      const next = this.deps.session();
      if (this.frames.length > 0 && next !== undefined) this.applying = this.applyAll(next);
    }
  }

  /**
   * What is on the disk now; undefined where the connection has ended before it was. As long as the disk takes nothing
   * (it is full) nothing that comes after may count, and clients hear why. The connection stays: a host that cannot be
   * given anything new still holds what it has, and must not be taken for lost.
   */
  private async taken(
    session: Session,
    group: Group,
    startedAt: (id: string) => number,
  ): Promise<string[] | undefined> {
    const { logger, dir, clock } = this.deps;
    const isOver = () => this.deps.session() !== session;
    for (;;) {
      try {
        const ids = await this.take(group, startedAt);
        if (this.unwritable !== '' && !isOver()) {
          this.unwritable = '';
          logger.info({}, 'assignments are written again');
          this.deps.onWritable(session);
        }
        return ids;
      } catch (thrown) {
        if (isOver()) return undefined;
        const reason = say('hosts.state.disk', { dir, reason: messageOf(thrown) });
        if (this.unwritable === '') logger.error({ error: messageOf(thrown) }, reason);
        this.unwritable = reason;
        this.deps.onWritable(session);
        for (const waiting of [group, ...this.frames]) {
          if (waiting.t !== 'deltas') continue;
          for (const delta of waiting.deltas) if (isPut(delta)) this.deps.refuse(delta.assignment, reason);
        }
      }
      await clock.sleep(DISK_RETRY_MS);
      if (isOver()) return undefined;
    }
  }

  private take(group: Group, startedAt: (id: string) => number): Promise<string[]> {
    const { files } = this.deps;
    if (group.t === 'deltas') return files.apply(group.deltas, group.at, startedAt);
    const puts = group.deltas.filter(isPut);
    if (!group.restored) return files.replace(puts, group.at, startedAt);
    return files.restore(
      puts.map(({ assignment }) => assignment),
      group.at,
      startedAt,
    );
  }
}
