import type { Command } from 'commander';
import type { StackInput } from '../compose/index.ts';
import type { Client, ClientTarget } from '../contract/client.ts';
import type { Clock } from '../kit/clock.ts';
import type { LocalCommands } from './local.ts';
import type { Config } from './logins.ts';
import type { Output } from './terminal/output.ts';
import type { Progress } from './terminal/progress.ts';
import type { Prompter } from './terminal/prompt.ts';
import type { Parse } from './values.ts';

/** Flags that every command takes. */
export type GlobalOptions = Readonly<{
  host?: string;
  dataDir?: string;
  json?: boolean;
  verbose?: boolean;
  /** False with `--no-color`. */
  color?: boolean;
}>;

/** What a command is given to work with. */
export type CliContext = Readonly<{
  globals: GlobalOptions;
  out: Output;
  prompt: Prompter;
  progress: Progress;
  /** A call to the manager, with progress shown where it takes long. */
  call: Client['call'];
  client(): Promise<Client>;
  target(): Promise<ClientTarget>;
  /** `--data-dir`, BERTH_DATA_DIR or the default; absolute. */
  dataDir: string;
  config: Readonly<{ path: string; read(): Promise<Config>; write(config: Config): Promise<void> }>;
  env: Readonly<Record<string, string | undefined>>;
  /** How the user calls this program: `berth`, `./berth`. */
  program: string;
  cwd: string;
  version: string;
  clock: Clock;
  /** Aborts when the program is to end, or nobody reads its output any more. */
  signal: AbortSignal;
  /** Aborts on Ctrl-C alone: for changes, which are to be finished though nobody reads of them. */
  interrupt: AbortSignal;
  /** All commands: for help and completion. */
  tree: Command;
  local: LocalCommands;
  /** What is wrong with what of a compose file is for the scheduler; the composition root has who reads it. */
  placementProblem: StackInput['placementProblem'];
}>;

export type OptionSpec = Readonly<{
  /** As commander writes them: `-o, --output <DIR>`, `--no-agent`. */
  flags: string;
  summary: string;
  parse?: Parse;
  choices?: readonly string[];
  /** Said in help; the command (or the manager) fills it in. */
  fallback?: string;
  /** What the shell completes as its value. */
  completes?: 'file' | 'folder';
}>;

export type ArgumentSpec = Readonly<{
  /** As commander writes them: `<NODE>`, `[USER]`, `<NODE...>`. */
  name: string;
  summary: string;
  choices?: readonly string[];
}>;

type Example = readonly [command: string, what: string];

export type Heading = 'This machine:' | 'Cluster:' | 'Access:' | 'About this program:';

/** One command: what the tree, help, completion and the reference page are made from. */
export type CommandSpec = Readonly<{
  /** Words after `berth`: `node ls`. */
  name: string;
  summary: string;
  /** Further paragraphs of help. */
  details?: string;
  arguments?: readonly ArgumentSpec[];
  options?: readonly OptionSpec[];
  /** Under which the root's help lists a command of one word. */
  heading?: Heading;
  examples: readonly Example[];
  aliases?: readonly string[];
  /** Positional arguments come as commander gives them: text, undefined, or a list for the last one with `...`. */
  run(context: CliContext, options: never, ...args: never[]): Promise<void>;
}>;

/** Gives `run` the types of its flags and arguments; they follow from `options` and `arguments` by hand. */
export function command<O = Record<never, never>, A extends readonly unknown[] = []>(
  spec: Omit<CommandSpec, 'run'> &
    Readonly<{ run(context: CliContext, options: Readonly<O>, ...args: A): Promise<void> }>,
): CommandSpec {
  return spec as unknown as CommandSpec;
}
