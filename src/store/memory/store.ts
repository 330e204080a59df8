import { BerthError, messageOf } from '../../kit/errors.ts';
import { type Journal, REVISION, type Row } from '../journal.ts';
import type { Change, ChangeSet, ReadTx, Store, TableName, Tables, WriteTx } from '../store.ts';
import { TABLES } from '../tables.ts';
import { deepFreeze, Table } from './table.ts';

/** How long a change that nobody waits for may wait for another one (milliseconds). */
const SOON_MS = 20;

type AnyTables = { [T in TableName]: Table<Tables[T]> };

type Pending = Readonly<{
  changes: readonly Change[];
  durable: boolean;
  resolve(): void;
  reject(error: BerthError): void;
}>;

/** State in memory only: gone with the process. */
export function newMemoryStore(): Store {
  return new TableStore(undefined);
}

/** State in memory, its durable tables in `journal` as well. Reads the journal first. */
export function newJournalledStore(journal: Journal): Store {
  return new TableStore(journal);
}

class TableStore implements Store {
  private readonly tables: AnyTables;
  private readonly watchers = new Set<(set: ChangeSet) => void>();
  private readonly followers = new Set<(table: TableName, key: string) => void>();
  /** Applied in memory, not yet heard of by anyone: in order. */
  private pending: Pending[] = [];
  private flushing = false;
  private scheduled = false;
  /** Somebody waits for what is pending. */
  private hurry = false;
  private soon: NodeJS.Timeout | undefined;
  /** The changes of the transaction that is running; undefined between transactions. */
  private running: Change[] | undefined;
  private closed = false;
  private commits = 0;

  constructor(private readonly journal: Journal | undefined) {
    this.tables = Object.fromEntries(
      Object.entries(TABLES).map(([name, spec]) => [name, new Table(spec as never)]),
    ) as unknown as AnyTables;
    for (const { table, key, json } of journal?.load() ?? []) {
      if (table === REVISION) this.commits = Number(json);
      // A table of a newer or older release: left on disk as it is.
      if (!isTable(table)) continue;
      this.table(table).set(key, deepFreeze(JSON.parse(json)));
    }
  }

  view<R>(read: (tx: ReadTx) => R): R {
    return read(this.readTx);
  }

  update<R>(write: (tx: WriteTx) => R, when: 'now' | 'soon' = 'now'): Promise<R> {
    if (this.closed)
      return Promise.reject(new BerthError('unavailable', 'the store is closed: the manager is stopping'));
    if (this.running !== undefined)
      throw new Error('store.update inside store.update: use the transaction that you have');
    const changes: Change[] = [];
    this.running = changes;
    let result: R;
    try {
      result = write(this.writeTx);
      if (isThenable(result))
        throw new Error('never await inside store.update: the callback returned a promise');
    } catch (thrown) {
      this.undo(changes);
      return Promise.reject(thrown);
    } finally {
      this.running = undefined;
    }
    if (changes.length === 0) return Promise.resolve(result);
    const durable = this.journal !== undefined && changes.some((change) => TABLES[change.table].durable);
    return new Promise<R>((resolve, reject) => {
      this.pending.push({ changes, durable, resolve: () => resolve(result), reject });
      if (when === 'now') this.schedule();
      else this.soon ??= setTimeout(() => this.schedule(), SOON_MS);
    });
  }

  watch(listener: (set: ChangeSet) => void): () => void {
    this.watchers.add(listener);
    return () => this.watchers.delete(listener);
  }

  follow(listener: (table: TableName, key: string) => void): () => void {
    this.followers.add(listener);
    return () => this.followers.delete(listener);
  }

  get revision(): number {
    return this.commits;
  }

  settled(): Promise<void> {
    if (this.pending.length === 0 && !this.flushing) return Promise.resolve();
    // At the end of the queue: undone with what is before it.
    return new Promise((resolve, reject) => {
      this.pending.push({ changes: [], durable: this.journal !== undefined, resolve, reject });
      this.schedule();
    });
  }

  async wipe(): Promise<void> {
    await this.settled();
    this.journal?.wipe();
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    while (this.pending.length > 0 || this.flushing) {
      await this.flush();
      if (this.flushing) await new Promise((resolve) => setImmediate(resolve));
    }
    this.journal?.close();
  }

  private readonly readTx: ReadTx = {
    get: (table, key) => this.table(table).get(key),
    all: (table) => this.table(table).values(),
    by: (table, index, value) => this.table(table).by(index, value),
    count: (table) => this.table(table).size,
  };

  private readonly writeTx: WriteTx = {
    ...this.readTx,
    put: (table, record) => this.write(table, TABLES[table].key(record), deepFreeze(record)),
    delete: (table, key) => this.write(table, key, undefined),
  };

  /** True where something was there before. */
  private write<T extends TableName>(table: T, key: string, after: Tables[T] | undefined): boolean {
    if (this.running === undefined) throw new Error('a transaction was used after its callback had returned');
    const before = this.table(table).set(key, after);
    for (const follower of this.followers) follower(table, key);
    if (before !== undefined || after !== undefined) {
      this.running.push({ table, key, before, after } as unknown as Change);
    }
    return before !== undefined;
  }

  private table<T extends TableName>(name: T): Table<Tables[T]> {
    return this.tables[name] as unknown as Table<Tables[T]>;
  }

  /** One commit per turn of the event loop: whatever came in during it goes to disk together. */
  private schedule(): void {
    this.hurry = true;
    clearTimeout(this.soon);
    this.soon = undefined;
    if (this.scheduled || this.flushing) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      void this.flush();
    });
  }

  private async flush(): Promise<void> {
    if (this.flushing || this.pending.length === 0) return;
    this.flushing = true;
    const batch = this.pending;
    this.pending = [];
    this.hurry = false;
    try {
      const rows = rowsOf(batch);
      if (this.journal !== undefined && rows.length > 0) {
        const revision = this.commits + 1;
        const done = this.journal.commit([...rows, { table: REVISION, key: '', json: String(revision) }]);
        // A journal that writes at once keeps the whole flush in this turn.
        if (done instanceof Promise) await done;
        this.commits = revision;
      }
      for (const { changes, resolve } of batch) {
        this.notify({ changes });
        resolve();
      }
    } catch (thrown) {
      this.refuse(batch, thrown);
    } finally {
      this.flushing = false;
      if (this.hurry && this.pending.length > 0) this.schedule();
    }
  }

  /** Undoes what could not be written, and everything that was built on it since; observations stay. */
  private refuse(batch: readonly Pending[], thrown: unknown): void {
    const all = [...batch, ...this.pending];
    this.pending = [];
    const error = new BerthError(
      'unavailable',
      `the change could not be written to disk: ${messageOf(thrown)}`,
      {
        hint:
          (thrown instanceof BerthError ? thrown.hint : undefined) ??
          'nothing was changed; free space or mend the disk under the data directory, then try again',
        cause: thrown,
      },
    );
    for (const { changes, durable } of all.toReversed()) if (durable) this.undo(changes);
    for (const { changes, durable, resolve, reject } of all) {
      if (durable) {
        reject(error);
      } else {
        this.notify({ changes });
        resolve();
      }
    }
  }

  private undo(changes: readonly Change[]): void {
    for (const { table, key, before, after } of changes.toReversed()) {
      const now = this.table(table);
      // A later observation of the same thing is newer than what is put back.
      if (now.get(key) !== after) continue;
      now.set(key, before);
      for (const follower of this.followers) follower(table, key);
    }
  }

  private notify(set: ChangeSet): void {
    if (set.changes.length === 0) return;
    for (const watcher of [...this.watchers]) {
      try {
        watcher(set);
      } catch (thrown) {
        // A watcher is Berth's own code: its bug must be seen, and must not keep the others from hearing.
        process.emitWarning(thrown instanceof Error ? thrown : new Error(messageOf(thrown)));
      }
    }
  }
}

/** The last state of each durable key in the batch. */
function rowsOf(batch: readonly Pending[]): Row[] {
  const rows = new Map<string, Row>();
  for (const { changes, durable } of batch) {
    if (!durable) continue;
    for (const { table, key, after } of changes) {
      if (!TABLES[table].durable) continue;
      rows.set(`${table}/${key}`, {
        table,
        key,
        json: after === undefined ? undefined : JSON.stringify(after),
      });
    }
  }
  return [...rows.values()];
}

function isTable(name: string): name is TableName {
  return Object.hasOwn(TABLES, name);
}

function isThenable(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
