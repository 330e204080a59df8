import type { ReadTx, Store } from '../../../store/store.ts';

export type Place = Readonly<{
  id: string;
  /** Milliseconds since the epoch. */
  createdAt: number;
}>;

/** New IDs that are noted until somebody asks; beyond that everything is read anew. */
const NOTED = 100_000;

/**
 * The IDs of the cluster's records in the order of their creation: who asks for the ten newest of very many must not look
 * at all of them. Kept from the first time that somebody asks.
 */
class CreationOrder {
  /** Oldest first; of equal age in the opposite order of their IDs. With some that are gone. */
  private places: Place[] = [];
  private readonly known = new Set<string>();
  private noted: string[] = [];
  private stale = true;

  constructor(store: Store) {
    store.follow((table, id) => {
      if (table !== 'containers' || this.stale || this.known.has(id)) return;
      this.known.add(id);
      this.noted.push(id);
      if (this.noted.length > NOTED) this.stale = true;
    });
  }

  at(tx: ReadTx): readonly Place[] {
    if (this.stale || this.places.length > 2 * tx.count('containers') + NOTED) this.readAll(tx);
    else if (this.noted.length > 0) this.take(tx);
    return this.places;
  }

  private take(tx: ReadTx): void {
    for (const id of this.noted.splice(0)) {
      const record = tx.get('containers', id);
      // Undone, or removed already.
      if (record === undefined) this.known.delete(id);
      else this.places.push({ id, createdAt: record.createdAt });
    }
    // Two ordered runs, mostly one: the sort finds that out by itself.
    this.places.sort(oldestFirst);
  }

  private readAll(tx: ReadTx): void {
    this.places = [];
    this.known.clear();
    this.noted = [];
    this.stale = false;
    for (const { id, createdAt } of tx.all('containers')) {
      this.known.add(id);
      this.places.push({ id, createdAt });
    }
    this.places.sort(oldestFirst);
  }
}

const kept = new WeakMap<Store, CreationOrder>();

/** Newest first, as `docker ps` shows them. Some may be gone: whoever reads on later finds that out anyway. */
export function newestRecords(store: Store, tx: ReadTx): Place[] {
  let order = kept.get(store);
  if (order === undefined) {
    order = new CreationOrder(store);
    kept.set(store, order);
  }
  return order.at(tx).toReversed();
}

function oldestFirst(a: Place, b: Place): number {
  return newestFirst(b, a);
}

export function newestFirst(a: Place, b: Place): number {
  return b.createdAt - a.createdAt || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}
