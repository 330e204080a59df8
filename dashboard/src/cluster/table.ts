export type Row = Readonly<{ id: string; name: string }>;

/** Rows by ID, and as a list in the order of their names that is another one whenever a row is. */
export class Table<T extends Row> {
  private readonly byId = new Map<string, T>();
  private sorted: readonly T[] = [];
  /** IDs of the rows that the list has not, or has as they were. */
  private readonly changed = new Set<string>();

  /** @param onRow hears of each row that is another one, before and after */
  constructor(
    private readonly onRow: (before: T | undefined, after: T | undefined) => void = () => undefined,
  ) {}

  get(id: string): T | undefined {
    return this.byId.get(id);
  }

  put(row: T): void {
    this.onRow(this.byId.get(row.id), row);
    this.byId.set(row.id, row);
    this.changed.add(row.id);
  }

  delete(id: string): void {
    const before = this.byId.get(id);
    if (before === undefined) return;
    this.byId.delete(id);
    this.changed.add(id);
    this.onRow(before, undefined);
  }

  /** Takes away all others. */
  keep(ids: ReadonlySet<string>): void {
    for (const id of this.byId.keys()) if (!ids.has(id)) this.delete(id);
  }

  /** Nothing but these. */
  replace(rows: Iterable<T>): void {
    const before = new Map(this.byId);
    this.byId.clear();
    this.changed.clear();
    for (const row of rows) {
      this.onRow(before.get(row.id), row);
      before.delete(row.id);
      this.byId.set(row.id, row);
    }
    for (const gone of before.values()) this.onRow(gone, undefined);
    this.sorted = [...this.byId.values()].sort(byName);
  }

  list(): readonly T[] {
    if (this.changed.size > 0) {
      this.sorted = this.merged();
      this.changed.clear();
    }
    return this.sorted;
  }

  /** A hundred thousand rows are not sorted again for one of them. */
  private merged(): readonly T[] {
    const fresh = [...this.changed].flatMap((id) => this.byId.get(id) ?? []).sort(byName);
    const all: T[] = [];
    let at = 0;
    for (const row of this.sorted) {
      if (this.changed.has(row.id)) continue;
      for (let next = fresh[at]; next !== undefined && byName(next, row) < 0; next = fresh[++at])
        all.push(next);
      all.push(row);
    }
    for (const row of fresh.slice(at)) all.push(row);
    return all;
  }
}

/** The order of lists. */
export function byName(a: Row, b: Row): number {
  if (a.name !== b.name) return a.name < b.name ? -1 : 1;
  return a.id < b.id ? -1 : 1;
}
