/** Rows by ID, and as a list in the order of their names that is another one whenever a row is. */
export class Table<T extends Readonly<{ id: string; name: string }>> {
  private readonly byId = new Map<string, T>();
  private sorted: readonly T[] = [];
  private isDirty = false;

  get(id: string): T | undefined {
    return this.byId.get(id);
  }

  put(row: T): void {
    this.byId.set(row.id, row);
    this.isDirty = true;
  }

  delete(id: string): void {
    if (this.byId.delete(id)) this.isDirty = true;
  }

  /** Nothing but these. */
  replace(rows: Iterable<T>): void {
    this.byId.clear();
    for (const row of rows) this.byId.set(row.id, row);
    this.isDirty = true;
  }

  list(): readonly T[] {
    if (this.isDirty) {
      this.isDirty = false;
      this.sorted = [...this.byId.values()].sort(byName);
    }
    return this.sorted;
  }
}

function byName(
  a: Readonly<{ id: string; name: string }>,
  b: Readonly<{ id: string; name: string }>,
): number {
  if (a.name !== b.name) return a.name < b.name ? -1 : 1;
  return a.id < b.id ? -1 : 1;
}
