import { chmodSync, closeSync, openSync } from 'node:fs';
import { BerthError, messageOf } from '../../kit/errors.ts';
import type { Journal } from '../journal.ts';
import { SqliteThread } from './thread.ts';

/** Layout of the file; a newer one is refused, an older one is brought up by `migrate`. */
const LAYOUT = 1;
/** Read in one go at the start. */
const ROWS_AT_ONCE = 1000;

/**
 * Opens (or makes) the database at `path`. It is held alone: a second manager on the same file is refused. Write-ahead
 * log, every commit is on the disk before it resolves, in a thread of its own.
 * @throws BerthError `conflict` where another process holds it, `unavailable` where it is damaged or cannot be opened:
 *   nothing is overwritten then.
 */
export function openSqliteJournal(path: string): Journal {
  const thread = open(path);
  return {
    load: () => readAll(thread),
    commit: async (rows) => {
      try {
        await thread.write(rows.flatMap(({ table, key, json }) => [table, key, json ?? null]));
      } catch (thrown) {
        // Whoever reads it must know which disk.
        throw new Error(`${path}: ${messageOf(thrown)}`, { cause: thrown });
      }
    },
    close: () => thread.close(),
  };
}

function* readAll(thread: SqliteThread): ReturnType<Journal['load']> & Generator {
  for (;;) {
    const rows = thread.ask('read', ROWS_AT_ONCE) as [string, string, string][];
    if (rows.length === 0) break;
    for (const [table, key, json] of rows) yield { table, key, json };
  }
  // A statement that is still open would keep the connection from writing.
  thread.ask('endRead');
}

function open(path: string): SqliteThread {
  let thread: SqliteThread | undefined;
  try {
    own(path);
    thread = new SqliteThread();
    thread.ask('open', path, { timeout: 500 });
    thread.ask('pragma', 'locking_mode = EXCLUSIVE');
    thread.ask('pragma', 'journal_mode = WAL');
    thread.ask('pragma', 'synchronous = FULL');
    // Takes the exclusive lock now rather than at the first write.
    thread.ask('exec', 'BEGIN EXCLUSIVE; COMMIT');
    const damage = thread.ask('pragma', 'quick_check(1)');
    if (damage !== 'ok') throw new Error(String(damage));
    migrate(thread, path);
    return thread;
  } catch (thrown) {
    thread?.close();
    throw explain(path, thrown);
  }
}

/**
 * Secrets lie in it (containers' environments, hashes of passwords): its owner's alone, also where an earlier release or
 * a copy has left it open. SQLite gives the files beside it the same mode.
 */
function own(path: string): void {
  closeSync(openSync(path, 'a', 0o600));
  for (const file of [path, `${path}-wal`, `${path}-shm`]) {
    try {
      chmodSync(file, 0o600);
    } catch (thrown) {
      // Only while the database is open, or after a crash.
      if (!(thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT')) throw thrown;
    }
  }
}

function migrate(thread: SqliteThread, path: string): void {
  const layout = Number(thread.ask('pragma', 'user_version'));
  if (layout > LAYOUT) {
    throw new BerthError(
      'unavailable',
      `${path} was written by a newer Berth (layout ${layout}, this one reads up to ${LAYOUT})`,
      { hint: 'start the newer version again, or restore the backup that was made before the upgrade' },
    );
  }
  if (layout === LAYOUT) return;
  thread.ask(
    'exec',
    `BEGIN;
    CREATE TABLE records (tbl TEXT NOT NULL, key TEXT NOT NULL, json TEXT NOT NULL, PRIMARY KEY (tbl, key)) WITHOUT ROWID;
    PRAGMA user_version = ${LAYOUT};
    COMMIT`,
  );
}

function explain(path: string, thrown: unknown): BerthError {
  if (thrown instanceof BerthError) return thrown;
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED')) {
    return new BerthError('conflict', `${path} is in use by another manager`, {
      hint: 'stop it first (berth down), or give this one another --data-dir',
      cause: thrown,
    });
  }
  const full = code === 'SQLITE_FULL' || code === 'ENOSPC';
  return new BerthError('unavailable', `${path} cannot be used: ${messageOf(thrown)}`, {
    hint: full
      ? 'free space on its disk, then start again'
      : 'it was left as it is; put a backup of the file in its place, or check the disk, then start again',
    cause: thrown,
  });
}
