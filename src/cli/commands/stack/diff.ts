import { command } from '../../command.ts';
import { type ComposeFlags, composeOptions } from '../../compose-options.ts';

export const stackDiff = command<ComposeFlags>({
  name: 'stack diff',
  summary: 'Show what "berth deploy" would change',
  options: [...composeOptions],
  examples: [['berth stack diff', 'field by field']],
  run: async (context, flags) =>
    (await import('../../deploy-stack.ts')).deployStack(context, { ...flags, dryRun: true }),
});
