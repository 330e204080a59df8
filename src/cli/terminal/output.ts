import type { Writable } from 'node:stream';
import type { Style } from './style.ts';
import { type Cell, type Column, renderTable } from './table.ts';
import { clean, pad, truncate, widthOf } from './text.ts';

type OutputOptions = Readonly<{
  stdout: Writable;
  stderr: Writable;
  /** Whether standard output is a terminal. */
  isTTY: boolean;
  /** Columns and lines of the terminal. */
  width: number;
  height: number;
  style: Style;
  /** Commands in a remark, as the user would type them. */
  asTyped(text: string): string;
}>;

/** One column of a list and how an item fills it. */
export type ListColumn<T> = Column & Readonly<{ cell(item: T): Cell }>;

/** Results go to standard output, everything else to standard error, so that a pipe gets results only. */
export class Output {
  readonly style: Style;
  readonly #options: OutputOptions;
  /** Lines of the picture that stands there, and that the next one takes the place of. */
  #pictured = 0;

  constructor(options: OutputOptions) {
    this.#options = options;
    this.style = options.style;
  }

  /** A line of the result as it is: text from elsewhere must be cleaned before. */
  line(text = ''): void {
    this.#options.stdout.write(`${text}\n`);
  }

  /** A remark, not part of the result. */
  note(text: string): void {
    this.#options.stderr.write(`${this.#options.asTyped(text)}\n`);
  }

  warn(text: string): void {
    this.note(`${this.style('yellow', 'warning:')} ${clean(text)}`);
  }

  /** One value: on one line where it is piped, indented on a terminal. JSON escapes control characters but DEL and C1. */
  json(value: unknown): void {
    const text = JSON.stringify(value, null, this.#options.isTTY ? 2 : undefined);
    this.line(this.#options.isTTY ? text.split('\n').map(clean).join('\n') : text);
  }

  /** One value on one line always: for streams. */
  jsonLine(value: unknown): void {
    const text = JSON.stringify(value);
    this.line(this.#options.isTTY ? clean(text) : text);
  }

  table<T>(columns: readonly ListColumn<T>[], items: readonly T[]): void {
    for (const line of this.#tableLines(columns, items)) this.line(line);
  }

  /** How many items of a table `picture` has room for below its head; undefined where there is no end to the lines. */
  get pictureRows(): number | undefined {
    // A line for the head, one for the table's, and one for the cursor.
    return this.#options.isTTY ? Math.max(1, this.#options.height - 3) : undefined;
  }

  /**
   * A line and a table that take the place of the picture before them; where there is no terminal they come after it.
   * Nothing else may be written to a terminal between two pictures.
   * @param head as it is: text from elsewhere must be cleaned before
   */
  picture<T>(head: string, columns: readonly ListColumn<T>[], items: readonly T[]): void {
    const { isTTY, stdout, width } = this.#options;
    const lines = [
      ...(head === '' ? [] : [this.style('dim', isTTY ? truncate(head, width) : head)]),
      ...this.#tableLines(columns, items.slice(0, this.pictureRows)),
    ];
    const text = lines.map((line) => `${line}\n`).join('');
    if (!isTTY) stdout.write(this.#pictured > 0 ? `\n${text}` : text);
    // In one piece, so that no half of it is seen: up to where the last one began, then all below that is cleared.
    else stdout.write(this.#pictured > 0 ? `\x1b[${this.#pictured}A\x1b[J${text}` : text);
    this.#pictured = lines.length;
  }

  #tableLines<T>(columns: readonly ListColumn<T>[], items: readonly T[]): string[] {
    const rows = items.map((item) => columns.map((column) => column.cell(item)));
    const width = this.#options.isTTY ? { width: this.#options.width } : {};
    return renderTable(columns, rows, { ...width, style: this.style });
  }

  /** Names and values under each other; a name with several values repeats them below. */
  details(pairs: readonly (readonly [name: string, value: Cell | readonly string[]])[]): void {
    const width = Math.max(...pairs.map(([name]) => widthOf(name))) + 2;
    for (const [name, value] of pairs) {
      const values: readonly Cell[] = Array.isArray(value) ? value : [value as Cell];
      for (const [at, one] of (values.length === 0 ? ['-'] : values).entries()) {
        const head = pad(at === 0 ? `${name}:` : '', width);
        const text = typeof one === 'string' ? clean(one || '-') : this.style(one.style, clean(one.text));
        this.line(`${this.style('bold', head)}${text}`);
      }
    }
  }
}
