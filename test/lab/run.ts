import { execFile, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';

/** What went wrong with a lab, in one line: what, with which value, and what to do. */
export class LabError extends Error {
  override readonly name = 'LabError';
}

export interface Output {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Run a command (argv, no shell) to its end and return its exit code and output, whatever the code is. */
export function tryRun(
  argv: readonly string[],
  options: { cwd?: string; timeoutMs?: number; input?: string } = {},
) {
  const [file = '', ...args] = argv;
  return new Promise<Output>((done) => {
    const child = execFile(
      file,
      args,
      { cwd: options.cwd, timeout: options.timeoutMs ?? 300_000, killSignal: 'SIGKILL', maxBuffer: 64 << 20 },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 127;
        done({ code, stdout, stderr: stderr || (error === null ? '' : error.message) });
      },
    );
    child.stdin?.on('error', () => {}); // a command that does not read its input closes the pipe early
    child.stdin?.end(options.input ?? '');
  });
}

/**
 * Run a command to its end and return what it printed on stdout, without the last newline.
 * @throws LabError with the command and the end of what it said when it fails.
 */
export async function run(
  argv: readonly string[],
  options: { cwd?: string; timeoutMs?: number; input?: string } = {},
) {
  const out = await tryRun(argv, options);
  if (out.code !== 0) {
    const said = (out.stderr.trim() || out.stdout.trim()).split('\n').slice(-5).join(' | ');
    throw new LabError(`${argv.join(' ')}: exit ${out.code}: ${said}`);
  }
  return out.stdout.replace(/\n$/, '');
}

/** Start a command that outlives this process, its output appended to a log file. Returns its pid. */
export function runDetached(
  argv: readonly string[],
  options: { log: string; cwd?: string; env?: NodeJS.ProcessEnv },
) {
  const [file = '', ...args] = argv;
  const log = openSync(options.log, 'a', 0o600);
  try {
    const child = spawn(file, args, {
      detached: true,
      stdio: ['ignore', log, log],
      cwd: options.cwd,
      env: options.env ?? process.env,
    });
    child.on('error', () => {}); // no such program: the caller sees that nothing answers, and shows the log
    child.unref();
    return child.pid ?? 0;
  } finally {
    closeSync(log);
  }
}

/**
 * Ask again every `everyMs` until `ask` gives something else than undefined.
 * @throws LabError saying what was waited for when the time is over.
 */
export async function until<T>(
  what: string | (() => string),
  ask: () => Promise<T | undefined>,
  options: { timeoutMs: number; everyMs?: number },
): Promise<T> {
  const end = Date.now() + options.timeoutMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > end)
      throw new LabError(
        `${typeof what === 'string' ? what : what()}: not within ${options.timeoutMs / 1000} s`,
      );
    await new Promise((r) => setTimeout(r, options.everyMs ?? 100));
  }
}
