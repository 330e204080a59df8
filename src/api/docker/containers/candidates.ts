import type { Container, ObservedContainer } from '../../../model/container.ts';
import { LABEL_SERVICE } from '../../../model/labels.ts';
import type { ReadTx, Store } from '../../../store/store.ts';
import { isUnmanaged, unmanaged } from '../../orphans.ts';
import type { Filters } from '../query.ts';
import { newestFirst, newestRecords, type Place } from './creation-order.ts';

/** A container that may be in a list: a record of the cluster's, or what Berth did not make. */
export type Candidate = Place & Readonly<{ seen?: ObservedContainer }>;

/**
 * What may pass `filters`, newest first: found by an index where whole IDs (`id=<64 digits>`), whole names
 * (`name=^web$`) or a service (`label=berth.service=web`) are asked for, else everything. The filters have still to be
 * asked, and a record may be gone.
 */
export function candidates(store: Store, tx: ReadTx, filters: Filters): readonly Candidate[] {
  const found = byIndex(tx, filters);
  if (found !== undefined) return [...found].flatMap((one) => candidateOf(tx, one)).sort(newestFirst);
  const records = newestRecords(store, tx);
  const others = [...unmanaged(tx)].map(ofSeen);
  return others.length === 0 ? records : [...records, ...others].sort(newestFirst);
}

function candidateOf(tx: ReadTx, one: Container | ObservedContainer): Candidate[] {
  if (one.kind === 'container') return [{ id: one.id, createdAt: one.createdAt }];
  return isUnmanaged(tx, one) ? [ofSeen(one)] : [];
}

function ofSeen(seen: ObservedContainer): Candidate {
  return { id: seen.engineId, createdAt: seen.created * 1000, seen };
}

function byIndex(tx: ReadTx, filters: Filters): Set<Container | ObservedContainer> | undefined {
  const ids = wholeValues(filters.get('id'), WHOLE_ID);
  if (ids !== undefined) {
    const records = ids.flatMap((id) => tx.get('containers', id) ?? []);
    return withRecords(tx, records, 'engineId', ids);
  }
  const names = wholeValues(filters.get('name'), WHOLE_NAME);
  if (names !== undefined) {
    const records = names.flatMap((name) => [...tx.by('containers', 'name', name)]);
    return withRecords(tx, records, 'name', names);
  }
  // All labels have to match: one that an index knows is enough to find them.
  for (const label of filters.get('label') ?? []) {
    if (!label.startsWith(`${LABEL_SERVICE}=`)) continue;
    const service = label.slice(LABEL_SERVICE.length + 1);
    return withRecords(tx, [...tx.by('containers', 'service', service)], 'service', [service]);
  }
  return undefined;
}

/** `records`, what agents report with one of `values`, and the records of that. */
function withRecords(
  tx: ReadTx,
  records: readonly Container[],
  index: 'engineId' | 'name' | 'service',
  values: readonly string[],
): Set<Container | ObservedContainer> {
  const found = new Set<Container | ObservedContainer>(records);
  for (const value of values) {
    for (const seen of tx.by('observedContainers', index, value)) {
      found.add(seen);
      const record = seen.clusterId === undefined ? undefined : tx.get('containers', seen.clusterId);
      if (record !== undefined) found.add(record);
    }
  }
  return found;
}

const WHOLE_ID = /^([0-9a-f]{64})$/;
/** No character in it means anything to an expression; `/web` is the engine's way to say `web`. */
const WHOLE_NAME = /^\^\/?([\w-]+)\$$/;

/** What each of the values stands for; undefined where one of them may stand for more. */
function wholeValues(values: readonly string[] | undefined, form: RegExp): string[] | undefined {
  if (values === undefined || values.length === 0) return undefined;
  const found = values.flatMap((value) => form.exec(value)?.[1] ?? []);
  return found.length === values.length ? found : undefined;
}
