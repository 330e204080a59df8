import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { Engine } from '../engine/index.ts';
import { checked } from './listing.ts';

const inspectSchema = z.looseObject({
  Running: z.boolean(),
  ExitCode: z.number().nullish(),
  Pid: z.number().nullish(),
  /** Engine ID of its container. */
  ContainerID: z.string().nullish(),
});

/** What an engine says of an exec. */
export async function inspectExec(engine: Pick<Engine, 'json'>, execId: string, signal?: AbortSignal) {
  const path = `/exec/${execId}/json`;
  const answer = await engine.json('GET', path, undefined, signal);
  return checked(path, () => inspectSchema.parse(answer));
}

/** Signals a process of a container, and its group; pids are those of this host. */
export type SignalProcess = (pid: number, engineId: string, signal: 'SIGHUP' | 'SIGKILL') => Promise<void>;

/** Only a process of that container: numbers of processes are given again, and an engine may be on another machine. */
export const signalProcess: SignalProcess = async (pid, engineId, signal) => {
  const groups = await readFile(`/proc/${pid}/cgroup`, 'utf8').catch(() => '');
  if (!groups.includes(engineId)) return;
  // The engine makes it the leader of a session of its own: what it has begun goes with it.
  for (const target of [-pid, pid]) {
    try {
      process.kill(target, signal);
    } catch {
      // It is gone.
    }
  }
};
