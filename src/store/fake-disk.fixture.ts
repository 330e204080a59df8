import type { Journal } from './journal.ts';

/** A disk in memory that can be full, and slow. */
export class FakeDisk implements Journal {
  full = false;
  /** Until then a commit waits. */
  slow: Promise<void> | undefined;
  commits = 0;
  rows = new Map<string, { table: string; key: string; json: string }>();

  load() {
    return this.rows.values();
  }

  async commit(batch: Parameters<Journal['commit']>[0]): Promise<void> {
    await this.slow;
    if (this.full) throw new Error('disk is full');
    this.commits++;
    for (const { table, key, json } of batch) {
      if (json === undefined) this.rows.delete(`${table}/${key}`);
      else this.rows.set(`${table}/${key}`, { table, key, json });
    }
  }

  wipe(): void {}

  close(): void {}
}
