import type { ResumePoint } from '../../contract/link.ts';
import { newShortId } from '../../kit/ids.ts';
import type { Life } from '../../model/life.ts';
import type { ReadTx, Store } from '../../store/store.ts';

/** Of so many starts it is known what they have done: an agent that was away for longer is taken for one that knows more. */
const KEPT = 1000;

/** Notes that a manager starts on this state. Returns the ID of its life: the epoch of its deltas. */
export async function beginLife(store: Store, now: number): Promise<string> {
  const id = newShortId();
  const since = store.revision;
  await store.update((tx) => {
    for (const { id: old } of inOrder(tx).slice(0, -KEPT + 1)) tx.delete('lives', old);
    tx.put('lives', { kind: 'life', id, since, startedAt: now });
  });
  return id;
}

/**
 * True where what an agent has seen belongs to this state's past. False where it was seen of a state that this one has
 * taken the place of: a backup was put back. Agents and managers of earlier releases do not tell; they are believed.
 */
export function isPast(tx: ReadTx, seen: ResumePoint, revision: number): boolean {
  if (seen.revision === undefined) return true;
  const lives = inOrder(tx);
  const index = lives.findIndex(({ id }) => id === seen.epoch);
  if (index < 0) return lives.length === 0;
  return seen.revision <= (lives[index + 1]?.since ?? revision);
}

function inOrder(tx: ReadTx): readonly Life[] {
  return [...tx.all('lives')].sort((a, b) => a.since - b.since || a.startedAt - b.startedAt);
}
