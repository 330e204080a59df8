import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/**
 * Which process listens on a TCP port of this machine, as far as /proc tells: "nginx (pid 812)". Undefined where nobody
 * does, or where the system does not say (another user's process, another namespace).
 */
export function portOwner(port: number, proc = '/proc'): string | undefined {
  const inodes = new Set([...listening(`${proc}/net/tcp`, port), ...listening(`${proc}/net/tcp6`, port)]);
  if (inodes.size === 0) return undefined;
  for (const pid of entries(proc)) {
    if (!/^\d+$/.test(pid)) continue;
    for (const fd of entries(`${proc}/${pid}/fd`)) {
      const inode = /^socket:\[(\d+)\]$/.exec(read(() => readlinkSync(`${proc}/${pid}/fd/${fd}`)))?.[1];
      if (inode !== undefined && inodes.has(inode)) {
        return `${read(() => readFileSync(`${proc}/${pid}/comm`, 'utf8')).trim()} (pid ${pid})`;
      }
    }
  }
  return undefined;
}

/** Inodes of the sockets in state LISTEN (0A) on `port`; columns as in proc(5). */
function listening(path: string, port: number): string[] {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  return read(() => readFileSync(path, 'utf8'))
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((columns) => columns[1]?.endsWith(`:${hex}`) === true && columns[3] === '0A')
    .map((columns) => columns[9] ?? '');
}

function entries(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function read(act: () => string): string {
  try {
    return act();
  } catch {
    return '';
  }
}
