import 'reflect-metadata';
import { homedir } from 'node:os';
import type { LocalCommands } from '../cli/local.ts';
import { type CliInput, runCli } from '../cli/run-cli.ts';
import { messageOf } from '../kit/errors.ts';
import { LOOK_WORD, lookAndTell } from '../network/inside/look-inside.ts';
import { BIND_WORD, bindAndHandOver } from '../network/namespace-sockets.ts';
import { version } from './version.ts';

/** Runs the command line that this process was started with. */
export async function runEntry(
  local: LocalCommands,
  more: Pick<CliInput, 'placementProblem'> = {},
): Promise<void> {
  const { stdin, stdout, stderr, argv, env } = process;
  const [, , word, ...args] = argv;
  // Not a person's command: an agent has started itself within a network namespace.
  if (word === BIND_WORD && process.send !== undefined) {
    await bindAndHandOver(args).catch((thrown) => {
      stderr.write(`${messageOf(thrown)}\n`);
      process.exit(1);
    });
    return;
  }
  if (word === LOOK_WORD) {
    await lookAndTell(stdin, stdout).catch((thrown) => {
      stderr.write(`${messageOf(thrown)}\n`);
      process.exitCode = 1;
    });
    return;
  }
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
    ...more,
    signal: interrupt.signal,
  });
  // A terminal that was read from keeps the process alive.
  stdin.destroy();
}
