import type { TableName } from './store.ts';

/** Not a table: the one row that counts the commits (`Store.revision`). */
export const REVISION = 'revision';

/** One row as it lies on disk; `json` undefined deletes. */
export type Row = Readonly<{ table: TableName | typeof REVISION; key: string; json: string | undefined }>;

/** Where a store keeps its durable tables: one file per implementation (`sqlite/`). */
export interface Journal {
  /** Every row, once, at the start. */
  load(): Iterable<Readonly<{ table: string; key: string; json: string }>>;
  /** All of the rows or none; on disk when it returns or resolves. */
  commit(rows: readonly Row[]): void | Promise<void>;
  /** Nothing stays on the disk of what was overwritten or deleted; while no commit is on its way. */
  wipe(): void;
  close(): void;
}
