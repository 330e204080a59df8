import { randomBytes } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { type FileHandle, link, lstat, open, readFile, rename, unlink } from 'node:fs/promises';
import { DRAFT_PREFIX, type PutFileQuestion, type StoredFile } from '../../contract/container-files.ts';
import { BerthError } from '../../kit/errors.ts';
import { codeOf, openWay, pathOf, type Way } from './container-way.ts';

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants;
/** `open(2)`: the file is not opened, only known. Of Linux; Node has no name for it. */
const O_PATH = 0o10000000;
/** Of a file that is new. */
const MODE = 0o644;
/** So much is written at a time, bytes: what comes over the link is in small pieces. */
const PIECE = 256 * 1024;
/** A filesystem that knows neither owners nor modes, or lets nobody set them. */
const NO_OWNERS: ReadonlySet<string> = new Set(['EPERM', 'EINVAL', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP']);
/** What a disk refuses, in words for a person. */
const WORDS: Readonly<Record<string, string>> = {
  ENOSPC: 'there is no space left',
  EDQUOT: 'its quota is used up',
  EROFS: 'it is read-only in this container',
  EFBIG: 'the file is too large for the filesystem there',
  ENAMETOOLONG: 'the name is too long for the filesystem there',
  ENOENT: 'the folder is gone, or of a kind that takes no files',
  EACCES: 'it takes no files',
  EPERM: 'it takes no files',
  EISDIR: 'a folder has that name',
  EBUSY: 'it is in use by the system',
};

export type FileToPut = Omit<PutFileQuestion, 'container'> &
  Readonly<{
    /** Of the container's first process, as its engine tells it. */
    pid: number;
    engineId: string;
    proc?: string;
  }>;

/** Runs what may hang in a thread of the disk's, where what is mounted there does not answer. */
type Disk = <R>(task: () => Promise<R>) => Promise<R>;

/**
 * Puts a file into a folder of a running container, from this host. It has a name of its own until it is whole, so what was
 * there stays until then, and nobody sees half of it. It gets owner and mode of what it replaces; a new one those of its
 * folder's owner and 644.
 * @param sent throws where it breaks off: then nothing is left
 * @param signal fires where nobody waits for it any more: it does not come to be
 * @throws BerthError as `openWay`, and `conflict` in words for a person
 */
export async function putFile(
  { pid, engineId, folder, name, replace, proc }: FileToPut,
  sent: AsyncIterable<Uint8Array>,
  disk: Disk,
  signal: AbortSignal,
): Promise<StoredFile> {
  const way = await disk(() => openWay(pid, engineId, folder, proc));
  const path = `${way.path === '/' ? '' : way.path}/${name}`;
  const base = pathOf(way.folder);
  const own = `${base}/${name}`;
  const draft = `${base}/${DRAFT_PREFIX}${randomBytes(8).toString('hex')}`;
  let opened: FileHandle | undefined;
  try {
    await disk(() => lookAt(way, own, path, replace));
    const handle = await disk(() => open(draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600));
    opened = handle;
    const size = await writeAll(handle, sent, disk);
    await disk(async () => {
      // Once more: it may have taken hours.
      const before = await lookAt(way, own, path, replace);
      await dress(handle, before ?? (await way.folder.stat()), before);
      // What could not be written is told here, too.
      await handle.close();
      signal.throwIfAborted();
      await (replace ? rename(draft, own) : place(draft, own, path));
    });
    return { path, size };
  } catch (thrown) {
    if (opened !== undefined) await disk(() => leave(opened as FileHandle, draft));
    throw refusal(thrown, path);
  } finally {
    await disk(() => way.close());
  }
}

/**
 * What has the name already, where a file may take its place: a file, or a link, of which nothing is kept.
 * @throws BerthError `conflict`
 */
async function lookAt(way: Way, own: string, path: string, replace: boolean): Promise<Stats | undefined> {
  const found = await lstat(own).catch((thrown: unknown) => {
    if (codeOf(thrown) === 'ENOENT') return undefined;
    throw thrown;
  });
  if (found === undefined) return undefined;
  if (found.isDirectory()) throw new BerthError('conflict', `"${path}" is a folder`);
  if (!found.isFile() && !found.isSymbolicLink())
    throw new BerthError('conflict', `"${path}" is a device, a pipe or a socket, and no file`);
  if (!replace) throw isThere(path);
  // To put another one in its place would take the mount away from the container.
  const file = await open(own, O_PATH | O_NOFOLLOW);
  try {
    if ((await mountOf(file)) !== (await mountOf(way.folder)))
      throw new BerthError('conflict', `"${path}" is mounted into the container by itself`, {
        hint: 'change it where it comes from',
      });
  } finally {
    await file.close();
  }
  return found.isFile() ? found : undefined;
}

function isThere(path: string): BerthError {
  return new BerthError('conflict', `"${path}" is there already`, { hint: 'say that it is to be replaced' });
}

/** The number of the mount that it is on (proc(5): /proc/pid/fdinfo). */
async function mountOf({ fd }: FileHandle): Promise<string | undefined> {
  return /^mnt_id:\s*(\d+)$/m.exec(await readFile(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1];
}

/** @returns bytes */
async function writeAll(handle: FileHandle, sent: AsyncIterable<Uint8Array>, disk: Disk): Promise<number> {
  const piece = Buffer.allocUnsafe(PIECE);
  let filled = 0;
  let size = 0;
  const flush = () =>
    disk(async () => {
      for (let at = 0; at < filled; ) at += (await handle.write(piece, at, filled - at)).bytesWritten;
      size += filled;
      filled = 0;
    });
  for await (const part of sent) {
    for (let at = 0; at < part.length; ) {
      const more = part.subarray(at, at + PIECE - filled);
      piece.set(more, filled);
      at += more.length;
      filled += more.length;
      if (filled === PIECE) await flush();
    }
  }
  await flush();
  return size;
}

async function dress(
  handle: FileHandle,
  { uid, gid }: Pick<Stats, 'uid' | 'gid'>,
  before: Stats | undefined,
): Promise<void> {
  const ignore = (thrown: unknown) => {
    if (!NO_OWNERS.has(codeOf(thrown))) throw thrown;
  };
  await handle.chown(uid, gid).catch(ignore);
  // Not the right to run as its owner: that was given to other bytes.
  await handle.chmod(before === undefined ? MODE : before.mode & 0o777).catch(ignore);
}

/** Gives it its name, where nothing has that: also where another one came first by a moment. */
async function place(draft: string, own: string, path: string): Promise<void> {
  try {
    await link(draft, own);
  } catch (thrown) {
    if (codeOf(thrown) === 'EEXIST') throw isThere(path);
    // A filesystem without a second name for one file.
    await rename(draft, own);
    return;
  }
  await unlink(draft);
}

/** Nothing of it is to stay. */
async function leave(handle: FileHandle, draft: string): Promise<void> {
  await handle.close().catch(() => undefined);
  await unlink(draft).catch(() => undefined);
}

function refusal(thrown: unknown, path: string): unknown {
  if (thrown instanceof BerthError || !(thrown instanceof Error) || !('code' in thrown)) return thrown;
  const code = codeOf(thrown);
  const words = WORDS[code];
  return new BerthError('conflict', `"${path}" was not written: ${words === undefined ? code : words}`);
}
