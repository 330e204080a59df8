import { readFileSync } from 'node:fs';
import type { CgroupFolders } from './cgroup-folders.ts';

/** What a container has used so far, and has in memory now. */
export type Counters = Readonly<{
  /** Microseconds of CPU. */
  cpu: number;
  /** Bytes, without files that the kernel may drop, as `docker stats` has it; the limit is Infinity where there is none. */
  memory: number;
  memoryLimit: number;
  /** Bytes received and sent on its interfaces but `lo`. */
  received: number;
  sent: number;
}>;

/**
 * Few small files, so reading them at once costs less than handing each to another thread.
 * @throws the file system's error where the process is gone
 */
export function readCounters(folders: CgroupFolders, pid: number, root = ''): Counters {
  const read = (path: string) => readFileSync(root + path, 'latin1');
  const network = networkOf(read(`/proc/${pid}/net/dev`));
  if (folders.version === 2) {
    const { folder } = folders;
    const inactive = valueIn(read(`${folder}/memory.stat`), 'inactive_file');
    return {
      cpu: valueIn(read(`${folder}/cpu.stat`), 'usage_usec'),
      memory: Math.max(0, numberOf(read(`${folder}/memory.current`)) - inactive),
      memoryLimit: numberOf(read(`${folder}/memory.max`)),
      ...network,
    };
  }
  const { cpu, memory } = folders;
  const inactive = valueIn(read(`${memory}/memory.stat`), 'total_inactive_file');
  return {
    cpu: numberOf(read(`${cpu}/cpuacct.usage`)) / 1000,
    memory: Math.max(0, numberOf(read(`${memory}/memory.usage_in_bytes`)) - inactive),
    memoryLimit: numberOf(read(`${memory}/memory.limit_in_bytes`)),
    ...network,
  };
}

/** `max` is none. */
function numberOf(text: string): number {
  const trimmed = text.trim();
  return trimmed === 'max' ? Number.POSITIVE_INFINITY : Number(trimmed);
}

/** Of lines `NAME VALUE`; 0 where it is not there. */
function valueIn(text: string, name: string): number {
  const at = text.startsWith(`${name} `) ? 0 : text.indexOf(`\n${name} `) + 1;
  if (at === 0 && !text.startsWith(`${name} `)) return 0;
  const from = at + name.length + 1;
  const end = text.indexOf('\n', from);
  return Number(text.slice(from, end < 0 ? undefined : end));
}

/** `/proc/PID/net/dev`: two lines of heads, then `NAME: RECEIVED and 7 more, SENT and 7 more`. */
function networkOf(text: string): Pick<Counters, 'received' | 'sent'> {
  let [received, sent] = [0, 0];
  for (const line of text.split('\n').slice(2)) {
    const at = line.indexOf(':');
    if (at < 0 || line.slice(0, at).trim() === 'lo') continue;
    const fields = line
      .slice(at + 1)
      .trim()
      .split(/\s+/);
    received += Number(fields[0]);
    sent += Number(fields[8]);
  }
  return { received, sent };
}
