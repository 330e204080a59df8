import type { Command } from 'commander';
import { completesOf } from '../option.ts';

/** One flag for the shells. */
export type FlagEntry = Readonly<{
  /** `-o`, `--output` */
  names: readonly string[];
  summary: string;
  takesValue: boolean;
  choices: readonly string[];
  completes: 'file' | 'folder' | undefined;
}>;

/** One place in the tree of commands. */
export type TreeEntry = Readonly<{
  /** Words after `berth`; empty at the root. */
  path: readonly string[];
  summary: string;
  children: readonly Readonly<{ name: string; summary: string }>[];
  flags: readonly FlagEntry[];
  /** What its arguments can be, where that is known: choices, or words of commands. */
  words: readonly string[];
}>;

/** The tree flattened, the root first: all that the three shells' scripts are made from. */
export function treeEntries(tree: Command): TreeEntry[] {
  const entries: TreeEntry[] = [];
  const visit = (command: Command, path: readonly string[]): void => {
    entries.push({
      path,
      summary: command.summary() || command.description(),
      children: command.commands.map((child) => ({ name: child.name(), summary: child.summary() })),
      flags: [
        ...command.options.map((option) => ({
          names: [option.short, option.long].filter((name) => name !== undefined),
          summary: option.description,
          takesValue: option.required || option.optional,
          choices: option.argChoices ?? [],
          completes: completesOf(option),
        })),
        {
          names: ['-h', '--help'],
          summary: 'show help',
          takesValue: false,
          choices: [],
          completes: undefined,
        },
      ],
      words: command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []),
    });
    for (const child of command.commands) visit(child, [...path, child.name()]);
  };
  visit(tree, []);
  return entries;
}
