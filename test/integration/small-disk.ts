import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A tmpfs that only commands run by `argv` see, so that nothing of it is left whatever becomes of the test. */
export type SmallDisk = Readonly<{
  /** Where it is mounted, as those commands have it. */
  path: string;
  /** A file of it, as this process reads it. */
  here(file: string): string;
  /** The command, run where the disk is. */
  argv(argv: readonly string[]): string[];
  /** Takes all the space that is left. */
  fill(): void;
  /** Gives it back. */
  free(): void;
  close(): Promise<void>;
}>;

const FILL = 'fill';

/** Needs root. @param sizeKiB of the disk */
export async function openSmallDisk(sizeKiB: number): Promise<SmallDisk> {
  const path = mkdtempSync(join(tmpdir(), 'berth-disk-'));
  const mount = `mount -t tmpfs -o size=${sizeKiB}k tmpfs "$1" && echo mounted && exec sleep 86400`;
  const namespace = ['--mount', '--propagation', 'private', '--'];
  const holder = spawn('unshare', [...namespace, 'sh', '-c', mount, 'sh', path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await mounted(holder);
  const here = (file: string) => join(`/proc/${holder.pid}/root`, path, file);
  return {
    path,
    here,
    argv: (argv) => ['nsenter', '--target', String(holder.pid), '--mount', '--', ...argv],
    fill: () => fillUp(here(FILL)),
    free: () => rmSync(here(FILL), { force: true }),
    close: async () => {
      const ended = once(holder, 'exit');
      if (holder.exitCode === null && holder.kill('SIGKILL')) await ended;
      rmSync(path, { recursive: true, force: true });
    },
  };
}

async function mounted(holder: ChildProcess): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    holder.stdout?.once('data', () => resolve());
    holder.once('error', reject);
    holder.once('exit', (code) => reject(new Error(`no small disk: unshare or mount ended with ${code}`)));
  });
}

function fillUp(file: string): void {
  const to = openSync(file, 'a');
  try {
    for (const page = Buffer.alloc(4096); ; ) writeSync(to, page);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'ENOSPC') throw thrown;
  } finally {
    closeSync(to);
  }
}
