import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { BerthError, messageOf } from '../../kit/errors.ts';

/** What to do about a database that is damaged; the file is never written to, moved or removed. */
export const RESTORE =
  'stop the manager (berth down), keep a copy of the file and of those beside it (-wal, -shm), remove them and put a ' +
  'backup of the file in their place, check the disk, then start again; containers run on meanwhile';

/** True where SQLite says that the file itself is wrong, rather than that it could not be written just now. */
export function isDamage(thrown: unknown): boolean {
  const code = codeOf(thrown);
  return code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB';
}

/** True where another process holds the database. */
export function isInUse(thrown: unknown): boolean {
  const code = codeOf(thrown);
  return code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED');
}

/** What SQLite or the system says of the database at `path`, and what to do about it. */
export function explain(path: string, thrown: unknown): BerthError {
  if (thrown instanceof BerthError) return thrown;
  const code = codeOf(thrown);
  if (isInUse(thrown)) {
    return new BerthError('conflict', `${path} is in use by another manager`, {
      hint: 'stop it first (berth down), or give this one another --data-dir',
      cause: thrown,
    });
  }
  if (isFull(path, code)) {
    return new BerthError('unavailable', `${path} cannot be used: no space left on its disk`, {
      hint: 'free space there, then start again',
      cause: thrown,
    });
  }
  const denied = code === 'EACCES' || code === 'EPERM';
  return new BerthError(
    denied ? 'forbidden' : 'unavailable',
    `${path} cannot be used: ${messageOf(thrown)}`,
    {
      hint: denied
        ? 'start it as the owner of the file (root, by sudo), or give the file back to who starts it'
        : `it was left as it is: ${RESTORE}`,
      cause: thrown,
    },
  );
}

/** The index of the log, which even a reader needs: 32 KiB (SQLite's WAL-mode file format, 2.1), and as much for the rest. */
const ROOM = 64 * 1024;

/** Where SQLite cannot make the index of its log it says "disk I/O error", and not why. */
function isFull(path: string, code: string): boolean {
  if (code === 'SQLITE_FULL' || code === 'ENOSPC') return true;
  if (!code.startsWith('SQLITE_IOERR')) return false;
  try {
    const { bavail, bsize } = statfsSync(dirname(path));
    return bavail * bsize < ROOM;
  } catch {
    return false;
  }
}

function codeOf(thrown: unknown): string {
  return thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';
}
