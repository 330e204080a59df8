import type { Argument, Command, Option } from 'commander';
import type { CommandSpec } from './command.ts';
import { COMMANDS } from './commands/registry.ts';
import { EXIT_CODES } from './exit-codes.ts';
import { GLOBAL_OPTIONS, newProgram } from './program.ts';
import { newStyle } from './terminal/style.ts';

/** The page docs/guide/cli-reference.md, made from the tree of commands (`scripts/cli-reference.mjs`). */
export function cliReference(): string {
  const nowhere = () => undefined;
  const tree = newProgram({
    version: '',
    write: nowhere,
    writeError: nowhere,
    width: 110,
    style: newStyle(false),
    run: async () => undefined,
  });
  const globals = new Set(GLOBAL_OPTIONS.map(({ flags }) => flags));
  return `<!-- Made by scripts/cli-reference.mjs; a test fails where it is stale. -->
# Command line

${COMMANDS.map(({ name, summary }) => `- [\`berth ${name}\`](#berth-${name.replaceAll(' ', '-')}): ${summary}`).join('\n')}

## Flags of every command

${optionTable(tree.options.filter(({ flags }) => globals.has(flags)))}

\`--help\` shows help on a command, \`berth --version\` the version of the program.

## Where the manager is

The first of these that there is: \`--host\`, \`BERTH_HOST\`, the socket in \`--data-dir\` or \`BERTH_DATA_DIR\`, the
socket in \`/var/lib/berth\`, and the last log-in (\`berth login\`). A program can do without a log-in: \`BERTH_HOST\`
(the address), \`BERTH_TOKEN\` (an API token) and \`BERTH_CA\` (a file with the CA's certificate).

## Exit codes

| code | meaning |
|---|---|
${EXIT_CODES.map(({ code, meaning }) => `| ${code} | ${meaning} |`).join('\n')}

An error is one line on standard error, \`berth: what was wrong → what to do\`; \`--verbose\` adds its cause and stack.

${COMMANDS.map((spec) => section(spec, find(tree, spec), globals)).join('\n\n')}
`;
}

function find(tree: Command, { name }: CommandSpec): Command {
  return name.split(' ').reduce((at, word) => {
    const next = at.commands.find((one) => one.name() === word);
    if (next === undefined) throw new Error(`no command "${name}"`);
    return next;
  }, tree);
}

function section(spec: CommandSpec, command: Command, globals: ReadonlySet<string>): string {
  const own = command.options.filter(({ flags }) => !globals.has(flags));
  const words = command.registeredArguments.map(argumentText);
  return [
    `## berth ${spec.name}`,
    `${spec.summary}.`,
    ...(spec.details === undefined ? [] : [spec.details]),
    `\`\`\`\n${['berth', spec.name, ...(own.length === 0 ? [] : ['[flags]']), ...words].join(' ')}\n\`\`\``,
    ...(spec.aliases === undefined ? [] : [`Also: ${spec.aliases.map((one) => `\`${one}\``).join(', ')}.`]),
    ...(words.length === 0 ? [] : [argumentTable(command.registeredArguments)]),
    ...(own.length === 0 ? [] : [optionTable(own)]),
    `\`\`\`sh\n${spec.examples.map(([line, what]) => `# ${what}\n${line}`).join('\n')}\n\`\`\``,
  ].join('\n\n');
}

function argumentText(argument: Argument): string {
  const name = argument.variadic ? `${argument.name()}...` : argument.name();
  return argument.required ? `<${name}>` : `[${name}]`;
}

function argumentTable(all: readonly Argument[]): string {
  const rows = all.map(
    (one) => `| \`${argumentText(one)}\` | ${cell(one.description)}${choices(one.argChoices)} |`,
  );
  return ['| argument | |', '|---|---|', ...rows].join('\n');
}

function optionTable(all: readonly Option[]): string {
  const rows = all.map((one) => `| \`${one.flags}\` | ${cell(one.description)}${choices(one.argChoices)} |`);
  return ['| flag | |', '|---|---|', ...rows].join('\n');
}

function choices(all: readonly string[] | undefined): string {
  return all === undefined ? '' : `: ${all.map((one) => `\`${one}\``).join(', ')}`;
}

/** A bar would end the cell; angle brackets and stars would be markup. */
function cell(text: string): string {
  return text.replace(/[|*<>]/g, '\\$&');
}
