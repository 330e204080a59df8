import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  closeSync,
  copyFileSync,
  cpSync,
  existsSync,
  fstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { killAll } from '../lab/processes.ts';
import { tryRun } from '../lab/run.ts';

/** A manager's data directory whose database is damaged, in every way that there is: the real `berth up` on it. */
const BERTH = join(import.meta.dirname, '../../berth');
const PORTS = { docker: 21396, api: 21463, agent: 21464 };
const FLAGS = [
  ...['--no-agent', '--advertise', '127.0.0.1', '--name', 'solo', '--no-install', '--json'],
  ...['--docker-listen', `127.0.0.1:${PORTS.docker}`, '--api-listen', `127.0.0.1:${PORTS.api}`],
  ...['--agent-listen', `127.0.0.1:${PORTS.agent}`],
];
const NOBODY = 65534;
/** Of a record that is longer than a page, so that its text lies in pages of its own. */
const MARK = 'in-the-middle-of-a-long-record';

const folder = mkdtempSync(join(tmpdir(), 'berth-damaged-'));
/** What a manager leaves behind when it is killed: database and log, whole. */
const killed = join(folder, 'killed');
/** A copy of the database alone, from a manager that was stopped in good order. */
const backup = join(folder, 'backup.db');

const database = (data: string) => join(data, 'berth.db');
const berth = (data: string, ...argv: string[]) => tryRun([BERTH, ...argv, '--data-dir', data]);
/** The socket's path is kept from the first start, and a copy must have its own. */
const up = (data: string, ...more: string[]) =>
  berth(data, 'up', ...FLAGS, '--socket', join(data, 'run/docker.sock'), ...more);
const pidOf = (data: string) => Number(readFileSync(join(data, 'run/manager.pid'), 'utf8'));
async function done(what: ReturnType<typeof berth>): Promise<string> {
  const { code, stdout, stderr } = await what;
  if (code !== 0) throw new Error(stderr);
  return stdout;
}

/** Rows that no table of this release has, so that a manager leaves them alone: `mib` of them after each letter. */
function fill(path: string, mib: number, name = 'filler'): void {
  const db = new Database(path);
  const put = db.prepare('INSERT INTO records (tbl, key, json) VALUES (?, ?, ?)');
  const json = JSON.stringify(MARK.padEnd(10_000, '.'));
  db.transaction(() => {
    for (const letter of 'abcdefghijklmnopqrstuvwxyz')
      for (let i = 0; i < mib * 100; i++) put.run(`${letter}-${name}`, `${i}`.padStart(200, '0'), json);
  })();
  db.close();
}

/** What lies at the paths, byte for byte. */
function bytesOf(data: string): string[] {
  return ['', '-wal', '-shm'].map((end) => {
    const path = `${database(data)}${end}`;
    if (!existsSync(path)) return 'none';
    const fd = openSync(path, 'r');
    const isFile = fstatSync(fd).isFile();
    closeSync(fd);
    return isFile ? createHash('sha256').update(readFileSync(path)).digest('hex') : 'a directory';
  });
}

function overwrite(path: string, at: number, bytes: Buffer): void {
  const fd = openSync(path, 'r+');
  writeSync(fd, bytes, 0, bytes.length, at);
  closeSync(fd);
}

beforeAll(async () => {
  await done(up(killed));
  await done(berth(killed, 'user', 'create', 'before', '--role', 'viewer', '--json'));
  await done(berth(killed, 'down'));
  fill(database(killed), 0.05);
  copyFileSync(database(killed), backup);
  await done(up(killed));
  await done(berth(killed, 'user', 'create', 'after', '--role', 'viewer', '--json'));
  await killAll([pidOf(killed)]);
  expect(existsSync(`${database(killed)}-wal`)).toBe(true);
  // Sockets cannot be copied.
  for (const socket of ['api.sock', 'docker.sock']) rmSync(join(killed, 'run', socket), { force: true });
});
/** One that was not refused must not be in the next one's way. */
afterEach(async () => {
  for (const data of started.splice(0)) {
    if (existsSync(join(data, 'run/api.sock'))) await berth(data, 'down');
    rmSync(data, { recursive: true, force: true });
  }
});
afterAll(async () => {
  await berth(killed, 'down');
  rmSync(folder, { recursive: true, force: true });
});

/** Data directories on which a manager may run. */
const started: string[] = [];

function copyOf(name: string): string {
  const data = join(folder, name);
  cpSync(killed, data, { recursive: true });
  started.push(data);
  return data;
}

/** Each: some that a tree has left behind when it moved its records are read no more. */
function overwriteMarks(path: string): void {
  const bytes = readFileSync(path);
  for (let at = bytes.indexOf(MARK); at >= 0; at = bytes.indexOf(MARK, at + 1))
    overwrite(path, at, Buffer.alloc(MARK.length, '"'));
}

/** A log may have the first page as well, and what is read is that one: it is moved into the database before. */
function garbleHeader(path: string): void {
  const db = new Database(path);
  db.pragma('wal_checkpoint(TRUNCATE)');
  db.close();
  overwrite(path, 0, Buffer.alloc(100, 0xa5));
}

type Damage = (path: string) => void;
const page = (path: string) => Math.floor(readFileSync(path).length / 4096 / 2) * 4096;
const DAMAGES: readonly (readonly [string, RegExp, Damage])[] = [
  ['a header of garbage', /not a database/, garbleHeader],
  ['half of it', /cannot be used/, (path) => truncateSync(path, page(path))],
  [
    'a page of garbage in the middle',
    /cannot be used/,
    (path) => overwrite(path, page(path), Buffer.alloc(4096, 0xa5)),
  ],
  [
    'a page of zeros in the middle',
    /cannot be used/,
    (path) => overwrite(path, page(path), Buffer.alloc(4096)),
  ],
  ['a record whose text is garbage, in a sound tree', /is no JSON/, overwriteMarks],
  ['emptied beside its log', /is empty, and /, (path) => truncateSync(path, 0)],
  ['missing beside its log', /is missing, and /, (path) => rmSync(path)],
  [
    'empty, without a log',
    /is empty, and a manager has run here before/,
    (path) => {
      rmSync(`${path}-wal`);
      truncateSync(path, 0);
    },
  ],
  [
    'missing, without a log',
    /is missing, and a manager has run here before/,
    (path) => {
      for (const end of ['', '-wal']) rmSync(`${path}${end}`);
    },
  ],
  [
    'a directory',
    /cannot be used/,
    (path) => {
      rmSync(path);
      mkdirSync(path);
    },
  ],
  [
    'of a newer release',
    /written by a newer Berth \(layout 99/,
    (path) => {
      const db = new Database(path);
      db.pragma('user_version = 99');
      db.close();
    },
  ],
  [
    'a database of another program',
    /not one of Berth/,
    (path) => {
      for (const end of ['', '-wal']) rmSync(`${path}${end}`);
      const db = new Database(path);
      db.exec('CREATE TABLE bookmarks (url TEXT)');
      db.close();
    },
  ],
];

it.each(DAMAGES)('%s: refused with how to restore it, and left as it is', async (_, what, damage) => {
  const data = copyOf('case');
  damage(database(data));
  const before = bytesOf(data);
  const { code, stderr } = await up(data);
  expect([code, stderr]).toEqual([6, expect.stringMatching(what)]);
  expect(stderr).toContain(database(data));
  expect(stderr).toMatch(/→ .*backup/);
  expect(bytesOf(data)).toEqual(before);
});

it('another user’s: refused with whose it must be, and left as it is', async () => {
  const data = copyOf('others');
  for (const end of ['', '-wal', '-shm'])
    if (existsSync(`${database(data)}${end}`)) chownSync(`${database(data)}${end}`, NOBODY, NOBODY);
  chmodSync(database(data), 0o600);
  const before = bytesOf(data);
  // Root for whom the modes of files count: another user could not even come to this folder.
  const caps = '-dac_override,-dac_read_search';
  const bound = ['setpriv', `--bounding-set=${caps}`, `--inh-caps=${caps}`, '--'];
  const { code, stderr } = await tryRun([...bound, BERTH, 'up', ...FLAGS, '--data-dir', data]);
  expect([code, stderr]).toEqual([7, expect.stringMatching(/berth\.db.*permission denied.*owner/)]);
  expect(bytesOf(data)).toEqual(before);
});

it('works again once a backup is in its place, as the refusal says', async () => {
  const data = copyOf('restored');
  garbleHeader(database(data));
  expect((await up(data, '--foreground')).code).toBe(6);
  for (const end of ['', '-wal', '-shm']) rmSync(`${database(data)}${end}`, { force: true });
  copyFileSync(backup, database(data));
  await done(up(data));
  const users = await done(berth(data, 'user', 'ls', '--json'));
  expect(users).toContain('"before"');
  expect(users).not.toContain('"after"');
  await done(berth(data, 'down'));
});

it('a killed manager’s database is no damaged one', async () => {
  const data = copyOf('sound');
  await done(up(data));
  expect(await done(berth(data, 'user', 'ls', '--json'))).toContain('"after"');
  await done(berth(data, 'down'));
});

it('damage that shows only later: ends all writes, says so, goes over nothing, and is refused by the next start', async () => {
  const data = copyOf('later');
  // More than is kept in memory, so that a write must read from the disk.
  fill(database(data), 1, 'more');
  await done(up(data));
  const size = readFileSync(database(data)).length;
  overwrite(database(data), 4096, Buffer.alloc(size - 4096, 0xa5));
  const [before] = bytesOf(data);
  const attempts = [
    ['user', 'create', 'u1', '--role', 'viewer', '--json'],
    ['token', 'create'],
    ['settings', 'set', 'fanoutTimeoutMs=1234'],
  ];
  for (const argv of [...attempts, ...attempts]) {
    const { code, stderr } = await berth(data, ...argv);
    const said = expect.stringMatching(/berth\.db: .*nothing is written.*backup/);
    expect([argv, code, stderr]).toEqual([argv, 6, said]);
  }
  expect(bytesOf(data)[0]).toBe(before);
  // What is in memory is true, and served.
  expect(await done(berth(data, 'user', 'ls', '--json'))).toContain('"after"');

  await killAll([pidOf(data)]);
  const left = bytesOf(data);
  const { code, stderr } = await up(data);
  expect([code, stderr]).toEqual([6, expect.stringContaining(database(data))]);
  expect(bytesOf(data)).toEqual(left);
});
