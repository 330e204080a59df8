import { spawn } from 'node:child_process';
import { LabError } from '../lab/run.ts';

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProgramOptions {
  /** Beside this process's own; undefined takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** What it reads on stdin; nothing by default. */
  readonly input?: string | Uint8Array;
  readonly timeoutMs?: number;
}

/** A program that runs: what it has said so far, and its end. */
export interface Running {
  readonly pid: number;
  readonly said: { readonly stdout: string; readonly stderr: string };
  /** Rejects with a LabError where it did not end in time. */
  readonly ended: Promise<Ended>;
  write(text: string): void;
  /** Ends its stdin and leaves it running. */
  closeInput(): void;
  kill(signal?: NodeJS.Signals): void;
  /** Resolves when stdout and stderr together hold `text`. @throws LabError when it ends before, or is killed as its time is over. */
  waitFor(text: string | RegExp): Promise<void>;
}

/** Starts a program (argv, no shell); it is killed after `timeoutMs`, 120 s by default. */
export function start(argv: readonly string[], options: ProgramOptions = {}): Running {
  const [file = '', ...args] = argv;
  const child = spawn(file, args, { cwd: options.cwd, env: { ...process.env, ...options.env } });
  const said = { stdout: '', stderr: '' };
  const listeners = new Set<() => void>();
  let over = false;
  const tell = () => {
    for (const listener of [...listeners]) listener();
  };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      said[name] += text;
      tell();
    });
  }
  child.stdin.on('error', () => undefined); // a program that reads nothing closes the pipe early
  if (options.input !== undefined) child.stdin.end(options.input);
  const limit = options.timeoutMs ?? 120_000;
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    child.kill('SIGKILL');
  }, limit);
  const ended = new Promise<Ended>((resolve, reject) => {
    const end = (code: number, more = '') => {
      if (over) return;
      over = true;
      clearTimeout(timer);
      said.stderr += more;
      if (late) reject(new LabError(`${argv.join(' ')}: not at its end after ${limit / 1000} s`));
      else resolve({ code, ...said });
      tell();
    };
    child.on('error', (error) => end(127, error.message));
    child.on('close', (code, signal) => end(code ?? 128, signal === null ? '' : `(ended by ${signal})`));
  });
  ended.catch(() => undefined); // not everybody waits for the end
  return {
    pid: child.pid ?? 0,
    said,
    ended,
    write: (text) => void child.stdin.write(text),
    closeInput: () => void child.stdin.end(),
    kill: (signal = 'SIGKILL') => void child.kill(signal),
    waitFor: (text) =>
      new Promise((resolve, reject) => {
        const name = `"${text}" from ${argv.join(' ')}`;
        const done = (act: () => void) => {
          listeners.delete(look);
          act();
        };
        const look = () => {
          const all = said.stdout + said.stderr;
          if (typeof text === 'string' ? all.includes(text) : text.test(all)) done(resolve);
          else if (over) done(() => reject(new LabError(`${name}: it ended with: ${all.slice(-500)}`)));
        };
        listeners.add(look);
        look();
      }),
  };
}

/** Runs a program to its end, with nothing on stdin unless `input` is given. */
export async function tryProgram(argv: readonly string[], options: ProgramOptions = {}): Promise<Ended> {
  return await start(argv, { ...options, input: options.input ?? '' }).ended;
}

/**
 * Runs a program and returns its stdout without the last newline.
 * @throws LabError with the command and what it said when it fails
 */
export async function program(argv: readonly string[], options: ProgramOptions = {}): Promise<string> {
  const { code, stdout, stderr } = await tryProgram(argv, options);
  if (code !== 0) throw new LabError(`${argv.join(' ')}: exit ${code}: ${`${stderr}${stdout}`.slice(-800)}`);
  return stdout.replace(/\n$/, '');
}
