import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

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

/** Makes the folders; the data directory itself is for its owner only: keys and the database lie in it. */
export function makeDataDir(dir: DataDir): void {
  mkdirSync(dir.root, { recursive: true, mode: 0o711 });
  for (const folder of [dir.pki, dir.agent, dir.logs]) mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const folder of [dir.run, dirname(dir.dockerSocket)])
    mkdirSync(folder, { recursive: true, mode: 0o711 });
}

/** Writes a small file whole or not at all. */
export function writeWhole(path: string, text: string, mode = 0o600): void {
  const draft = `${path}.new`;
  writeFileSync(draft, text, { mode, flush: true });
  renameSync(draft, path);
}

/** The process ID in a pid file whose process still runs `marker` (a word of its command line); else undefined. */
export function runningPid(pidFile: string, marker: string): number | undefined {
  try {
    const pid = Number(readFileSync(pidFile, 'utf8').trim());
    if (!Number.isInteger(pid) || pid <= 1) return undefined;
    // A pid may have been given to another program since: its command line tells.
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(marker) ? pid : undefined;
  } catch {
    return undefined;
  }
}
