import type { OptionSpec } from './command.ts';
import { parseCount } from './values.ts';

/** Flags of commands that wait for releases. */
export const followOptions: readonly OptionSpec[] = [
  { flags: '-d, --detach', summary: 'do not wait until it is done' },
  {
    flags: '--timeout <SECONDS>',
    summary: 'how long to wait; it goes on all the same',
    parse: parseCount(1, 86_400),
    fallback: 'as long as it takes',
  },
];
