import { newJournalledStore } from './memory/store.ts';
import { openSqliteJournal } from './sqlite/journal.ts';
import type { Store } from './store.ts';

export { newMemoryStore } from './memory/store.ts';
export * from './store.ts';
export { SETTINGS_KEY } from './tables.ts';

/** A store whose durable tables live in a SQLite file. For errors see `openSqliteJournal`. */
export function openSqliteStore(path: string): Store {
  return newJournalledStore(openSqliteJournal(path));
}
