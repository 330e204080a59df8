import type { Clock } from '../kit/clock.ts';
import { BerthError } from '../kit/errors.ts';
import { askOnce } from './runtime-socket.ts';

/** Reading a configuration of 10,000 routes takes a second or two on a machine that has nothing else to do. */
const RELOAD_MS = 60_000;
const LOOK_MS = 20;

/** Process IDs as HAProxy sees them; of old workers the one that was replaced last comes first. */
export type Workers = Readonly<{ current: readonly number[]; old: readonly number[]; failed: number }>;

/** Of the master's `show proc` (management.txt, section 9.4.1). */
export function parseWorkers(answer: string): Workers {
  const lines = answer.split('\n');
  const old = lines.indexOf('# old workers');
  const pids = (some: readonly string[]) =>
    some
      .flatMap((line) => {
        const [, pid, reloads] = /^(\d+)\s+worker\s+(\d+)/.exec(line) ?? [];
        return pid === undefined ? [] : [{ pid: Number(pid), reloads: Number(reloads) }];
      })
      .sort((a, b) => a.reloads - b.reloads)
      .map(({ pid }) => pid);
  const end = old === -1 ? lines.length : old;
  return {
    current: pids(lines.slice(0, end)),
    old: pids(lines.slice(end)),
    failed: Number(/\[failed: (\d+)\]/.exec(answer)?.[1] ?? 0),
  };
}

/** The master starts itself anew twice for a reload, and nobody listens for a moment then. */
const ABSENT_MS = 5_000;

/** One command to the master. @throws BerthError `unavailable` where there is none for some seconds, `timeout` */
export async function askMaster(path: string, command: string, clock: Clock): Promise<string> {
  const started = clock.now();
  for (;;) {
    try {
      return await askOnce(path, command);
    } catch (thrown) {
      const absent = thrown instanceof BerthError && thrown.code === 'unavailable';
      if (!absent || clock.now() - started > ABSENT_MS) throw thrown;
      await clock.sleep(LOOK_MS);
    }
  }
}

/**
 * Has the master start a worker with the files as they are now; the old one goes on with its connections. Listening sockets
 * are handed over, so none is refused.
 * @throws BerthError `bad_request` where the new worker does not take the configuration (the old one goes on),
 *   `timeout`
 */
export async function reload(path: string, clock: Clock): Promise<void> {
  const before = parseWorkers(await askMaster(path, 'show proc', clock));
  const started = clock.now();
  await askMaster(path, 'reload', clock);
  while (clock.now() - started < RELOAD_MS) {
    await clock.sleep(LOOK_MS);
    const now = await askOnce(path, 'show proc').catch(() => undefined);
    if (now === undefined) continue;
    const { current, failed } = parseWorkers(now);
    if (failed > before.failed)
      throw new BerthError(
        'bad_request',
        'HAProxy does not take the new configuration, and goes on with the old one',
        {
          hint: "look at HAProxy's log on this host: it names file and line",
        },
      );
    if (current.some((pid) => !before.current.includes(pid))) return;
  }
  throw new BerthError('timeout', `HAProxy has not started a new worker within ${RELOAD_MS / 1000} s`);
}
