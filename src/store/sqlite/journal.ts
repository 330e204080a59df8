import { chmodSync, closeSync, openSync } from 'node:fs';
import Database from 'better-sqlite3';
import { BerthError, messageOf } from '../../kit/errors.ts';
import type { Journal, Row } from '../journal.ts';

/** Layout of the file; a newer one is refused, an older one is brought up by `migrate`. */
const LAYOUT = 1;

/**
 * Opens (or makes) the database at `path`. It is held alone: a second manager on the same file is refused. Write-ahead
 * log, and every commit is on the disk before it returns.
 * @throws BerthError `conflict` where another process holds it, `unavailable` where it is damaged or cannot be opened:
 *   nothing is overwritten then.
 */
export function openSqliteJournal(path: string): Journal {
  const db = open(path);
  const put = db.prepare('INSERT OR REPLACE INTO records (tbl, key, json) VALUES (?, ?, ?)');
  const del = db.prepare('DELETE FROM records WHERE tbl = ? AND key = ?');
  const write = db.transaction((rows: readonly Row[]) => {
    for (const { table, key, json } of rows) {
      if (json === undefined) del.run(table, key);
      else put.run(table, key, json);
    }
  });
  return {
    load: () =>
      db.prepare('SELECT tbl AS "table", key, json FROM records').iterate() as Iterable<{
        table: string;
        key: string;
        json: string;
      }>,
    commit: (rows) => {
      try {
        write(rows);
      } catch (thrown) {
        // Whoever reads it must know which disk.
        throw new Error(`${path}: ${messageOf(thrown)}`, { cause: thrown });
      }
    },
    close: () => {
      db.close();
    },
  };
}

function open(path: string): Database.Database {
  let db: Database.Database | undefined;
  try {
    own(path);
    db = new Database(path, { timeout: 500 });
    db.pragma('locking_mode = EXCLUSIVE');
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = FULL');
    // Takes the exclusive lock now rather than at the first write.
    db.exec('BEGIN EXCLUSIVE; COMMIT');
    const damage = db.pragma('quick_check(1)', { simple: true });
    if (damage !== 'ok') throw new Error(String(damage));
    migrate(db, path);
    return db;
  } catch (thrown) {
    db?.close();
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

function migrate(db: Database.Database, path: string): void {
  const layout = Number(db.pragma('user_version', { simple: true }));
  if (layout > LAYOUT) {
    throw new BerthError(
      'unavailable',
      `${path} was written by a newer Berth (layout ${layout}, this one reads up to ${LAYOUT})`,
      { hint: 'start the newer version again, or restore the backup that was made before the upgrade' },
    );
  }
  if (layout === LAYOUT) return;
  db.exec(`BEGIN;
    CREATE TABLE records (tbl TEXT NOT NULL, key TEXT NOT NULL, json TEXT NOT NULL, PRIMARY KEY (tbl, key)) WITHOUT ROWID;
    PRAGMA user_version = ${LAYOUT};
    COMMIT`);
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
