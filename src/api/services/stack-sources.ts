import type { Vault } from '../../kit/vault.ts';
import type { StackRecord } from '../../model/deployment.ts';
import {
  MOST_SOURCE,
  type StackSource,
  type StackSourceRecord,
  sourcePurpose,
  sourceSize,
  stackSourceSchema,
} from '../../model/stack-source.ts';
import type { ReadTx, WriteTx } from '../../store/store.ts';

/** Keeps the source of the stack as it is now; of one that is too large, that there is none. */
export function keepSource(
  tx: WriteTx,
  vault: Vault,
  { stack, generation }: Pick<StackSourceRecord, 'stack' | 'generation'>,
  source: StackSource,
): void {
  if (sourceSize(source) > MOST_SOURCE) {
    tx.delete('stackSources', stack);
    return;
  }
  const text = JSON.stringify(source);
  const known = tx.get('stackSources', stack);
  const purpose = sourcePurpose({ stack });
  if (known?.generation === generation && vault.open(known.sealed, purpose).toString() === text) return;
  tx.put('stackSources', { kind: 'stack-source', stack, generation, sealed: vault.seal(text, purpose) });
}

/** @throws BerthError `internal` where it cannot be opened */
export function sourceOf(
  tx: ReadTx,
  vault: Vault,
  { name }: Pick<StackRecord, 'name'>,
): Readonly<{ source: StackSource; of: number }> | undefined {
  const record = tx.get('stackSources', name);
  if (record === undefined) return undefined;
  const text = vault.open(record.sealed, sourcePurpose(record)).toString();
  return { source: stackSourceSchema.parse(JSON.parse(text)), of: record.generation };
}
