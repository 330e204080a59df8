import type { CliContext } from './command.ts';
import { clean } from './terminal/text.ts';

/**
 * Asks once, then removes one after the other: where one is refused, those before it are gone and were told.
 * @param question up to the noun, for one of them: `Remove the user`
 */
export async function removeAll(
  { out, globals, prompt }: CliContext,
  names: readonly string[],
  question: string,
  yes: boolean | undefined,
  remove: (name: string) => Promise<unknown>,
): Promise<void> {
  await prompt.confirm(`${question}${names.length > 1 ? 's' : ''} ${names.map(clean).join(', ')}?`, yes);
  for (const name of names) {
    await remove(name);
    if (!globals.json) out.line(`removed ${clean(name)}`);
  }
  if (globals.json) out.json({ removed: names });
}
