import { posix } from 'node:path';

/** Where the kernel tells what a process's group uses. Version 1 has a hierarchy for each controller (cgroups(7)). */
export type CgroupFolders = Readonly<
  | { version: 2; folder: string }
  | { version: 1; cpu: string; memory: string; disk: string | undefined; pids: string | undefined }
>;

type Mount = Readonly<{ root: string; at: string; type: string; controllers: readonly string[] }>;

/**
 * @param mountInfo of this process (proc(5), `/proc/self/mountinfo`)
 * @param groups of the other one (`/proc/PID/cgroup`), as this process sees it
 * @returns undefined where this process sees no such folders
 */
export function cgroupFolders(mountInfo: string, groups: string): CgroupFolders | undefined {
  const mounts = mountInfo.split('\n').flatMap(mountOf);
  const lines = groups.split('\n').flatMap((line) => {
    const [, id = '', names = '', path] = /^(\d+):([^:]*):(.*)$/.exec(line) ?? [];
    return path === undefined ? [] : [{ id, controllers: names.split(','), path }];
  });
  const of = (controller: string) => {
    const line = lines.find(({ controllers }) => controllers.includes(controller));
    const mount = mounts.find((one) => one.type === 'cgroup' && one.controllers.includes(controller));
    return line && mount && folderIn(mount, line.path);
  };
  const [cpu, memory] = [of('cpuacct'), of('memory')];
  // Where both are mounted the controllers are version 1's.
  if (cpu !== undefined && memory !== undefined)
    return { version: 1, cpu, memory, disk: of('blkio'), pids: of('pids') };
  const line = lines.find(({ id }) => id === '0');
  const mount = mounts.find(({ type }) => type === 'cgroup2');
  const folder = line && mount && folderIn(mount, line.path);
  return folder === undefined ? undefined : { version: 2, folder };
}

/** `36 35 98:0 ROOT AT rw,noatime master:1 - TYPE SOURCE OPTIONS` */
function mountOf(line: string): Mount[] {
  const [before, after] = line.split(' - ');
  const [, , , root, at] = (before ?? '').split(' ');
  const [type = '', , options = ''] = (after ?? '').split(' ');
  if (root === undefined || at === undefined || !type.startsWith('cgroup')) return [];
  return [{ root: unescaped(root), at: unescaped(at), type, controllers: options.split(',') }];
}

/** Spaces and the like are written in octal. */
function unescaped(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

function folderIn({ root, at }: Mount, path: string): string | undefined {
  const below =
    root === '/' ? path : path === root || path.startsWith(`${root}/`) ? path.slice(root.length) : undefined;
  // Outside of what is mounted here.
  if (below === undefined || below.split('/').includes('..')) return undefined;
  return posix.join(at, below);
}
