import type { JobRun } from '../model/cron.ts';
import {
  KEPT_RELEASES,
  type ReleaseRecord,
  releaseKey,
  type ServiceRecord,
  serviceKey,
} from '../model/deployment.ts';
import type { Service } from '../model/service.ts';
import { fieldChanges } from '../model/stack-diff.ts';
import type { ReadTx, WriteTx } from './store.ts';

/** Of a service, the newest first. */
export function releasesOf(tx: ReadTx, stack: string, service: string): readonly ReleaseRecord[] {
  return [...tx.by('releases', 'service', serviceKey(stack, service))].sort((a, b) => b.number - a.number);
}

/** The release that was done last before `number`: what a failed one goes back to; undefined where there is none. */
export function releaseBefore(
  tx: ReadTx,
  { stack, name }: Pick<ServiceRecord, 'stack' | 'name'>,
  number: number,
): ReleaseRecord | undefined {
  return releasesOf(tx, stack, name).find((one) => one.number < number && one.state === 'done');
}

/** Runs of a job that has times, the newest first. */
export function jobRunsOf(tx: ReadTx, stack: string, service: string): readonly JobRun[] {
  return [...tx.by('jobRuns', 'service', serviceKey(stack, service))].sort((a, b) => b.number - a.number);
}

export type ReleaseStart = Pick<ReleaseRecord, 'cause' | 'by' | 'at'>;

/**
 * Begins a release of `spec`, which becomes the service's own; one that was under way is superseded. Writes the service's
 * record with it.
 */
export function beginRelease(
  tx: WriteTx,
  service: ServiceRecord,
  spec: Service,
  start: ReleaseStart,
): ServiceRecord {
  const { stack, name } = service;
  const [newest, ...older] = releasesOf(tx, stack, name);
  const number = (newest?.number ?? 0) + 1;
  if (newest !== undefined && (newest.state === 'releasing' || newest.state === 'paused'))
    tx.put('releases', { ...newest, state: 'superseded', reason: `by release ${number}` });
  for (const { number: old } of older.slice(KEPT_RELEASES - 2))
    tx.delete('releases', releaseKey(stack, name, old));
  tx.put('releases', {
    ...{ kind: 'release-record', stack, service: name, number, spec, ...start },
    changes: newest === undefined ? [] : fieldChanges(newest.spec, spec),
    ...{ state: 'releasing', reason: '', failed: [] },
  });
  const record = { ...service, service: spec, release: number, generation: service.generation + 1 };
  tx.put('services', record);
  return record;
}
