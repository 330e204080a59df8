import type { Writable } from 'node:stream';
import type { Style } from './style.ts';
import { type Cell, type Column, renderTable } from './table.ts';
import { clean, pad, widthOf } from './text.ts';

type OutputOptions = Readonly<{
  stdout: Writable;
  stderr: Writable;
  /** Whether standard output is a terminal. */
  isTTY: boolean;
  /** Columns of the terminal. */
  width: number;
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
    const rows = items.map((item) => columns.map((column) => column.cell(item)));
    const width = this.#options.isTTY ? { width: this.#options.width } : {};
    for (const line of renderTable(columns, rows, { ...width, style: this.style })) this.line(line);
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
