import type { TableSpec } from '../tables.ts';

const NOTHING: readonly never[] = Object.freeze([]);

/** One table in memory: records by key, and by each of its indexes. */
export class Table<R> {
  private readonly records = new Map<string, R>();
  private readonly indexes = new Map<string, Entries<R>>();

  constructor(private readonly spec: TableSpec<R>) {
    for (const name of Object.keys(spec.indexes)) this.indexes.set(name, new Map());
  }

  get size(): number {
    return this.records.size;
  }

  get(key: string): R | undefined {
    return this.records.get(key);
  }

  values(): Iterable<R> {
    return this.records.values();
  }

  by(index: string, value: string): Iterable<R> {
    const entries = this.indexes.get(index);
    if (entries === undefined)
      throw new Error(`no index "${index}" on this table: add it to src/store/tables.ts`);
    const found = entries.get(value);
    if (found === undefined) return NOTHING;
    return found instanceof Map ? found.values() : [found.record];
  }

  /** Puts `record` under `key`, or takes away what is there; returns what was there. */
  set(key: string, record: R | undefined): R | undefined {
    const before = this.records.get(key);
    if (record === undefined) this.records.delete(key);
    else this.records.set(key, record);
    for (const [name, entries] of this.indexes) {
      const read = this.spec.indexes[name];
      const old = before === undefined ? undefined : read?.(before);
      const now = record === undefined ? undefined : read?.(record);
      if (old !== undefined && old !== now) remove(entries, old, key);
      // An entry that stays in its bucket keeps its place: a loop over the bucket may put what it reads.
      if (record !== undefined && now !== undefined) add(entries, now, key, record);
    }
    return before;
  }
}

/** Most values of most indexes stand for one record: a map for each would be as large as the record. */
type One<R> = Readonly<{ key: string; record: R }>;
type Entries<R> = Map<string, One<R> | Map<string, R>>;

function add<R>(entries: Entries<R>, value: string, key: string, record: R): void {
  const found = entries.get(value);
  if (found instanceof Map) found.set(key, record);
  else if (found === undefined || found.key === key) entries.set(value, { key, record });
  else
    entries.set(
      value,
      new Map([
        [found.key, found.record],
        [key, record],
      ]),
    );
}

function remove<R>(entries: Entries<R>, value: string, key: string): void {
  const found = entries.get(value);
  if (!(found instanceof Map)) {
    if (found?.key === key) entries.delete(value);
    return;
  }
  found.delete(key);
  if (found.size === 0) entries.delete(value);
}

/** Freezes a record and all that hangs on it. */
export function deepFreeze<R>(value: R): R {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const part of Object.values(value)) deepFreeze(part);
  return value;
}
