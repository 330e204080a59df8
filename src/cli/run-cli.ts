import type { Readable, Writable } from 'node:stream';
import type { StackInput } from '../compose/index.ts';
import { type CallOptions, type Client, type ClientTarget, newClient } from '../contract/client.ts';
import { type Clock, systemClock } from '../kit/clock.ts';
import { BerthError, messageOf } from '../kit/errors.ts';
import { linkedSignal } from '../kit/linked-signal.ts';
import { asTyped, programOf } from './as-typed.ts';
import type { CliContext, CommandSpec, GlobalOptions } from './command.ts';
import { exitCodeOf } from './exit-codes.ts';
import type { LocalCommands } from './local.ts';
import { configPath, readConfig, writeConfig } from './logins.ts';
import { newProgram, UsageError } from './program.ts';
import { resolveDataDir, resolveTarget } from './target.ts';
import { Output } from './terminal/output.ts';
import { Progress } from './terminal/progress.ts';
import { Interrupted, Prompter } from './terminal/prompt.ts';
import { newStyle, wantsColor } from './terminal/style.ts';
import { clean, cleanLines } from './terminal/text.ts';
import { checkFolder } from './values.ts';

/** Everything that the command line takes from the world. */
export type CliInput = Readonly<{
  /** Without the program itself: `process.argv.slice(2)`. */
  argv: readonly string[];
  env: Readonly<Record<string, string | undefined>>;
  stdin: Readable;
  stdout: Writable;
  stderr: Writable;
  isTTY: Readonly<{ stdin: boolean; stdout: boolean; stderr: boolean }>;
  /** Width of the terminal; 80 where it is not known. */
  columns?: number | undefined;
  /** Lines of the terminal; 24 where that is not known. */
  rows?: number | undefined;
  cwd: string;
  homeDir: string;
  /** Berth's version. */
  version: string;
  local: LocalCommands;
  /** See `StackInput.placementProblem`. */
  placementProblem?: StackInput['placementProblem'];
  /** Aborts on Ctrl-C. */
  signal?: AbortSignal;
  clock?: Clock;
}>;

const PROGRESS_AFTER_MS = 1000;

/** Runs one command line to its end. Never rejects: errors are told on `stderr`. Resolves with the exit code. */
export async function runCli(input: CliInput): Promise<number> {
  const { stdout, stderr } = input;
  // The reader of a pipe may leave early (`berth audit | head`): that ends the output and is no error of ours.
  const unread = new AbortController();
  const ignore = () => undefined;
  const stop = () => unread.abort();
  stdout.on('error', stop);
  stderr.on('error', ignore);
  const interrupt = input.signal ?? new AbortController().signal;
  const { signal, release } = linkedSignal([interrupt, unread.signal]);
  try {
    return await parseAndRun({ ...input, interrupt, signal });
  } catch (thrown) {
    // Whatever it was that broke off then: the user knows why.
    return interrupt.aborted ? 130 : tell(input, thrown);
  } finally {
    release();
    await Promise.all([flushed(stdout), flushed(stderr)]);
    stdout.off('error', stop);
    stderr.off('error', ignore);
  }
}

/** `signal` also aborts when nobody reads the output any more. */
type Running = CliInput & Readonly<{ interrupt: AbortSignal; signal: AbortSignal }>;

async function parseAndRun(input: Running): Promise<number> {
  const { argv, env, isTTY, stdout, stderr, version } = input;
  const width = columnsOf(input);
  const tree = newProgram({
    version,
    width: Math.min(width, 110),
    style: newStyle(wantsColor(isTTY.stdout, env, argv.includes('--no-color') ? false : undefined)),
    write: (text) => stdout.write(text),
    writeError: (text) => stderr.write(text),
    run: async (spec, globals, options, args) => {
      const { context, close } = newContext(input, globals, () => tree);
      try {
        await (spec.run as RunAny)(context, options, ...args);
      } finally {
        context.progress.end();
        await close();
      }
    },
  });
  if (argv.length === 0) {
    tree.outputHelp();
    return 0;
  }
  await tree.parseAsync([...argv], { from: 'user' });
  return 0;
}

type CallAny = (name: string, input: unknown, options: CallOptions) => Promise<unknown>;
type RunAny = (context: CliContext, options: object, ...args: unknown[]) => ReturnType<CommandSpec['run']>;

function newContext(
  input: Running,
  globals: GlobalOptions,
  tree: () => CliContext['tree'],
): { context: CliContext; close(): Promise<void> } {
  const { env, cwd, isTTY, stdin, stdout, stderr } = input;
  const width = columnsOf(input);
  const progress = new Progress({
    stderr,
    isTTY: isTTY.stderr && env.TERM !== 'dumb',
    width,
    style: newStyle(wantsColor(isTTY.stderr, env, globals.color)),
    delayMs: PROGRESS_AFTER_MS,
  });
  const path = configPath(input.homeDir);
  const config = {
    path,
    read: () => readConfig(path),
    write: (next: Parameters<typeof writeConfig>[1]) => writeConfig(path, next),
  };
  const dataDir = checkFolder(resolveDataDir({ dataDir: globals.dataDir, env, cwd }), '--data-dir');
  let target: Promise<ClientTarget> | undefined;
  let client: Promise<Client> | undefined;
  const context: CliContext = {
    globals,
    out: new Output({
      stdout,
      stderr,
      isTTY: isTTY.stdout,
      width,
      height: input.rows || 24,
      style: newStyle(wantsColor(isTTY.stdout, env, globals.color)),
      asTyped: (text) => asTyped(text, env),
    }),
    prompt: new Prompter({ stdin, stderr, isTTY: isTTY.stdin, interrupt: input.interrupt }),
    progress,
    target: () => {
      target ??= resolveTarget({
        host: globals.host,
        dataDir: globals.dataDir,
        env,
        cwd,
        config: config.read,
      });
      return target;
    },
    client: () => {
      client ??= context.target().then(newClient);
      return client;
    },
    call: async (name, ...args) => {
      const connected = await context.client();
      const [given, options] = args;
      // Ctrl-C ends the call, and a reader that has left does not: what was begun is to be finished.
      const withSignal = { signal: input.interrupt, ...options };
      return progress.during('waiting for the manager', () =>
        (connected.call as CallAny)(name, given, withSignal),
      ) as ReturnType<typeof connected.call<typeof name>>;
    },
    dataDir,
    config,
    env,
    program: programOf(env),
    cwd,
    version: input.version,
    clock: input.clock ?? systemClock,
    signal: input.signal,
    interrupt: input.interrupt,
    get tree() {
      return tree();
    },
    local: input.local,
    placementProblem: input.placementProblem,
  };
  return {
    context,
    close: async () => {
      // Where no client could be made, the command has told why.
      await client?.then(
        (made) => made.close(),
        () => undefined,
      );
    },
  };
}

/** Tells an error on one line, and the exit code that goes with it. */
function tell({ argv, env, stderr, isTTY }: CliInput, thrown: unknown): number {
  const style = newStyle(wantsColor(isTTY.stderr, env, argv.includes('--no-color') ? false : undefined));
  const say = (message: string, hint: string | undefined) => {
    const tail = hint === undefined ? '' : ` → ${clean(asTyped(hint, env))}`;
    stderr.write(`${style('red', 'berth:')} ${clean(asTyped(message, env))}${tail}\n`);
  };
  if (thrown instanceof Interrupted) return 130;
  if (thrown instanceof UsageError) {
    // Help that was asked for is no error; help in place of a missing command is.
    if (thrown.error.exitCode === 0) return 0;
    if (thrown.error.code === 'commander.help')
      say(`"${thrown.path}" needs a command`, 'take one of the above');
    else say(...usageText(thrown));
    return 2;
  }
  if (argv.includes('--verbose')) {
    say(messageOf(thrown), thrown instanceof BerthError ? thrown.hint : undefined);
    for (let at: unknown = thrown; at instanceof Error; at = at.cause) {
      stderr.write(`${at === thrown ? '' : 'caused by '}${cleanLines(at.stack ?? String(at))}\n`);
    }
  } else if (thrown instanceof BerthError) say(thrown.message, thrown.hint);
  else say(`unexpected: ${messageOf(thrown)}`, 'run it again with --verbose to see more, and report it');
  return thrown instanceof BerthError ? exitCodeOf(thrown.code) : 1;
}

/** Commander's message and suggestion as one line and a hint. */
function usageText({ error, path }: UsageError): [message: string, hint: string] {
  const [first = '', ...rest] = error.message.replace(/^error: /, '').split('\n');
  const near = /^\(Did you mean (?:one of )?(.+)\?\)$/.exec(rest.join(' '))?.[1];
  const help = `see "${path} --help"`;
  return [first.replace(/\.$/, ''), near === undefined ? help : `did you mean ${near}? Else ${help}`];
}

/** A pipe takes output later than it was written; the program must not end before. */
function flushed(stream: Writable): Promise<void> {
  if (stream.destroyed || stream.writableEnded) return Promise.resolve();
  return new Promise((resolve) => stream.write('', () => resolve()));
}

/** A terminal that was not told its size says 0. */
function columnsOf({ columns }: CliInput): number {
  return columns || 80;
}
