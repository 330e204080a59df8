import 'reflect-metadata';
import { homedir } from 'node:os';
import type { LocalCommands } from '../cli/local.ts';
import { runCli } from '../cli/run-cli.ts';
import { version } from './version.ts';

/** Runs the command line that this process was started with. */
export async function runEntry(local: LocalCommands): Promise<void> {
  const { stdin, stdout, stderr, argv, env } = process;
  const interrupt = new AbortController();
  process.once('SIGINT', () => interrupt.abort(new Error('interrupted')));
  process.exitCode = await runCli({
    argv: argv.slice(2),
    env,
    stdin,
    stdout,
    stderr,
    isTTY: { stdin: stdin.isTTY === true, stdout: stdout.isTTY === true, stderr: stderr.isTTY === true },
    columns: stdout.columns,
    cwd: process.cwd(),
    homeDir: homedir(),
    version,
    local,
    signal: interrupt.signal,
  });
  // A terminal that was read from keeps the process alive.
  stdin.destroy();
}
