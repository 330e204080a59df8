/** What a client does with a command: `differs` wants a reason. */
export type Result = 'works' | 'differs';

interface Row {
  readonly group: string;
  readonly command: string;
  readonly reason: string | undefined;
  readonly results: Map<string, Result>;
}

const NONE = '–';

/** Collects results, and writes them as Markdown: the same results give the same text. */
export class Table {
  private readonly rows: Row[] = [];
  private readonly columns = new Map<string, string[]>();

  /** Names the columns of a group of rows, in their order. */
  group(title: string, columns: readonly string[]): void {
    this.columns.set(title, [...columns]);
  }

  /** A row that is expected, in the order of the table. */
  expect(group: string, command: string, reason?: string): void {
    if (this.rows.some((row) => row.group === group && row.command === command)) {
      throw new Error(`two cases are called "${command}"`);
    }
    this.rows.push({ group, command, reason, results: new Map() });
  }

  record(group: string, command: string, column: string): void {
    const row = this.rows.find((one) => one.group === group && one.command === command);
    if (row === undefined) throw new Error(`no row "${command}"`);
    row.results.set(column, row.reason === undefined ? 'works' : 'differs');
  }

  /**
   * The tables, with the columns of clients which are not on this machine as `committed` has them.
   * @param committed the text of the file that there is; empty where there is none
   * @param add gives clients that it does not have a column of their own: without, another machine's clients, which have
   *   been tested all the same, do not change the page
   */
  markdown(committed: string, add: boolean): string {
    return [...this.columns]
      .map(([title, columns]) => this.section(title, columns, parse(committed, title), add))
      .join('\n');
  }

  private section(title: string, found: readonly string[], old: Old, add: boolean): string {
    const here = found.filter((column) => add || old.columns.length === 0 || old.columns.includes(column));
    const kept = old.columns.filter((column) => !here.includes(column));
    const columns = [...here, ...kept].toSorted((a, b) => rank(b) - rank(a));
    const rows = this.rows.filter((row) => row.group === title);
    const line = (cells: readonly string[]) => `| ${cells.map(escaped).join(' | ')} |`;
    const cell = (row: Row, column: string) =>
      here.includes(column) ? (row.results.get(column) ?? NONE) : (old.cell(row.command, column) ?? NONE);
    const body = rows.map((row) =>
      line([`\`${row.command}\``, ...columns.map((column) => cell(row, column)), row.reason ?? '']),
    );
    const head = [
      line(['command', ...columns, 'how it differs, and why']),
      `|${'---|'.repeat(columns.length + 2)}`,
    ];
    return [`## ${title}`, '', ...head, ...body, ''].join('\n');
  }
}

interface Old {
  readonly columns: readonly string[];
  cell(command: string, column: string): string | undefined;
}

/** The columns and cells of a section as it was written before. */
function parse(text: string, title: string): Old {
  const section = text.split(/^## /m).find((part) => part.startsWith(`${title}\n`)) ?? '';
  const lines = section.split('\n').filter((line) => line.startsWith('| '));
  const [head = [], ...body] = lines.map((line) => line.slice(2, -2).split(' | '));
  const columns = head.slice(1, -1);
  return {
    columns,
    cell: (command, column) =>
      body.find(([name]) => name === escaped(`\`${command}\``))?.[columns.indexOf(column) + 1],
  };
}

function rank(column: string): number {
  return Number(/[\d.]+$/.exec(column)?.[0] ?? 0);
}

/** As a cell has it: a bar would end it. */
function escaped(text: string): string {
  return text.replaceAll('|', '\\|');
}
