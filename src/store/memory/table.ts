import type { TableSpec } from '../tables.ts';

const NOTHING: readonly never[] = Object.freeze([]);

/** One table in memory: records by key, and their keys by each of its indexes. */
export class Table<R> {
  private readonly records = new Map<string, R>();
  private readonly indexes = new Map<string, Entries>();
  /** The same in an array: each write goes over all of them. */
  private readonly read: readonly Readonly<{ entries: Entries; of(record: R): string | undefined }>[];

  constructor(spec: TableSpec<R>) {
    this.read = Object.entries(spec.indexes).map(([name, of]) => {
      const entries: Entries = new Map();
      this.indexes.set(name, entries);
      return { entries, of };
    });
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
    return typeof found === 'string' ? [this.records.get(found) as R] : recordsOf(this.records, found);
  }

  /** Puts `record` under `key`, or takes away what is there; returns what was there. */
  set(key: string, record: R | undefined): R | undefined {
    const before = this.records.get(key);
    if (record === undefined) this.records.delete(key);
    else this.records.set(key, record);
    for (const { entries, of } of this.read) {
      const old = before === undefined ? undefined : of(before);
      const now = record === undefined ? undefined : of(record);
      // Most writes leave a record where it was. There it keeps its place: a loop over a bucket may put what it reads.
      if (old === now) continue;
      if (old !== undefined) remove(entries, old, key);
      if (now !== undefined) add(entries, now, key);
    }
    return before;
  }
}

/** Value to the keys under it. Most values of most indexes stand for one record: a set for each would be as large as it. */
type Entries = Map<string, string | Set<string>>;

function* recordsOf<R>(records: ReadonlyMap<string, R>, keys: Iterable<string>): Iterable<R> {
  for (const key of keys) yield records.get(key) as R;
}

function add(entries: Entries, value: string, key: string): void {
  const found = entries.get(value);
  if (found === undefined) entries.set(value, key);
  else if (typeof found === 'string') entries.set(value, new Set([found, key]));
  else found.add(key);
}

function remove(entries: Entries, value: string, key: string): void {
  const found = entries.get(value);
  if (found === key) entries.delete(value);
  if (found === undefined || typeof found === 'string') return;
  found.delete(key);
  if (found.size === 0) entries.delete(value);
}

/** Freezes a record and all that hangs on it: plain objects and arrays. */
export function deepFreeze<R>(value: R): R {
  if (typeof value === 'object' && value !== null) freezeObject(value);
  return value;
}

function freezeObject(value: object): void {
  if (Object.isFrozen(value)) return;
  Object.freeze(value);
  // For each write: the lists that `Object.values` makes cost more than the freezing.
  for (const key in value) {
    const part = (value as Readonly<Record<string, unknown>>)[key];
    if (typeof part === 'object' && part !== null) freezeObject(part);
  }
}
