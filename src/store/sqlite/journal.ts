import { chmodSync, closeSync, openSync } from 'node:fs';
import { BerthError, messageOf } from '../../kit/errors.ts';
import type { Journal } from '../journal.ts';
import { check, LAYOUT } from './check.ts';
import { explain, isDamage, RESTORE } from './explain.ts';
import { SqliteThread } from './thread.ts';

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
  /** A page that turned out bad: the next one to be written could go over what is still good. */
  let damage: BerthError | undefined;
  return {
    load: () => readAll(thread),
    commit: async (rows) => {
      if (damage !== undefined) throw damage;
      try {
        const flat: (string | null)[] = [];
        for (const { table, key, json } of rows) flat.push(table, key, json ?? null);
        await thread.write(flat);
      } catch (thrown) {
        // Whoever reads it must know which disk.
        const what = `${path}: ${messageOf(thrown)}`;
        if (!isDamage(thrown)) throw new Error(what, { cause: thrown });
        damage = new BerthError('unavailable', `${what}: nothing is written to it any more`, {
          hint: RESTORE,
          cause: thrown,
        });
        throw damage;
      }
    },
    wipe: () => {
      try {
        // Free pages, and the log, have old versions of records.
        thread.ask('exec', 'VACUUM');
        thread.ask('pragma', 'wal_checkpoint(TRUNCATE)');
      } catch (thrown) {
        throw explain(path, thrown);
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
    check(path);
    own(path);
    thread = new SqliteThread();
    thread.ask('open', path, { timeout: 500 });
    thread.ask('pragma', 'locking_mode = EXCLUSIVE');
    thread.ask('pragma', 'journal_mode = WAL');
    thread.ask('pragma', 'synchronous = FULL');
    // Takes the exclusive lock now rather than at the first write.
    thread.ask('exec', 'BEGIN EXCLUSIVE; COMMIT');
    migrate(thread);
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

function migrate(thread: SqliteThread): void {
  if (Number(thread.ask('pragma', 'user_version')) === LAYOUT) return;
  thread.ask(
    'exec',
    `BEGIN;
    CREATE TABLE records (tbl TEXT NOT NULL, key TEXT NOT NULL, json TEXT NOT NULL, PRIMARY KEY (tbl, key)) WITHOUT ROWID;
    PRAGMA user_version = ${LAYOUT};
    COMMIT`,
  );
}
