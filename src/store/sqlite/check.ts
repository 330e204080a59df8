import {
  accessSync,
  closeSync,
  constants,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import Database from 'better-sqlite3';
import { BerthError } from '../../kit/errors.ts';
import { isInUse, RESTORE } from './explain.ts';

/** Layout of the file; a newer one is refused, an older one is brought up. */
export const LAYOUT = 1;

/**
 * Reads the whole database at `path` through a connection that cannot write, so that one that is refused stays as it is,
 * byte for byte: a connection that can write would move the log (-wal) into a damaged file as soon as it is closed.
 * @throws BerthError `unavailable` where it is not whole, or not Berth's; SQLite's own error where it cannot even be read
 */
export function check(path: string): void {
  refuseLost(path);
  // A first run, or one that was cut off before it had made its tables.
  if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) === 0) return;
  // SQLite does not say why it cannot open a file.
  accessSync(path, constants.R_OK | constants.W_OK);
  const beside = [`${path}-wal`, `${path}-shm`].map((file) => ({ file, before: contentOf(file) }));
  const db = new Database(path, { readonly: true, fileMustExist: true, timeout: 500 });
  try {
    read(db, path);
    putBack(beside);
  } catch (thrown) {
    // Where another manager holds it they are that one's.
    if (!isInUse(thrown)) putBack(beside);
    throw thrown;
  } finally {
    db.close();
  }
}

function read(db: Database.Database, path: string): void {
  refuseNewer(db, path);
  const damage = db.pragma('quick_check(1)', { simple: true });
  if (damage !== 'ok') throw damaged(path, String(damage).replace(/^\*\*\*.*\*\*\*\s*/, ''));
  const tables = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").pluck().all();
  if (tables.length === 0) return;
  if (!tables.includes('records')) throw damaged(path, 'it is a SQLite database, but not one of Berth');
  // What the pages hold has no checksum; a page of a long record may be garbage in a sound tree.
  const torn = db.prepare('SELECT tbl, key FROM records WHERE NOT json_valid(json) LIMIT 1').get() as
    | Readonly<{ tbl: string; key: string }>
    | undefined;
  if (torn !== undefined) throw damaged(path, `the record ${torn.tbl}/${torn.key} is no JSON`);
}

type Beside = readonly Readonly<{ file: string; before: Buffer | undefined }>[];

/**
 * Reading makes an empty log and an index where there are none: to be undone while the connection still keeps everybody
 * else out, whose files they could be a moment later.
 */
function putBack(beside: Beside): void {
  for (const { file, before } of beside) {
    if (before === undefined) rmSync(file, { force: true });
    else if (contentOf(file)?.equals(before) === false) overwrite(file, before);
  }
}

function overwrite(file: string, bytes: Buffer): void {
  // In place: the connection has it mapped.
  const fd = openSync(file, 'r+');
  try {
    writeSync(fd, bytes, 0, bytes.length, 0);
  } finally {
    closeSync(fd);
  }
}

/** SQLite throws the log of an empty database away, and with it everything that was not in the file yet. */
function refuseLost(path: string): void {
  const sizeOf = (file: string) => statSync(file, { throwIfNoEntry: false })?.size;
  const size = sizeOf(path);
  if ((size ?? 0) > 0 || (sizeOf(`${path}-wal`) ?? 0) === 0) return;
  throw damaged(path, `it is ${size === undefined ? 'missing' : 'empty'}, and its log ${path}-wal is not`);
}

function refuseNewer(db: Database.Database, path: string): void {
  const layout = Number(db.pragma('user_version', { simple: true }));
  if (layout <= LAYOUT) return;
  throw new BerthError(
    'unavailable',
    `${path} was written by a newer Berth (layout ${layout}, this one reads up to ${LAYOUT})`,
    { hint: 'start the newer version again, or restore the backup that was made before the upgrade' },
  );
}

function damaged(path: string, what: string): BerthError {
  return new BerthError('unavailable', `${path} cannot be used: ${what}`, {
    hint: `it was left as it is: ${RESTORE}`,
  });
}

function contentOf(file: string): Buffer | undefined {
  return statSync(file, { throwIfNoEntry: false }) === undefined ? undefined : readFileSync(file);
}
