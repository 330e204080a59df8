import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { BerthError } from '../kit/errors.ts';

export type ProgramOptions = Readonly<{
  env: Readonly<Record<string, string | undefined>>;
  cwd: string;
  /** What to do where it is not installed. */
  missing: string;
  /** Ends it. */
  signal?: AbortSignal;
  /** Each line that it prints, errors included, as it comes. */
  onLine?: (line: string) => void;
}>;

/** How a program has ended; `output` is what it printed, errors included: the last 64 KiB. */
export type Ended = Readonly<{ code: number; output: string }>;

/** Runs a program to its end, without a shell. */
export async function runProgram(argv: readonly string[], options: ProgramOptions): Promise<Ended> {
  const child = start(argv, options, ['ignore', 'pipe', 'pipe']);
  const output = outputOf([child.stdout, child.stderr], options);
  return { code: await child.ended, output: output() };
}

/** Runs two programs, the output of the first being the input of the second; what has failed by itself is told. */
export async function pipePrograms(
  from: readonly string[],
  to: readonly string[],
  options: ProgramOptions,
): Promise<Ended> {
  const first = start(from, options, ['ignore', 'pipe', 'pipe']);
  const second = start(to, options, ['pipe', 'pipe', 'pipe']);
  const errors = outputOf([first.stderr], options);
  const output = outputOf([second.stdout, second.stderr], options);
  const piped = pipeline(first.stdout as Readable, second.stdin as NonNullable<ChildProcess['stdin']>).then(
    () => true,
    () => false,
  );
  const [wasTaken, code, taken] = await Promise.all([piped, first.ended, second.ended]);
  // Where the second has ended before it had all, the first has failed by that.
  return code !== 0 && (wasTaken || taken === 0)
    ? { code, output: errors() }
    : { code: taken, output: output() };
}

function start([program = '', ...args]: readonly string[], options: ProgramOptions, stdio: StdioOptions) {
  const { env, cwd, missing, signal } = options;
  const child = spawn(program, args, { env: { ...env }, cwd, stdio, ...(signal && { signal }) });
  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', (cause: NodeJS.ErrnoException) => {
      reject(
        cause.code === 'ENOENT'
          ? new BerthError('not_found', `the program "${program}" is not installed`, { hint: missing, cause })
          : cause,
      );
    });
    child.once('close', (code) => resolve(code ?? 1));
  });
  return { ...{ stdin: child.stdin, stdout: child.stdout, stderr: child.stderr }, ended };
}

function outputOf(streams: readonly (Readable | null)[], { onLine }: ProgramOptions): () => string {
  let output = '';
  for (const stream of streams) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-65_536);
    });
    if (stream && onLine) createInterface({ input: stream }).on('line', onLine);
  }
  return () => output;
}
