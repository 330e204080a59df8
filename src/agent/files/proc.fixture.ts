import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The process of a running container, as `/proc` of its host shows it. */
export const PID = 4711;
export const ENGINE_ID = 'e1';

/** A `/proc` in which a container has that process, and the folder that is its root. To be removed. */
export function procOfContainer(): Readonly<{ proc: string; root: string; remove(): void }> {
  const folder = mkdtempSync(join(tmpdir(), 'berth-proc-'));
  const [proc, root] = [join(folder, 'proc'), join(folder, 'rootfs')];
  mkdirSync(join(proc, String(PID)), { recursive: true });
  mkdirSync(root);
  symlinkSync(root, join(proc, String(PID), 'root'));
  writeFileSync(join(proc, String(PID), 'cgroup'), `0::/docker/${ENGINE_ID}\n`);
  // Beside the root: what must never be seen, nor written to.
  mkdirSync(join(folder, 'host'));
  writeFileSync(join(folder, 'host', 'secret'), 'secret');
  return { proc, root, remove: () => rmSync(folder, { recursive: true }) };
}
