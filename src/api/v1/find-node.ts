import { BerthError } from '../../kit/errors.ts';
import type { Host } from '../../model/host.ts';
import type { ReadTx } from '../../store/store.ts';

/** Shorter beginnings of an ID are more likely a slip than meant. */
const SHORTEST_PREFIX = 3;

/**
 * The host of that name (ignoring case), ID, or beginning of an ID.
 * @throws BerthError `not_found`; `conflict` where several IDs begin so
 */
export function findNode(tx: ReadTx, ref: string): Host {
  const [named] = tx.by('hosts', 'name', ref.toLowerCase());
  const exact = named ?? tx.get('hosts', ref);
  if (exact !== undefined) return exact;
  const begins =
    ref.length < SHORTEST_PREFIX ? [] : [...tx.all('hosts')].filter((host) => host.id.startsWith(ref));
  if (begins.length > 1) {
    throw new BerthError('conflict', `the IDs of ${begins.length} hosts begin with "${ref}"`, {
      hint: `name one: ${begins.map((host) => host.name).join(', ')}`,
    });
  }
  const [found] = begins;
  if (found !== undefined) return found;
  throw new BerthError('not_found', `there is no host "${ref}"`, { hint: '"berth node ls" lists them' });
}
