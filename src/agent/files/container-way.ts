import { constants } from 'node:fs';
import { type FileHandle, open, readFile, readlink } from 'node:fs/promises';
import { BerthError } from '../../kit/errors.ts';

const { O_DIRECTORY, O_NOFOLLOW, O_RDONLY } = constants;
/** Symbolic links that are followed on one way, as in Linux. */
const MOST_LINKS = 40;
/** Folders below the root that one way may go down: each is an open file of this process until the way is closed. */
const MOST_DEEP = 256;

/**
 * A folder of a running container, opened from this host. The way is walked by hand from the container's root, one folder after
 * the other, and no link is followed by the kernel, which would take an absolute one for a path of this host.
 * @param pid of the container's first process, as its engine tells it
 * @param path absolute, within the container
 * @returns to be closed, whatever comes of it
 * @throws BerthError `not_found` in words for a person, `bad_request`, `conflict` where the process is another one by now
 */
export async function openWay(pid: number, engineId: string, path: string, proc = '/proc'): Promise<Way> {
  const root = await open(`${proc}/${pid}/root`, O_RDONLY | O_DIRECTORY).catch(() => undefined);
  if (root === undefined) throw ended();
  const way = new Way(root, path);
  try {
    // Numbers of processes are given again: after the folder is open it is known whose it is.
    const groups = await readFile(`${proc}/${pid}/cgroup`, 'utf8').catch(() => '');
    if (!groups.includes(engineId)) throw ended();
    await way.walk();
    return way;
  } catch (thrown) {
    await way.close();
    throw thrown;
  }
}

/** The folders from the root to where one is, open. */
export class Way {
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
    if (this.folders.length > MOST_DEEP)
      throw new BerthError('bad_request', `the folder is more than ${MOST_DEEP} folders deep`, {
        hint: '"docker cp" goes deeper',
      });
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

/** An open folder as a path: what it is called may have changed. */
export function pathOf({ fd }: FileHandle): string {
  return `/proc/self/fd/${fd}`;
}

function partsOf(path: string): string[] {
  return path.split('/').filter((name) => name !== '' && name !== '.');
}

export function codeOf(thrown: unknown): string {
  return thrown instanceof Error && 'code' in thrown ? String(thrown.code) : 'unknown';
}

function ended(): BerthError {
  return new BerthError(
    'conflict',
    'the container does not run any more, or not on this machine: it cannot be looked into',
  );
}
