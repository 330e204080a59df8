import type { CliContext, OptionSpec } from './command.ts';
import type { ListColumn } from './terminal/output.ts';

export const quietOption: OptionSpec = { flags: '-q, --quiet', summary: 'print the IDs only' };

/** Prints a list in the form that was asked for: IDs, JSON (an array) or a table. */
export function printList<T>(
  { out, globals }: CliContext,
  items: readonly T[],
  form: Readonly<{
    quiet: boolean | undefined;
    id(item: T): string;
    columns: readonly ListColumn<T>[];
    /** Said on standard error where a table would have no rows: what that means, what to do. */
    empty: string;
  }>,
): void {
  if (globals.json) out.json(form.quiet ? items.map(form.id) : items);
  else if (form.quiet) for (const item of items) out.line(form.id(item));
  else if (items.length === 0) out.note(form.empty);
  else out.table(form.columns, items);
}
