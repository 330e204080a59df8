import { serviceKey } from '../../model/deployment.ts';
import type { Stack } from '../../model/stack.ts';
import { beginRelease } from '../../store/releases.ts';
import type { WriteTx } from '../../store/store.ts';

/**
 * Restarts services that want it where one that they depend on begins a release (compose-spec, depends_on, `restart`):
 * those that were there and are not released anyway. They wait for it as at the first deployment.
 * @param changed names of the services that have begun a release
 */
export function restartDependents(
  tx: WriteTx,
  stack: Pick<Stack, 'name' | 'services'>,
  changed: readonly string[],
  { by, at }: Readonly<{ by: string; at: number }>,
): readonly Readonly<{ service: string; number: number }>[] {
  const begun: { service: string; number: number }[] = [];
  for (const { name, dependsOn } of stack.services) {
    if (changed.includes(name)) continue;
    if (!dependsOn.some((one) => one.restart && changed.includes(one.service))) continue;
    const record = tx.get('services', serviceKey(stack.name, name));
    if (record === undefined || record.removing === true || record.service.runs.kind !== 'service') continue;
    const { release } = beginRelease(tx, record, record.service, { cause: { kind: 'restart' }, by, at });
    begun.push({ service: name, number: release });
  }
  return begun;
}
