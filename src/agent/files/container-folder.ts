import { type FileHandle, lstat, opendir, readlink } from 'node:fs/promises';
import { type FolderEntry, type FolderListing, MOST_ENTRIES } from '../../contract/container-files.ts';
import { openWay, pathOf } from './container-way.ts';

/** An answer of an agent has a limit; names and targets of links count, bytes. */
const MOST_BYTES = 500_000;
const S_IFMT = 0o170000;
const KINDS: ReadonlyMap<number, FolderEntry['kind']> = new Map([
  [0o100000, 'file'],
  [0o040000, 'folder'],
  [0o120000, 'link'],
]);

/**
 * What is in a folder of a running container, read from this host: that needs no program in the container's image.
 * @throws BerthError as `openWay`
 */
export async function listFolder(
  pid: number,
  engineId: string,
  path: string,
  proc = '/proc',
): Promise<FolderListing> {
  const way = await openWay(pid, engineId, path, proc);
  try {
    return { path: way.path, ...(await entriesOf(way.folder)) };
  } finally {
    await way.close();
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
