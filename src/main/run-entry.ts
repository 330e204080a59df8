import { homedir } from 'node:os';
import type { CliInput } from '../cli/run-cli.ts';
import { messageOf } from '../kit/errors.ts';
import { BIND_WORD, bindAndHandOver } from '../network/namespace-sockets.ts';

/** What the program has for the command line beside what every one has. */
type Own = Pick<CliInput, 'local' | 'placementProblem'>;

/**
 * Runs the command line that this process was started with. What it needs is loaded on the way: most commands
 * ask a manager, and need nothing of what makes one.
 */
export async function runEntry(load: () => Promise<Own>): Promise<void> {
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
  const { LOOK_WORD, lookAndTell } = await import('../network/inside/look-inside.ts');
  if (word === LOOK_WORD) {
    await lookAndTell(stdin, stdout).catch((thrown) => {
      stderr.write(`${messageOf(thrown)}\n`);
      process.exitCode = 1;
    });
    return;
  }
  const interrupt = new AbortController();
  process.once('SIGINT', () => interrupt.abort(new Error('interrupted')));
  const { runCli } = await import('../cli/run-cli.ts');
  const { version } = await import('./version.ts');
  process.exitCode = await runCli({
    argv: argv.slice(2),
    env,
    stdin,
    stdout,
    stderr,
    isTTY: { stdin: stdin.isTTY === true, stdout: stdout.isTTY === true, stderr: stderr.isTTY === true },
    columns: stdout.columns,
    rows: stdout.rows,
    cwd: process.cwd(),
    homeDir: homedir(),
    version,
    ...(await load()),
    signal: interrupt.signal,
  });
  // A terminal that was read from keeps the process alive.
  stdin.destroy();
}
