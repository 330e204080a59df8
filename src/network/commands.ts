import { execFile } from 'node:child_process';
import { BerthError } from '../kit/errors.ts';

export type CommandOptions = Readonly<{
  /** What it reads on its standard input; nothing where it is left out. */
  input?: string;
  /** It is killed then; 15 s where it is left out. */
  timeoutMs?: number;
}>;

/**
 * Runs a program to its end and returns what it printed on standard output.
 * @throws BerthError `internal` with the program and what it said where it fails, `unsupported` where the machine has no
 *   such program, `timeout` where it took too long
 */
export type Run = (argv: readonly string[], options?: CommandOptions) => Promise<string>;

const TIMEOUT_MS = 15_000;
const MAX_OUTPUT = 64 * 1024 * 1024;

/** Without a shell; answers are in English, as they are parsed. */
export const run: Run = (argv, { input = '', timeoutMs = TIMEOUT_MS } = {}) => {
  const [program = '', ...args] = argv;
  return new Promise((resolve, reject) => {
    const child = execFile(
      program,
      args,
      {
        timeout: timeoutMs,
        killSignal: 'SIGKILL',
        maxBuffer: MAX_OUTPUT,
        env: { ...process.env, LC_ALL: 'C' },
      },
      (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else reject(failure(program, error, stderr, timeoutMs));
      },
    );
    // A program that ends without reading its input closes the pipe early; its exit code says the rest.
    child.stdin?.on('error', () => {});
    child.stdin?.end(input);
  });
};

function failure(
  program: string,
  error: Error & { code?: string | number | null; killed?: boolean },
  stderr: string,
  timeoutMs: number,
): BerthError {
  if (error.code === 'ENOENT') {
    return new BerthError('unsupported', `${program} is not installed on this host`, {
      hint: `install the package that has ${program}`,
      cause: error,
    });
  }
  if (error.killed === true)
    return new BerthError('timeout', `${program} took over ${timeoutMs / 1000} s`, { cause: error });
  const said = stderr.trim().replace(/\s*\n\s*/g, '; ');
  return new BerthError('internal', `${program}: ${said || `exit ${String(error.code)}`}`, { cause: error });
}
