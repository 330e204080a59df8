import { constants } from 'node:fs';
import { type FileHandle, lstat, open, opendir, readFile, readlink } from 'node:fs/promises';
import { type FolderEntry, type FolderListing, MOST_ENTRIES } from '../../contract/container-files.ts';
import { BerthError } from '../../kit/errors.ts';

const { O_DIRECTORY, O_NOFOLLOW, O_RDONLY } = constants;
/** An answer of an agent has a limit; names and targets of links count, bytes. */
const MOST_BYTES = 500_000;
/** Symbolic links that are followed on one way, as in Linux. */
const MOST_LINKS = 40;
const S_IFMT = 0o170000;
const KINDS: ReadonlyMap<number, FolderEntry['kind']> = new Map([
  [0o100000, 'file'],
  [0o040000, 'folder'],
  [0o120000, 'link'],
]);

/**
 * What is in a folder of a running container, read from this host: that needs no program in the container's image. The way
 * is walked by hand from the container's root, one folder after the other, and no link is followed by the kernel, which would
 * take an absolute one for a path of this host.
 * @param pid of the container's first process, as its engine tells it
 * @param path absolute, within the container
 * @throws BerthError `not_found` in words for a person, `bad_request`, `conflict` where the process is another one by now
 */
export async function listFolder(
  pid: number,
  engineId: string,
  path: string,
  proc = '/proc',
): Promise<FolderListing> {
  const root = await open(`${proc}/${pid}/root`, O_RDONLY | O_DIRECTORY).catch(() => undefined);
  if (root === undefined) throw ended();
  const way = new Way(root, path);
  try {
    // Numbers of processes are given again: after the folder is open it is known whose it is.
    const groups = await readFile(`${proc}/${pid}/cgroup`, 'utf8').catch(() => '');
    if (!groups.includes(engineId)) throw ended();
    await way.walk();
    return { path: way.path, ...(await entriesOf(way.folder)) };
  } finally {
    await way.close();
  }
}

/** The folders from the root to where one is, open. */
class Way {
  private readonly folders: FileHandle[];
  private readonly names: string[] = [];
  private readonly rest: string[];
  private links = 0;

  constructor(
    root: FileHandle,
    private readonly asked: string,
  ) {
    this.folders = [root];
    this.rest = partsOf(asked);
  }

  get folder(): FileHandle {
    return this.folders.at(-1) as FileHandle;
  }

  get path(): string {
    return `/${this.names.join('/')}`;
  }

  async walk(): Promise<void> {
    for (let name = this.rest.shift(); name !== undefined; name = this.rest.shift()) {
      if (name === '..') await this.up();
      else await this.into(name);
    }
  }

  async close(): Promise<void> {
    for (const folder of this.folders.splice(0)) await folder.close();
  }

  private async up(): Promise<void> {
    if (this.folders.length === 1) return;
    this.names.pop();
    await this.folders.pop()?.close();
  }

  private async into(name: string): Promise<void> {
    const own = `${pathOf(this.folder)}/${name}`;
    try {
      const opened = await open(own, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
      this.folders.push(opened);
      this.names.push(name);
    } catch (thrown) {
      const code = codeOf(thrown);
      const target =
        code === 'ENOTDIR' || code === 'ELOOP' ? await readlink(own).catch(() => undefined) : undefined;
      if (target === undefined) throw this.refusal(name, code);
      await this.follow(target);
    }
  }

  private async follow(target: string): Promise<void> {
    if (++this.links > MOST_LINKS)
      throw new BerthError('bad_request', `"${this.asked}" goes through more than ${MOST_LINKS} links`);
    this.rest.unshift(...partsOf(target));
    if (!target.startsWith('/')) return;
    while (this.folders.length > 1) await this.up();
  }

  private refusal(name: string, code: string): BerthError {
    const at = `${this.path === '/' ? '' : this.path}/${name}`;
    if (code === 'ENOTDIR') return new BerthError('bad_request', `"${at}" is no folder`);
    if (code === 'ENOENT') return new BerthError('not_found', `there is no "${at}" in the container`);
    return new BerthError('conflict', `"${at}" cannot be read: ${code}`);
  }
}

async function entriesOf(folder: FileHandle): Promise<Pick<FolderListing, 'entries' | 'isCut'>> {
  const entries: FolderEntry[] = [];
  const base = pathOf(folder);
  let bytes = 0;
  // Names are bytes, and need not be text.
  const reading = await opendir(base, { encoding: 'buffer' as never, bufferSize: 256 });
  for await (const { name } of reading as unknown as AsyncIterable<{ name: Buffer }>) {
    if (entries.length === MOST_ENTRIES || bytes > MOST_BYTES) return { entries, isCut: true };
    const entry = await entryOf(base, name);
    if (entry === undefined) continue;
    entries.push(entry);
    bytes += JSON.stringify([entry.name, entry.target ?? '']).length;
  }
  return { entries, isCut: false };
}

async function entryOf(base: string, bytes: Buffer): Promise<FolderEntry | undefined> {
  const own = Buffer.concat([Buffer.from(`${base}/`), bytes]);
  // Undefined where it went meanwhile.
  const found = await lstat(own).catch(() => undefined);
  if (found === undefined) return undefined;
  const kind = KINDS.get(found.mode & S_IFMT) ?? 'other';
  const name = bytes.toString('utf8');
  const target = kind === 'link' ? await readlink(own).catch(() => undefined) : undefined;
  return {
    ...{ name, kind, size: found.size, mode: found.mode & 0o7777, uid: found.uid, gid: found.gid },
    changedAt: Math.round(found.mtimeMs),
    ...(target === undefined ? {} : { target }),
    ...(Buffer.from(name).equals(bytes) ? {} : { isNoText: true }),
  };
}

/** An open folder as a path: what it is called may have changed. */
function pathOf({ fd }: FileHandle): string {
  return `/proc/self/fd/${fd}`;
}

function partsOf(path: string): string[] {
  return path.split('/').filter((name) => name !== '' && name !== '.');
}

function codeOf(thrown: unknown): string {
  return thrown instanceof Error && 'code' in thrown ? String(thrown.code) : 'unknown';
}

function ended(): BerthError {
  return new BerthError(
    'conflict',
    'the container does not run any more, or not on this machine: it cannot be looked into',
  );
}
