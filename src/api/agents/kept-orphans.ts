import { messageOf } from '../../kit/errors.ts';
import type { Logger } from '../../kit/logger.ts';
import type { ChangeSet, Store, WriteTx } from '../../store/store.ts';

type KeptOrphansDeps = Readonly<{ store: Store; logger: Logger }>;

/** Until what the disk did not take is written again. */
const RETRY_MS = 5_000;

/**
 * Keeps orphans on the disk as they were told last: from the manager's start on, until their host has told them anew, nobody
 * else is given what they hold. What is in memory does not depend on it: while the disk is full they are there all the same.
 */
export class KeptOrphans {
  /** Keys of those that may differ from what is on the disk. */
  private readonly due = new Set<string>();
  private readonly unwatch: () => void;
  private writing = false;
  private retry: NodeJS.Timeout | undefined;
  private closed = false;

  /** Puts those of an earlier life into place before it returns. */
  constructor(private readonly deps: KeptOrphansDeps) {
    this.unwatch = deps.store.watch((set) => this.onChange(set));
    this.putBack();
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.retry);
    this.unwatch();
  }

  private putBack(): void {
    const { store, logger } = this.deps;
    const kept = store.view((tx) => [...tx.all('keptOrphans')]);
    if (kept.length === 0) return;
    store
      .update((tx) => {
        for (const orphan of kept) {
          const { id, hostId } = orphan;
          this.due.add(`${hostId}/${id}`);
          // The manager ended after it had taken it in, or its host away.
          if (tx.get('containers', id)?.assigned.hostId === hostId) continue;
          if (tx.get('hosts', hostId) !== undefined) tx.put('orphans', orphan);
        }
      })
      .catch((thrown) => logger.error({ error: messageOf(thrown) }, 'orphans not put back'));
    this.write();
  }

  private onChange({ changes }: ChangeSet): void {
    for (const { table, key } of changes) if (table === 'orphans') this.due.add(key);
    if (this.retry === undefined) this.write();
  }

  private write(): void {
    if (this.writing || this.due.size === 0) return;
    this.writing = true;
    const keys = [...this.due];
    this.due.clear();
    this.deps.store
      .update((tx) => {
        for (const key of keys) level(tx, key);
      })
      .catch((thrown) => {
        this.deps.logger.error({ error: messageOf(thrown) }, 'orphans not written to the disk');
        for (const key of keys) this.due.add(key);
        if (this.closed) return;
        this.retry = setTimeout(() => {
          this.retry = undefined;
          this.write();
        }, RETRY_MS);
      })
      .finally(() => {
        this.writing = false;
        if (this.retry === undefined && !this.closed) this.write();
      });
  }
}

/** Every connection tells all of them again: what is on the disk as it is stays there. */
function level(tx: WriteTx, key: string): void {
  const now = tx.get('orphans', key);
  const kept = tx.get('keptOrphans', key);
  if (now === undefined) tx.delete('keptOrphans', key);
  else if (JSON.stringify(now) !== JSON.stringify(kept)) tx.put('keptOrphans', now);
}
