import { constants } from 'node:fs';
import { copyFile, type FileHandle, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';

const NAME = /^journal\.([1-9]\d*)$/;
/**
 * A new file is filled with zeros up to here (bytes): what is then written over them needs no change of the file's size,
 * so a flush need not wait for the file system's own journal, in which the engine's writes are.
 */
const ROOM = 1024 * 1024;
/** Each write returns once it is on the disk: one wait in the thread pool, where a flush of its own would be two. */
const { O_WRONLY, O_CREAT, O_TRUNC, O_DSYNC } = constants;
const FLUSHED = O_WRONLY | O_CREAT | O_TRUNC | O_DSYNC;

type Waiter = Readonly<{ text: string; resolve(): void; reject(thrown: unknown): void }>;

/** What was read of files that an earlier life has left. */
export type Left = Readonly<{
  /** In the order in which they were written. */
  lines: readonly string[];
  /** A line in the midst cannot be read: what it said is not known. The end of a file may be torn, as nobody relied on it. */
  damaged: boolean;
}>;

/**
 * Lines that are on the disk one after the other, before anything is done that follows from them: one write, flushed,
 * whatever else has to be brought into order later.
 */
export class LineJournal {
  private file: Readonly<{ handle: FileHandle; path: string }> | undefined;
  private position = 0;
  private waiting: Waiter[] = [];
  /** Lines that nobody waits for: the next flush takes them along. */
  private notes = '';
  private writing: Promise<void> | undefined;

  private constructor(
    private readonly dir: string,
    private number: number,
    /** Files that are still needed, the one that is written apart. */
    private old: string[],
  ) {}

  /** Reads what is there. Nothing is written before the first line comes. */
  static async open(
    dir: string,
    isLine: (text: string) => boolean,
  ): Promise<{ journal: LineJournal; left: Left }> {
    const names = (await readdir(dir)).filter((name) => NAME.test(name));
    const numbers = names.map((name) => Number(NAME.exec(name)?.[1])).sort((a, b) => a - b);
    const paths = numbers.map((number) => join(dir, `journal.${number}`));
    const left = { lines: [] as string[], damaged: false };
    for (const path of paths) {
      const all = (await readFile(path, 'utf8')).split('\0', 1)[0]?.split('\n') ?? [];
      const torn = all.findIndex((text) => !isLine(text));
      const whole = torn === -1 ? all : all.slice(0, torn);
      left.lines.push(...whole);
      if (torn === -1 || !all.slice(torn).some(isLine)) continue;
      left.damaged = true;
      await copyFile(path, `${path}.unreadable`).catch(() => {});
    }
    return { journal: new LineJournal(dir, numbers.at(-1) ?? 0, paths), left };
  }

  /** Bytes since the last `rotate`. */
  get size(): number {
    return this.position;
  }

  /**
   * On the disk when it resolves; calls that come while others are being written are written together.
   * @throws the file system's error: whether the lines will be found again is not known then.
   */
  append(lines: readonly string[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ text: lines.map((line) => `${line}\n`).join(''), resolve, reject });
      this.writing ??= this.writeAll();
    });
  }

  /** On the disk with the next line that somebody waits for, or with the next `rotate`. */
  note(line: string): void {
    this.notes += `${line}\n`;
  }

  /**
   * Goes on in a new file. What is returned removes the files before it: to be called once what they say is on the disk
   * elsewhere.
   */
  async rotate(): Promise<() => Promise<void>> {
    if (this.notes !== '') await this.append([]);
    while (this.writing !== undefined) await this.writing;
    const before = [...this.old];
    // One that has nothing in it yet will do, after an attempt that came no further.
    if (this.file === undefined || this.position > 0) {
      if (this.file !== undefined) before.push(this.file.path);
      const turn = this.begin();
      const goOn = () => this.writeAll();
      this.writing = turn.then(goOn, goOn);
      await turn;
    }
    return async () => {
      for (const path of before) await rm(path, { force: true });
      this.old = this.old.filter((path) => !before.includes(path));
    };
  }

  /** What an earlier life has left is another's. */
  async moveTo(folder: string): Promise<void> {
    for (const path of this.old.splice(0)) await rename(path, join(folder, basename(path)));
  }

  /** The next line opens it again. */
  async close(): Promise<void> {
    while (this.writing !== undefined) await this.writing;
    const { file } = this;
    if (file === undefined) return;
    this.file = undefined;
    await file.handle.close();
    if (this.position === 0) await rm(file.path, { force: true });
    else this.old.push(file.path);
  }

  private async writeAll(): Promise<void> {
    while (this.waiting.length > 0) {
      const batch = this.waiting;
      const notes = this.notes;
      this.waiting = [];
      this.notes = '';
      try {
        await this.write(notes + batch.map(({ text }) => text).join(''));
        for (const { resolve } of batch) resolve();
      } catch (thrown) {
        this.notes = notes + this.notes;
        await this.abandon();
        for (const { reject } of batch) reject(thrown);
      }
    }
    this.writing = undefined;
  }

  private async write(text: string): Promise<void> {
    if (this.file === undefined) await this.begin();
    const { handle } = this.file as NonNullable<typeof this.file>;
    const bytes = Buffer.from(text);
    for (let done = 0; done < bytes.length; ) {
      const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, this.position + done);
      done += bytesWritten;
    }
    this.position += bytes.length;
  }

  /** Opens the next file, and closes the one before. Where it cannot, all stays as it is. */
  private async begin(): Promise<void> {
    const path = join(this.dir, `journal.${++this.number}`);
    const handle = await open(path, FLUSHED, 0o600);
    try {
      // On a disk that is nearly full it goes without.
      await handle.write(Buffer.alloc(ROOM), 0, ROOM, 0).catch(() => {});
      await syncFolder(this.dir);
    } catch (thrown) {
      await handle.close().catch(() => {});
      await rm(path, { force: true }).catch(() => {});
      throw thrown;
    }
    const { file } = this;
    this.file = { handle, path };
    this.position = 0;
    if (file === undefined) return;
    this.old.push(file.path);
    await file.handle.close().catch(() => {});
  }

  /** After an error nobody knows what of a file is on the disk, and a later flush would not tell (fsync(2), EIO). */
  private async abandon(): Promise<void> {
    const { file, position } = this;
    if (file === undefined) return;
    this.file = undefined;
    this.position = 0;
    await file.handle.truncate(position).catch(() => {});
    await file.handle.close().catch(() => {});
    // Nothing that counts is in it: on a full disk there would be another one for each attempt.
    if (position === 0) await rm(file.path, { force: true }).catch(() => {});
    else this.old.push(file.path);
  }
}

/** So that what was made or renamed in a folder is found there after a power cut. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
