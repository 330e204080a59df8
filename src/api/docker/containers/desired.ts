import type { ActionResult } from '../../../contract/link.ts';
import { BerthError } from '../../../kit/errors.ts';
import { type Desired, withDesired } from '../../../model/container.ts';
import type { WriteTx } from '../../../store/store.ts';
import type { EngineCall } from '../call.ts';
import { noSuchContainer, rewriteFor, type Target } from './find.ts';

export type DesiredChange = Partial<Omit<Desired, 'generation'>>;

/**
 * Writes what the user wants of a container, and waits until its host has acted on it.
 * @param change what is different from now; both functions run in the transaction that writes
 * @param undo what is wanted instead where the engine refuses; what was wanted before, if absent
 * @throws BerthError `engine` in the engine's words, `host_down`, `not_found` where it was removed meanwhile
 */
export async function changeDesired(
  call: Pick<EngineCall, 'deps'>,
  target: Target,
  change: (now: Desired, tx: WriteTx) => DesiredChange,
  undo: (before: Desired, tx: WriteTx) => DesiredChange = (before) => before,
): Promise<ActionResult> {
  const { before, generation } = await writeDesired(call, target.id, change);
  try {
    return await call.deps.assignments.settled(target.id, generation);
  } catch (thrown) {
    if (!(thrown instanceof BerthError)) throw thrown;
    if (thrown.code === 'not_found' && removesItself(target)) return { id: target.id, generation };
    if (thrown.code !== 'engine') throw thrown;
    await restore(call, target.id, generation, (tx) => undo(before, tx));
    throw new BerthError('engine', rewriteFor(target)(thrown.message), { status: thrown.status });
  }
}

/** With --rm the end of the process takes the record away, maybe before who asked for it has heard. */
function removesItself({ record }: Target): boolean {
  return record?.desired.spec.HostConfig?.AutoRemove === true;
}

/** Writes without waiting for the host. */
export async function writeDesired(
  { deps }: Pick<EngineCall, 'deps'>,
  id: string,
  change: (now: Desired, tx: WriteTx) => DesiredChange,
): Promise<Readonly<{ before: Desired; generation: number }>> {
  return deps.store.update((tx) => {
    const record = tx.get('containers', id);
    if (record === undefined) throw noSuchContainer(id);
    const after = withDesired(record, change(record.desired, tx));
    tx.put('containers', after);
    return { before: record.desired, generation: after.desired.generation };
  });
}

/** Takes back what the engine refused, unless somebody has asked for something else meanwhile. */
async function restore(
  { deps }: Pick<EngineCall, 'deps'>,
  id: string,
  generation: number,
  change: (tx: WriteTx) => DesiredChange,
): Promise<void> {
  await deps.store.update((tx) => {
    const record = tx.get('containers', id);
    if (record === undefined || record.desired.generation !== generation) return;
    // A count that was acted on is never counted down.
    tx.put('containers', withDesired(record, { ...change(tx), starts: record.desired.starts }));
  });
}
