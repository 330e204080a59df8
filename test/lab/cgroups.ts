import { existsSync, readdirSync, realpathSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { until } from './run.ts';

const ROOT = '/sys/fs/cgroup';

/** Remove a cgroup and all below it, in each hierarchy. Its processes must be dead; the kernel may need a moment. */
export async function removeCgroup(path: string): Promise<void> {
  const folders = hierarchies().map((hierarchy) => join(hierarchy, path));
  await until(
    `the removal of cgroup ${path}`,
    async () => (folders.map(removeTree).every(Boolean) ? true : undefined),
    { timeoutMs: 60_000, everyMs: 50 },
  );
}

/** The mount of each cgroup v1 controller, or the one of cgroup v2. */
function hierarchies(): string[] {
  if (existsSync(join(ROOT, 'cgroup.controllers'))) return [ROOT];
  const all = readdirSync(ROOT).map((name) => realpathSync(join(ROOT, name)));
  return [...new Set(all)];
}

function removeTree(folder: string): boolean {
  if (!existsSync(folder)) return true;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) removeTree(join(folder, entry.name));
  }
  try {
    rmdirSync(folder);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT';
  }
  return true;
}
