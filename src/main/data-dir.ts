import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { BerthError, messageOf } from '../kit/errors.ts';

export const DEFAULT_DATA_DIR = '/var/lib/berth';

/** Where everything of one manager lies. */
export type DataDir = Readonly<{
  root: string;
  database: string;
  pki: string;
  agent: string;
  /** Sockets and the pid file; `socket` of the Docker endpoint may lie elsewhere (`--socket`). */
  run: string;
  apiSocket: string;
  dockerSocket: string;
  pidFile: string;
  /** The Docker Engine that Berth started itself, where no service manager runs. */
  dockerdPidFile: string;
  logs: string;
  managerLog: string;
}>;

export function dataDirAt(root: string): DataDir {
  const run = join(root, 'run');
  const logs = join(root, 'log');
  return {
    root,
    database: join(root, 'berth.db'),
    pki: join(root, 'pki'),
    agent: join(root, 'agent'),
    run,
    apiSocket: join(run, 'api.sock'),
    // The default endpoint has a short path that is easy to type and to remember.
    dockerSocket: root === DEFAULT_DATA_DIR ? '/run/berth/docker.sock' : join(run, 'docker.sock'),
    pidFile: join(run, 'manager.pid'),
    dockerdPidFile: join(run, 'dockerd.pid'),
    logs,
    managerLog: join(logs, 'manager.log'),
  };
}

/** All that lies directly in a manager's data directory. */
const ENTRIES: ReadonlySet<string> = new Set([
  ...['berth.db', 'berth.db-wal', 'berth.db-shm', 'config.json', 'config.json.new'],
  ...['pki', 'agent', 'run', 'log'],
]);

/** True where a manager has been set up in the folder. */
export function isDataDir(dir: DataDir): boolean {
  return existsSync(dir.database) || existsSync(join(dir.root, 'config.json'));
}

/**
 * Removes those entries of a folder that are Berth's, and the folder where nothing else is in it. Returns what was left.
 */
export function removeEntries(root: string, entries: ReadonlySet<string>): string[] {
  const left: string[] = [];
  for (const name of readdirSync(root)) {
    if (entries.has(name)) rmSync(join(root, name), { recursive: true, force: true });
    else left.push(name);
  }
  if (left.length === 0) rmSync(root, { recursive: true });
  return left;
}

/** As `removeEntries`, of a manager's data directory. */
export function removeDataDir(dir: DataDir): string[] {
  return removeEntries(dir.root, ENTRIES);
}

/**
 * Makes the folders. Others may pass through the data directory, to its sockets; what lies in it is its owner's alone.
 * @throws BerthError `bad_request` where the folder is in use for something else: `down --purge` would remove some of it
 */
export function makeDataDir(dir: DataDir): void {
  try {
    makeFolders(dir);
    accessSync(dir.root, constants.R_OK | constants.W_OK);
  } catch (thrown) {
    if (thrown instanceof BerthError) throw thrown;
    throw cannotUse(dir.root, thrown);
  }
}

/** What the system says of a folder that cannot be used, and what to do about it. */
export function cannotUse(folder: string, thrown: unknown): BerthError {
  return refused(`the data directory ${folder} cannot be used`, thrown);
}

function refused(what: string, thrown: unknown): BerthError {
  const { code = '' } = thrown as NodeJS.ErrnoException;
  const denied = code === 'EACCES' || code === 'EPERM';
  const full = code === 'ENOSPC' || code === 'EDQUOT';
  const hint = denied
    ? 'run it as root (sudo), or give a folder of your own with --data-dir'
    : full
      ? 'free space on its disk, then start again'
      : 'give another folder with --data-dir';
  return new BerthError(denied ? 'forbidden' : 'unavailable', `${what}: ${messageOf(thrown)}`, {
    hint,
    cause: thrown,
  });
}

/** As `mkdir -p`. Node's own never ends where a file system takes no folders (/proc). */
export function makeFolder(path: string, mode: number): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path), 0o755);
  try {
    mkdirSync(path, { mode });
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'EEXIST') throw thrown;
  }
}

function makeFolders(dir: DataDir): void {
  if (!isDataDir(dir) && existsSync(dir.root)) {
    const other = readdirSync(dir.root).find((name) => !ENTRIES.has(name) && name !== 'lost+found');
    if (other !== undefined) {
      throw new BerthError(
        'bad_request',
        `${dir.root} is no data directory of Berth: "${other}" lies in it`,
        {
          hint: 'give a folder of its own with --data-dir; it is made where it is missing',
        },
      );
    }
  }
  makeFolder(dir.root, 0o711);
  for (const folder of [dir.pki, dir.agent, dir.logs]) makeFolder(folder, 0o700);
  for (const folder of [dir.run, dirname(dir.dockerSocket)]) makeFolder(folder, 0o711);
}

/**
 * Writes a small file whole or not at all.
 * @throws BerthError that says what to do (a full disk)
 */
export function writeWhole(path: string, text: string, mode = 0o600): void {
  const draft = `${path}.new`;
  try {
    writeFileSync(draft, text, { mode, flush: true });
    renameSync(draft, path);
  } catch (thrown) {
    throw refused(`${path} cannot be written`, thrown);
  }
}

/** What the command line of a process must have, so that a pid file's process is taken for it. */
export const MANAGER_WORDS = ['up', '--foreground'] as const;
export const AGENT_WORDS = ['agent', '--foreground'] as const;
export const ENGINE_WORDS = ['dockerd'] as const;

/**
 * The process ID in a pid file, where a process with that ID runs whose command line has all `words` (the last part of a
 * path counts as a word); else undefined. After a reboot the ID may be another program's, which is not to be taken for
 * ours, nor killed; or one of our own threads', which have entries in `/proc` as well.
 */
export function runningPid(pidFile: string, words: readonly string[]): number | undefined {
  try {
    const pid = Number(readFileSync(pidFile, 'utf8').trim());
    if (!Number.isInteger(pid) || pid <= 1) return undefined;
    if (!readFileSync(`/proc/${pid}/status`, 'utf8').includes(`\nTgid:\t${pid}\n`)) return undefined;
    const argv = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    return words.every((word) => argv.some((one) => basename(one) === word)) ? pid : undefined;
  } catch {
    return undefined;
  }
}
