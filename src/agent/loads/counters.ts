import type { CgroupFolders } from './cgroup-folders.ts';
import { networkOf, numberOf, orNothing, type ReadFile, readerIn, valueIn } from './small-files.ts';

/** What a container has used so far, and has now. */
export type Counters = Readonly<{
  /** Microseconds of CPU. */
  cpu: number;
  /** Bytes, without files that the kernel may drop, as `docker stats` has it; the limit is Infinity where there is none. */
  memory: number;
  memoryLimit: number;
  /** Bytes received and sent on its interfaces but `lo`. */
  received: number;
  sent: number;
  /** Bytes from and to disks, and processes with their threads; NaN where the kernel does not count them. */
  diskRead: number;
  diskWrite: number;
  pids: number;
}>;

const isOwn = (name: string) => name !== 'lo';

/** @throws the file system's error where the process is gone */
export function readCounters(folders: CgroupFolders, pid: number, root = ''): Counters {
  const read = readerIn(root);
  const network = networkOf(read(`/proc/${pid}/net/dev`), isOwn);
  if (folders.version === 2) {
    const { folder } = folders;
    const inactive = valueIn(read(`${folder}/memory.stat`), 'inactive_file');
    return {
      cpu: valueIn(read(`${folder}/cpu.stat`), 'usage_usec'),
      memory: Math.max(0, numberOf(read(`${folder}/memory.current`)) - inactive),
      memoryLimit: numberOf(read(`${folder}/memory.max`)),
      ...network,
      ...diskOf(orNothing(read, `${folder}/io.stat`), /\brbytes=(\d+)/, /\bwbytes=(\d+)/),
      pids: pidsOf(read, folder),
    };
  }
  const { cpu, memory, disk, pids } = folders;
  const inactive = valueIn(read(`${memory}/memory.stat`), 'total_inactive_file');
  return {
    cpu: numberOf(read(`${cpu}/cpuacct.usage`)) / 1000,
    memory: Math.max(0, numberOf(read(`${memory}/memory.usage_in_bytes`)) - inactive),
    memoryLimit: numberOf(read(`${memory}/memory.limit_in_bytes`)),
    ...network,
    ...diskOf(
      disk && orNothing(read, `${disk}/blkio.throttle.io_service_bytes_recursive`),
      / Read (\d+)/,
      / Write (\d+)/,
    ),
    pids: pidsOf(read, pids),
  };
}

/** Over all disks, one to a line. */
function diskOf(text: string | undefined, read: RegExp, write: RegExp) {
  if (text === undefined) return { diskRead: Number.NaN, diskWrite: Number.NaN };
  let [diskRead, diskWrite] = [0, 0];
  for (const line of text.split('\n')) {
    diskRead += Number(read.exec(line)?.[1] ?? 0);
    diskWrite += Number(write.exec(line)?.[1] ?? 0);
  }
  return { diskRead, diskWrite };
}

function pidsOf(read: ReadFile, folder: string | undefined): number {
  const text = folder && orNothing(read, `${folder}/pids.current`);
  return text === undefined ? Number.NaN : numberOf(text);
}
