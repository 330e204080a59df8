import type { ReadTx } from '../../../store/store.ts';
import { isUnmanaged } from '../../orphans.ts';
import type { Filters } from '../query.ts';
import { isGivenUp } from './find.ts';
import { createdAtOf, everyListed, idOf, type Listed } from './row.ts';

type Connected = (hostId: string) => boolean;

/**
 * What may pass `filters`, in no order: found by an index where whole IDs or names are asked for (`id=<64 digits>`,
 * `name=^web$`), else everything. The filters have still to be asked.
 */
export function candidates(tx: ReadTx, filters: Filters, connected: Connected): Listed[] {
  const ids = wholeValues(filters.get('id'), WHOLE_ID);
  const names = wholeValues(filters.get('name'), WHOLE_NAME);
  if (ids === undefined && names === undefined) return [...everyListed(tx, connected)];
  const found = new Set<Listed>();
  const add = (one: Listed | undefined) => {
    if (one === undefined) return;
    if (one.kind === 'container' ? !isGivenUp(one, connected) : isUnmanaged(tx, one)) found.add(one);
  };
  if (ids !== undefined) {
    for (const id of ids) {
      add(tx.get('containers', id));
      for (const seen of tx.by('observedContainers', 'engineId', id)) {
        add(seen);
        add(seen.clusterId === undefined ? undefined : tx.get('containers', seen.clusterId));
      }
    }
  } else {
    for (const name of names ?? []) {
      for (const record of tx.by('containers', 'name', name)) add(record);
      for (const seen of tx.by('observedContainers', 'name', name)) add(seen);
    }
  }
  return [...found];
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

export function newestFirst(a: Listed, b: Listed): number {
  return createdAtOf(b) - createdAtOf(a) || (idOf(a) < idOf(b) ? -1 : 1);
}

/** The newest `count`, newest first: for a few of very many, which need not be sorted. */
export function newest(list: readonly Listed[], count: number): Listed[] {
  const found: Listed[] = [];
  for (const one of list) {
    const last = found.length < count ? undefined : found.at(-1);
    if (last !== undefined && newestFirst(one, last) > 0) continue;
    if (last !== undefined) found.pop();
    found.splice(placeOf(found, one), 0, one);
  }
  return found;
}

function placeOf(sorted: readonly Listed[], one: Listed): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (newestFirst(sorted[middle] as Listed, one) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
