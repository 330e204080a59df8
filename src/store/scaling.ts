import { type ServiceRecord, serviceKey } from '../model/deployment.ts';
import type { ScaleChange } from '../model/scaling.ts';
import { replicasOf } from '../model/service-scale.ts';
import type { WriteTx } from './store.ts';

/** So many changes of a service's number are kept, the newest. */
export const KEPT_CHANGES = 100;

/** Sets the number of containers of a service, and notes who did it and why. */
export function setScale(
  tx: WriteTx,
  record: ServiceRecord,
  to: number,
  about: Pick<ScaleChange, 'at' | 'by' | 'why'>,
): void {
  const { stack, name } = record;
  tx.put('services', { ...record, scale: to, generation: record.generation + 1 });
  const known = tx.get('scaleHistory', serviceKey(stack, name))?.changes ?? [];
  const changes = [...known, { ...about, from: replicasOf(record), to }].slice(-KEPT_CHANGES);
  tx.put('scaleHistory', { kind: 'scale-history', stack, service: name, changes });
}
