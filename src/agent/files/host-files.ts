import {
  chmod,
  chown,
  lstat,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  rmdir,
  statfs,
} from 'node:fs/promises';
import { join } from 'node:path';
import type { AgentFrame, ManagerFrame } from '../../contract/link.ts';
import { BerthError, messageOf } from '../../kit/errors.ts';
import type { Logger } from '../../kit/logger.ts';
import type { Vault } from '../../kit/vault.ts';
import type { VaultFile } from '../../link/index.ts';
import type { ContainerFile } from '../../model/kept-file.ts';
import type { Holding } from '../holding.ts';
import { syncFolder } from '../line-journal.ts';
import { replaceFile } from '../replace-file.ts';

type Want = AgentFrame & { t: 'want' };

export type FileOptions = Readonly<{
  /** For sealed contents; made where missing. */
  dir: string;
  /** Opens them: its key is not in `dir`. */
  vault: VaultFile;
  /** Folders of which the first that is on a tmpfs takes what containers are given. */
  memory: readonly string[];
}>;

type HostFilesDeps = FileOptions &
  Readonly<{
    hostId: string;
    holdings(): Iterable<Holding>;
    logger: Logger;
  }>;

/** In the folder on a tmpfs: a folder for each host, in it one for each container. */
const FOLDER = 'berth-files';
/** IDs of contents, as names of files. */
const ID = /^[0-9a-z]{1,64}$/;
const CONTAINER_ID = /^[0-9a-z][0-9a-z_.-]{0,127}$/i;
/** How long the manager is waited for, milliseconds. */
const WAIT_MS = 10_000;
/** What is not needed any more is deleted so long after the last change, milliseconds. */
const SWEEP_MS = 2_000;
/** `f_type` of statfs(2): tmpfs and ramfs. */
const IN_MEMORY: ReadonlySet<number> = new Set([0x01021994, 0x858458f6]);

/**
 * Configs and secrets of this host's containers. Contents lie sealed on the disk, so that containers come back after a start
 * of the machine with no manager there; what containers are given lies in memory, in a folder for each container.
 */
export class HostFiles {
  private readonly waiting = new Map<string, Set<(error?: BerthError) => void>>();
  private send: ((want: Want) => void) | undefined;
  private sweeping: NodeJS.Timeout | undefined;

  private constructor(
    private readonly deps: HostFilesDeps,
    /** Undefined where this host has no tmpfs for them. */
    private readonly folder: string | undefined,
  ) {}

  /** @throws the file system's error where a folder cannot be used */
  static async open(deps: HostFilesDeps): Promise<HostFiles> {
    await mkdir(deps.dir, { recursive: true, mode: 0o700 });
    const base = await firstInMemory(deps.memory);
    const files = new HostFiles(deps, base && join(base, FOLDER, deps.hostId));
    files.sweepSoon();
    return files;
  }

  /** A manager listens from now on; it must know `want`. */
  attach(send: (want: Want) => void): void {
    this.send = send;
    if (this.waiting.size > 0) send({ t: 'want', files: [...this.waiting.keys()] });
  }

  detach(): void {
    this.send = undefined;
  }

  close(): void {
    this.detach();
    clearTimeout(this.sweeping);
    for (const id of [...this.waiting.keys()])
      this.answer(id, new BerthError('unavailable', 'the agent is stopping'));
  }

  /** What the manager says to a `want`. */
  async onFile({ id, content, error }: ManagerFrame & { t: 'file' }): Promise<void> {
    if (!ID.test(id)) return;
    if (content === undefined) {
      this.answer(id, new BerthError('engine', error ?? 'the manager does not have it', { status: 409 }));
      return;
    }
    try {
      await replaceFile(this.deps.dir, id, this.vault.seal(Buffer.from(content, 'base64'), purpose(id)));
      await syncFolder(this.deps.dir);
      this.answer(id);
    } catch (thrown) {
      const { dir } = this.deps;
      const message = `the host cannot write what its containers need to ${dir} (${messageOf(thrown)}): free space there`;
      this.answer(id, new BerthError('unavailable', message));
    }
  }

  /** Mounts of a create body, one for each file. @throws as `place` where this host has no place for them */
  mounts(containerId: string, files: readonly ContainerFile[]): readonly Readonly<Record<string, unknown>>[] {
    const folder = files.length === 0 ? '' : this.folderOf(containerId);
    return files.map(({ target }, i) => ({
      ...{ Type: 'bind', Source: join(folder, String(i)), Target: target, ReadOnly: true },
    }));
  }

  /**
   * Sees to it that the files of a container are where its mounts say. What is there already stays as it is.
   * @throws BerthError `unavailable` where a content is not here yet, or there is no room; `engine` where the cluster has it
   *   no more, or this host has no place for files
   */
  async place(containerId: string, files: readonly ContainerFile[], signal: AbortSignal): Promise<void> {
    const folder = this.folderOf(containerId);
    const contents = await Promise.all(files.map((file) => this.contentOf(file, signal)));
    try {
      await this.ownFolder(folder);
      for (const [i, file] of files.entries())
        await put(folder, String(i), contents[i] ?? Buffer.alloc(0), file);
    } catch (thrown) {
      if (thrown instanceof BerthError) throw thrown;
      throw new BerthError(
        'unavailable',
        `files for containers cannot be written to ${folder}: ${messageOf(thrown)}`,
      );
    }
  }

  /** The container is gone. */
  async drop(containerId: string): Promise<void> {
    if (this.folder !== undefined && CONTAINER_ID.test(containerId))
      await rm(join(this.folder, containerId), { recursive: true, force: true }).catch(() => {});
    this.sweepSoon();
  }

  /** Deletes what no container of this host has, once nothing has changed for a moment. */
  sweepSoon(): void {
    clearTimeout(this.sweeping);
    this.sweeping = setTimeout(() => {
      this.sweep().catch((thrown) =>
        this.deps.logger.warn(
          { error: messageOf(thrown) },
          'files of containers that are gone were not deleted',
        ),
      );
    }, SWEEP_MS);
    this.sweeping.unref();
  }

  private async sweep(): Promise<void> {
    const { dir } = this.deps;
    for (const name of await readdir(dir))
      if (!this.needed().has(name)) await rm(join(dir, name), { force: true });
    if (this.folder === undefined) return;
    const placed = await readdir(this.folder).catch(() => []);
    for (const name of placed)
      if (!this.needed().has(`/${name}`)) await rm(join(this.folder, name), { recursive: true, force: true });
  }

  /** IDs of contents, and of containers with a slash before them: as held at this moment. */
  private needed(): ReadonlySet<string> {
    const needed = new Set<string>(this.waiting.keys());
    for (const holding of this.deps.holdings()) {
      needed.add(`/${holding.kind === 'hold' ? holding.assignment.id : holding.id}`);
      if (holding.kind === 'hold') for (const { id } of holding.assignment.needs.files ?? []) needed.add(id);
    }
    return needed;
  }

  private async contentOf(file: ContainerFile, signal: AbortSignal): Promise<Buffer> {
    if (!ID.test(file.id))
      throw new BerthError('engine', `"${file.id.slice(0, 80)}" is no ID of a file`, { status: 400 });
    const known = await this.known(file.id);
    if (known !== undefined) return known;
    await this.fetch(file, signal);
    const fetched = await this.known(file.id);
    if (fetched !== undefined) return fetched;
    throw new BerthError(
      'unavailable',
      `${file.noun} ${file.name} was written to the host, and cannot be read there`,
    );
  }

  /** Undefined where it is not here; what cannot be opened (its key is lost, it is damaged) is as good as not here. */
  private async known(id: string): Promise<Buffer | undefined> {
    try {
      return this.vault.open(await readFile(join(this.deps.dir, id), 'utf8'), purpose(id));
    } catch {
      return undefined;
    }
  }

  private fetch({ id, noun, name }: ContainerFile, signal: AbortSignal): Promise<void> {
    const missing = (why: string) =>
      new BerthError('unavailable', `the content of ${noun} ${name} is not on this host yet: ${why}`);
    if (this.send === undefined) return Promise.reject(missing('no manager that gives it is connected'));
    return new Promise((resolve, reject) => {
      const end = (error?: BerthError) => {
        clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
        if (error === undefined) resolve();
        else if (error.code === 'engine')
          reject(new BerthError('engine', `${noun} ${name}: ${error.message}`, { status: 409 }));
        else reject(error);
      };
      const onAbort = () => this.answer(id, missing('the agent is stopping'));
      const timer = setTimeout(() => this.answer(id, missing('the manager does not send it')), WAIT_MS);
      signal.addEventListener('abort', onAbort, { once: true });
      const others = this.waiting.get(id);
      if (others !== undefined) {
        others.add(end);
        return;
      }
      this.waiting.set(id, new Set([end]));
      this.send?.({ t: 'want', files: [id] });
    });
  }

  private answer(id: string, error?: BerthError): void {
    const waiting = this.waiting.get(id);
    this.waiting.delete(id);
    for (const end of waiting ?? []) end(error);
  }

  private folderOf(containerId: string): string {
    if (this.folder !== undefined && CONTAINER_ID.test(containerId)) return join(this.folder, containerId);
    throw new BerthError(
      'engine',
      `this host has no tmpfs at ${this.deps.memory.join(' or ')} for configs and secrets`,
      { status: 409 },
    );
  }

  /** Others may write into where it lies (/dev/shm): it must be ours, and a folder, all the way down. */
  private async ownFolder(folder: string): Promise<void> {
    const parts = [join(folder, '..', '..'), join(folder, '..'), folder];
    for (const part of parts) {
      await mkdir(part, { mode: 0o700 }).catch((thrown) => {
        if ((thrown as NodeJS.ErrnoException).code !== 'EEXIST') throw thrown;
      });
      if (!(await isOwnFolder(part)))
        throw new BerthError('engine', `${part} is somebody else's: files of containers are not put there`, {
          status: 409,
        });
    }
  }

  private get vault(): Vault {
    return this.deps.vault.vault;
  }
}

/**
 * Takes away what containers of a host were given, once they are gone.
 * @param memory as in `FileOptions`
 * @returns the folders that were there
 */
export async function dropPlacedFiles(memory: readonly string[], hostId: string): Promise<readonly string[]> {
  const dropped: string[] = [];
  for (const base of memory.map((one) => join(one, FOLDER))) {
    const folder = join(base, hostId);
    // Others may write into /dev/shm: a link there would lead to what is theirs.
    if (!(await isOwnFolder(base)) || !(await isOwnFolder(folder))) continue;
    await rm(folder, { recursive: true, force: true });
    // Another cluster's host may have its own beside it.
    await rmdir(base).catch(() => {});
    dropped.push(folder);
  }
  return dropped;
}

async function isOwnFolder(path: string): Promise<boolean> {
  const found = await lstat(path).catch(() => undefined);
  return found?.isDirectory() === true && (found.mode & 0o077) === 0 && found.uid === process.getuid?.();
}

function purpose(id: string): string {
  return `files/${id}`;
}

async function firstInMemory(folders: readonly string[]): Promise<string | undefined> {
  for (const folder of folders) {
    const found = await statfs(folder).catch(() => undefined);
    if (found !== undefined && IN_MEMORY.has(found.type)) return folder;
  }
  return undefined;
}

/** A file that is there and differs is replaced, never written over: a container may have it. */
async function put(folder: string, name: string, content: Buffer, file: ContainerFile): Promise<void> {
  const path = join(folder, name);
  const uid = Number(file.uid);
  const gid = Number(file.gid);
  const known = await lstat(path).catch(() => undefined);
  if (known?.isFile() && known.uid === uid && known.gid === gid && (known.mode & 0o7777) === file.mode)
    if (content.equals(await readFile(path))) return;
  const draft = join(folder, `${name}.new`);
  await rm(draft, { force: true });
  const handle = await open(draft, 'wx', 0o600);
  try {
    await handle.writeFile(content);
  } finally {
    await handle.close();
  }
  if (uid !== process.getuid?.() || gid !== process.getgid?.()) await chown(draft, uid, gid);
  await chmod(draft, file.mode);
  await rename(draft, path);
}
