import { spawn } from 'node:child_process';

/** Runs a program to its end; output is what it printed on both streams, the last 64 KiB. No shell. */
export function run(
  argv: readonly string[],
  options: Readonly<{ env?: Readonly<Record<string, string>>; input?: string }> = {},
): Promise<{ code: number; output: string }> {
  const [program = '', ...args] = argv;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, ...options.env },
    });
    let output = '';
    const keep = (bytes: Buffer) => {
      output = (output + bytes.toString()).slice(-65_536);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.once('error', reject);
    child.once('close', (code) => resolve({ code: code ?? 1, output }));
    child.stdin.on('error', () => {});
    child.stdin.end(options.input ?? '');
  });
}
