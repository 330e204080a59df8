import { Command, type CommanderError, Option } from 'commander';
import type { CommandSpec, GlobalOptions, OptionSpec } from './command.ts';
import { COMMANDS, GROUPS } from './commands/registry.ts';
import { EXIT_CODES } from './exit-codes.ts';
import { newOption } from './option.ts';
import type { Style } from './terminal/style.ts';
import { parseFolder } from './values.ts';

/** Flags that stand at every level of the tree, so that they may be written anywhere. */
export const GLOBAL_OPTIONS: readonly OptionSpec[] = [
  {
    flags: '-H, --host <HOST>',
    summary: 'the manager: https://host:8443, or the name of a log-in (BERTH_HOST)',
  },
  {
    flags: '--data-dir <DIR>',
    summary: "Berth's data on this machine, where the local manager's socket lies (BERTH_DATA_DIR)",
    parse: parseFolder,
    completes: 'folder',
  },
  { flags: '--json', summary: 'print JSON' },
  { flags: '--verbose', summary: 'show the cause and the stack of an error' },
  { flags: '--no-color', summary: 'no colours (NO_COLOR)' },
];
const GLOBAL_GROUP = 'Global options:';

/** Wrong usage, and on which command. */
export class UsageError extends Error {
  override readonly name = 'UsageError';

  constructor(
    readonly error: CommanderError,
    /** Words of the command: `berth node ls`. */
    readonly path: string,
  ) {
    super(error.message);
  }
}

type ProgramOptions = Readonly<{
  version: string;
  write(text: string): void;
  writeError(text: string): void;
  /** Columns for help. */
  width: number;
  style: Style;
  run(spec: CommandSpec, globals: GlobalOptions, options: object, args: readonly unknown[]): Promise<void>;
}>;

/** The tree of commands, ready to parse. A wrong usage, and help that was shown, come as UsageError. */
export function newProgram(options: ProgramOptions): Command {
  const program = prepare(new Command('berth'), options, [])
    .description('Many Docker hosts behind one Docker endpoint.')
    .version(`berth ${options.version}`, '-v, --version', 'print the version of this program')
    .addHelpText('after', () => examplesText(ROOT_EXAMPLES, options.style))
    .addHelpText('after', () => exitCodesText(options.style));
  program.options.find(({ long }) => long === '--version')?.helpGroup(GLOBAL_GROUP);

  for (const spec of COMMANDS) {
    const words = spec.name.split(' ');
    // A group comes where its first command does, so that the registry's order is that of help.
    for (let depth = 1; depth < words.length; depth++)
      if (findCommand(program, words.slice(0, depth)) === undefined)
        addGroup(program, words.slice(0, depth), options);
    addCommand(program, spec, options);
  }
  return program;
}

/** Finds a command by its words; undefined where there is none. Aliases count. */
function findCommand(program: Command, words: readonly string[]): Command | undefined {
  return words.reduce<Command | undefined>(
    (at, word) => at?.commands.find((one) => one.name() === word || one.aliases().includes(word)),
    program,
  );
}

function addGroup(program: Command, words: readonly string[], options: ProgramOptions): void {
  const name = words.join(' ');
  const parent = findCommand(program, words.slice(0, -1));
  const group = GROUPS.find((one) => one.name === name);
  if (group === undefined || parent === undefined) throw new Error(`no group "${name}"`);
  const { summary, heading } = group;
  const command = new Command(words.at(-1)).summary(summary).description(`${summary}.`);
  if (words.length === 1) command.helpGroup(heading);
  parent.addCommand(prepare(command, options, words));
}

function addCommand(program: Command, spec: CommandSpec, options: ProgramOptions): void {
  const words = spec.name.split(' ');
  const parent = findCommand(program, words.slice(0, -1));
  if (parent === undefined) throw new Error(`the command "${spec.name}" stands before its group`);
  const leaf = new Command(words.at(-1)).summary(spec.summary).description(describe(spec));
  if (spec.aliases) leaf.aliases(spec.aliases);
  if (spec.heading !== undefined) leaf.helpGroup(spec.heading);
  for (const { name, summary, choices } of spec.arguments ?? []) {
    const argument = leaf.createArgument(name, summary);
    leaf.addArgument(choices ? argument.choices(choices) : argument);
  }
  for (const option of spec.options ?? []) leaf.addOption(newOption(option));
  prepare(leaf, options, words);
  leaf.addHelpText('after', () => examplesText(spec.examples, options.style));
  leaf.action(async () => {
    await options.run(spec, globalsOf(leaf), leaf.opts(), leaf.processedArgs);
  });
  parent.addCommand(leaf);
}

function describe({ summary, details }: CommandSpec): string {
  const first = `${summary}.`;
  return details === undefined ? first : `${first}\n\n${details}`;
}

/** What every level of the tree has in common. */
function prepare(command: Command, options: ProgramOptions, words: readonly string[]): Command {
  const { style } = options;
  for (const option of GLOBAL_OPTIONS) command.addOption(newOption(option).helpGroup(GLOBAL_GROUP));
  return command
    .enablePositionalOptions()
    .helpCommand(false)
    .helpOption('-h, --help', 'show help')
    .configureOutput({
      writeOut: options.write,
      writeErr: options.writeError,
      // An error is printed once, by the one who catches it.
      outputError: () => undefined,
      getOutHelpWidth: () => options.width,
      getErrHelpWidth: () => options.width,
      getOutHasColors: () => true,
      getErrHasColors: () => true,
    })
    .configureHelp({
      subcommandTerm: (sub) =>
        [
          sub.name(),
          ...sub.registeredArguments.map((one) => humanName(one.name(), one.required, one.variadic)),
        ].join(' '),
      styleTitle: (text) => style('bold', text),
      styleCommandText: (text) => style('cyan', text),
      styleOptionText: (text) => style('cyan', text),
      styleArgumentText: (text) => style('cyan', text),
    })
    .exitOverride((error) => {
      throw new UsageError(error, ['berth', ...words].join(' '));
    });
}

function humanName(name: string, required: boolean, variadic: boolean): string {
  const text = variadic ? `${name}...` : name;
  return required ? `<${text}>` : `[${text}]`;
}

/** The global flags that were given, the innermost counting. */
function globalsOf(leaf: Command): GlobalOptions {
  const chain: Command[] = [];
  for (let at: Command | null = leaf; at !== null; at = at.parent) chain.unshift(at);
  const given = new Map<string, unknown>();
  for (const command of chain) {
    for (const { flags } of GLOBAL_OPTIONS) {
      const name = new Option(flags).attributeName();
      if (command.getOptionValueSource(name) === 'cli') given.set(name, command.getOptionValue(name));
    }
  }
  return Object.fromEntries(given);
}

const ROOT_EXAMPLES: CommandSpec['examples'] = [
  ['berth up --demo', 'a private cloud of this one machine, with a sample on it'],
  ['berth token create', 'prints the one line that adds another host'],
  ['berth node ls', 'the hosts and how they are'],
  ['berth plan nginx --memory 512m -e constraint:rack==r1', 'where would it go, and why?'],
  ['berth help node rm', 'help on one command'],
];

function examplesText(examples: CommandSpec['examples'], style: Style): string {
  const lines = examples.map(([line, what]) => `  ${style('dim', `# ${what}`)}\n  ${line}`);
  return `\n${style('bold', 'Examples:')}\n${lines.join('\n')}`;
}

function exitCodesText(style: Style): string {
  const lines = EXIT_CODES.map(({ code, meaning }) => `  ${String(code).padEnd(3)}  ${meaning}`);
  return `\n${style('bold', 'Exit codes:')}\n${lines.join('\n')}\n\n"berth help COMMAND" tells more about a command.`;
}
