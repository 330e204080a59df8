import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, statSync } from 'node:fs';
import { BerthError } from '../kit/errors.ts';

type Daemon = Readonly<{
  /** What it is called in errors. */
  name: string;
  argv: readonly string[];
  logFile: string;
  /** True once it serves; asked again and again. */
  ready(): Promise<boolean>;
  timeoutMs: number;
}>;

/**
 * Starts a process that outlives this one, its output in a log, and waits until it is ready. Returns its process ID.
 * @throws BerthError `unavailable` with what it logged last, where it ended or was not ready in time
 */
export async function startDaemon({ name, argv, logFile, ready, timeoutMs }: Daemon): Promise<number> {
  const log = openSync(logFile, 'a', 0o600);
  const from = statSync(logFile).size;
  const [program = '', ...args] = argv;
  const child = spawn(program, args, { detached: true, stdio: ['ignore', log, log] });
  closeSync(log);
  let ended: string | undefined;
  child.once('error', (error) => {
    ended = error.message;
  });
  child.once('exit', (code, signal) => {
    ended = `it ended at once (${signal ?? `exit code ${code}`})`;
  });
  const deadline = Date.now() + timeoutMs;
  while (ended === undefined && Date.now() < deadline) {
    if (await ready()) {
      child.unref();
      return child.pid ?? 0;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  if (ended === undefined) child.kill('SIGTERM');
  child.unref();
  throw new BerthError(
    'unavailable',
    `${name} did not start: ${lastWords(logFile, from) ?? ended ?? 'it was not ready in time'}`,
    {
      hint: `its log is ${logFile}`,
    },
  );
}

/** The last line that it wrote: an error line as it is, a log object's message. */
function lastWords(logFile: string, from: number): string | undefined {
  const lines = readFileSync(logFile).subarray(from).toString('utf8').trim().split('\n').reverse();
  const said = lines.find((line) => line.startsWith('berth: ')) ?? lines[0];
  return said === undefined || said === '' || said.startsWith('{') ? undefined : said.replace(/^berth: /, '');
}

/** Asks a process to end, then makes it. Resolves when it is gone. @throws BerthError `forbidden` where it is another user's */
export async function stopProcess(pid: number, patienceMs: number): Promise<void> {
  const alive = () => {
    try {
      process.kill(pid, 0);
      return true;
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code === 'EPERM') {
        throw new BerthError('forbidden', `process ${pid} is another user's`, {
          hint: 'run it as root (sudo)',
        });
      }
      return false;
    }
  };
  const wait = async (until: number) => {
    while (alive() && Date.now() < until) await new Promise((resolve) => setTimeout(resolve, 50));
  };
  if (alive()) process.kill(pid, 'SIGTERM');
  await wait(Date.now() + patienceMs);
  if (alive()) process.kill(pid, 'SIGKILL');
  await wait(Date.now() + 5_000);
}

/** Resolves when the process is asked to end. */
export function untilSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve(signal));
  });
}
