import { randomBytes } from 'node:crypto';
import { type FileHandle, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { BerthError, messageOf } from '../../kit/errors.ts';

/**
 * Writes a file whole or not at all: a temporary one beside it, on disk, then renamed; the folder too, so that the
 * name survives a power cut.
 * @param mode such as 0o600
 */
export async function writeFileAtomic(path: string, text: string, mode: number): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    const file = await open(temporary, 'wx', mode);
    await withFile(file, async () => {
      // The process's umask may have taken bits away.
      await file.chmod(mode);
      await file.writeFile(text);
      await file.sync();
    });
    await rename(temporary, path);
    const folder = await open(dirname(path), 'r');
    await withFile(folder, () => folder.sync());
  } catch (cause) {
    await rm(temporary, { force: true });
    throw new BerthError('unavailable', `cannot write ${path}: ${messageOf(cause)}`, { cause });
  }
}

async function withFile(file: FileHandle, act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } finally {
    await file.close();
  }
}

/** The file's text; undefined where there is none. */
export async function readFileIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new BerthError('unavailable', `cannot read ${path}: ${messageOf(cause)}`, { cause });
  }
}
