import { spawn } from 'node:child_process';
import { BerthError } from '../kit/errors.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** Runs a program to its end, without a shell. `output` is what it printed, errors included. */
export function runProgram(
  argv: readonly string[],
  options: Readonly<{ env: Env; cwd: string; missing: string }>,
): Promise<{ code: number; output: string }> {
  const [program = '', ...args] = argv;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      env: { ...options.env },
      cwd: options.cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const keep = (bytes: Buffer) => {
      output = (output + bytes.toString()).slice(-65_536);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.once('error', (cause: NodeJS.ErrnoException) => {
      reject(
        cause.code === 'ENOENT'
          ? new BerthError('not_found', `the program "${program}" is not installed`, {
              hint: options.missing,
              cause,
            })
          : cause,
      );
    });
    child.once('close', (code) => resolve({ code: code ?? 1, output }));
  });
}
