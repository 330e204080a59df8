import { ComposeError, problemText, type ReadStack, readStack } from '../compose/index.ts';
import type { CliContext } from './command.ts';
import { composeInput } from './compose-files.ts';
import type { ComposeFlags } from './compose-options.ts';
import { clean } from './terminal/text.ts';

/** The stack of the compose files that the flags name. Warnings, and mistakes behind the first one, are told before it is thrown. */
export async function readTold(context: CliContext, flags: ComposeFlags): Promise<ReadStack> {
  const input = await composeInput(context, flags);
  try {
    return readStack(input);
  } catch (thrown) {
    if (thrown instanceof ComposeError) {
      for (const warning of thrown.warnings) context.out.warn(problemText(warning));
      for (const problem of thrown.problems.slice(1)) context.out.note(clean(problemText(problem)));
    }
    throw thrown;
  }
}
