import type { StackChange } from '../../contract/v1/services.ts';
import { serviceKey } from '../../model/deployment.ts';
import { releasesOf } from '../../store/releases.ts';
import type { ReadTx } from '../../store/store.ts';

/** So many are told. */
const MOST = 500;

/** What was released and scaled in a stack, the newest first. */
export function stackHistory(tx: ReadTx, stack: string): readonly StackChange[] {
  const changes: StackChange[] = [];
  for (const { name: service } of tx.by('services', 'stack', stack)) {
    for (const { at, by, number, cause, state, reason } of releasesOf(tx, stack, service))
      changes.push({ kind: 'release', ...{ at, by, service, number, cause, state, reason } });
    for (const change of tx.get('scaleHistory', serviceKey(stack, service))?.changes ?? [])
      changes.push({ kind: 'scale', service, ...change });
  }
  return changes.sort((a, b) => b.at - a.at).slice(0, MOST);
}
