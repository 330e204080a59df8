import type { Style, StyleName } from './style.ts';
import { clean, pad, truncate, widthOf } from './text.ts';

/** What stands in a cell. Text is cleaned here, so any name may be given as it is. */
export type Cell = string | Readonly<{ text: string; style: StyleName }>;

export type Column = Readonly<{ header: string; align?: 'left' | 'right' }>;

const GAP = 2;

/**
 * Lines of a table. With `width` (columns of a terminal) it fits: the widest columns are cut, with `…`, all to the same
 * limit, so that short ones stay whole. Without `width` nothing is cut.
 */
export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  options: Readonly<{ width?: number; style: Style }>,
): string[] {
  const texts = rows.map((row) =>
    columns.map((_, at) => {
      const cell = row[at] ?? '';
      return typeof cell === 'string' ? { text: clean(cell) } : { text: clean(cell.text), style: cell.style };
    }),
  );
  const natural = columns.map(({ header }, at) =>
    Math.max(widthOf(header), ...texts.map((row) => widthOf(row[at]?.text ?? ''))),
  );
  const widths = options.width === undefined ? natural : fitWidths(natural, options.width);

  const line = (cells: readonly { text: string; style?: StyleName | undefined }[]): string =>
    cells
      .map(({ text, style }, at) => {
        const width = widths[at] ?? 0;
        const cut = truncate(text, width);
        // Nothing is padded at a line's end: no blanks to be copied along, none that wrap.
        const filled =
          at === cells.length - 1 && columns[at]?.align !== 'right'
            ? cut
            : pad(cut, width, columns[at]?.align);
        return style === undefined ? filled : options.style(style, filled);
      })
      .join(' '.repeat(GAP))
      .trimEnd();

  return [
    line(columns.map(({ header }) => ({ text: header, style: 'bold' as const }))),
    ...texts.map((row) => line(row)),
  ];
}

/** Widths of columns that together take at most `total`, gaps counted: a common limit for the widest ones. */
export function fitWidths(natural: readonly number[], total: number): number[] {
  const room = total - GAP * (natural.length - 1);
  const sum = (limit: number) => natural.reduce((all, width) => all + Math.min(width, limit), 0);
  let limit = Math.max(0, ...natural);
  while (limit > 1 && sum(limit) > room) limit -= 1;
  let rest = Math.max(0, room - sum(limit));
  return natural.map((width) => {
    // What the last step of the limit gave too much goes back to the first ones that were cut.
    if (width > limit && rest > 0) {
      rest -= 1;
      return limit + 1;
    }
    return Math.min(width, limit);
  });
}
