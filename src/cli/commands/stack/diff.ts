import { command } from '../../command.ts';
import { type ComposeFlags, composeOptions } from '../../compose-files.ts';
import { deployStack } from '../../deploy-stack.ts';

export const stackDiff = command<ComposeFlags>({
  name: 'stack diff',
  summary: 'Show what "berth deploy" would change',
  options: [...composeOptions],
  examples: [['berth stack diff', 'field by field']],
  run: (context, flags) => deployStack(context, { ...flags, dryRun: true }),
});
