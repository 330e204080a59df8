import type { JobRun } from '../model/cron.ts';
import {
  KEPT_RELEASES,
  type ReleaseRecord,
  releaseKey,
  type ServiceRecord,
  type Shift,
  serviceKey,
} from '../model/deployment.ts';
import { say } from '../model/said/index.ts';
import type { Service } from '../model/service.ts';
import { containerDigest } from '../model/service-parts.ts';
import type { RequestSide, RequestSplit } from '../model/service-routes.ts';
import { scaled } from '../model/service-scale.ts';
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

/** Whether a container that was made for release `made` is as `release` wants it: who goes back finds it there. */
export function servesAs(tx: ReadTx, release: ReleaseRecord, made: number): boolean {
  const { stack, service, number, cause, spec } = release;
  const isAnew = cause.kind === 'restart' || cause.kind === 'redeploy';
  if (made === number || isAnew || spec.runs.kind !== 'service') return made === number;
  const other = tx.get('releases', releaseKey(stack, service, made));
  // What came between may have been a restart, which wanted new ones.
  const all = releasesOf(tx, stack, service);
  const later = all.filter((one) => one.number > made && one.number < number);
  if (later.some((one) => one.cause.kind === 'restart')) return false;
  if (other === undefined || containerDigest(other.spec) !== containerDigest(spec)) return false;
  return pulledBy(all, made) === pulledBy(all, number);
}

/**
 * The redeployment that brought the image of a release, which may be another one under the same name; 0 where none did.
 * @param all releases of the service, the newest first
 */
function pulledBy(all: readonly ReleaseRecord[], number: number): number {
  const cause = all.find((one) => one.number === number)?.cause;
  if (cause?.kind === 'rollback') return pulledBy(all, cause.to);
  return all.find((one) => one.number <= number && one.cause.kind === 'redeploy')?.number ?? 0;
}

/** Who gets which share of a service's requests; undefined where all containers get the same. */
export function splitOf(
  tx: ReadTx,
  { stack, name, release: number }: Pick<ServiceRecord, 'stack' | 'name' | 'release'>,
): RequestSplit | undefined {
  const release = tx.get('releases', releaseKey(stack, name, number));
  if (release?.shift === undefined || release.state === 'done') return undefined;
  const fallback = releaseBefore(tx, { stack, name }, number);
  const known = new Map<number, RequestSide>();
  const find = (made: number): RequestSide => {
    if (servesAs(tx, release, made)) return 'new';
    return fallback !== undefined && servesAs(tx, fallback, made) ? 'old' : 'none';
  };
  const { weight } = release.shift;
  const match = release.state === 'paused' && weight === 0 ? undefined : release.spec.update.shift?.match;
  return {
    weight,
    ...(match === undefined || release.cause.kind === 'rollback' ? {} : { match }),
    sideOf: (made) => {
      const side = known.get(made) ?? find(made);
      known.set(made, side);
      return side;
    },
  };
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
  const before = tx.get('services', serviceKey(stack, name));
  if (newest !== undefined)
    tx.put('releases', {
      ...{ ...newest, ...ended(newest, number) },
      // What was deployed since without a release is part of what is gone back to.
      ...(before === undefined ? {} : { spec: scaled(before) }),
    });
  const fallback = releaseBefore(tx, service, number);
  // However many have failed since: its containers serve.
  for (const { number: old } of older.slice(KEPT_RELEASES - 2))
    if (old !== fallback?.number) tx.delete('releases', releaseKey(stack, name, old));
  const shift = firstShift(newest, fallback, spec, start);
  tx.put('releases', {
    ...{ kind: 'release-record', stack, service: name, number, spec, ...start },
    changes:
      newest === undefined || before === undefined
        ? []
        : fieldChanges(scaled(before), scaled({ ...service, service: spec })),
    ...{ state: 'releasing', reason: '', failed: [], ...(shift === undefined ? {} : { shift }) },
  });
  const record = { ...service, service: spec, release: number, generation: service.generation + 1 };
  tx.put('services', record);
  return record;
}

/** How the release ends with which `next` begins. */
function ended(release: ReleaseRecord, next: number): Partial<ReleaseRecord> {
  if (release.state === 'confirmed' && isOver(release)) return { state: 'done', reason: '' };
  return UNDER_WAY.has(release.state)
    ? { state: 'superseded', reason: say('services.superseded', { number: next }) }
    : {};
}

const UNDER_WAY: ReadonlySet<ReleaseRecord['state']> = new Set([
  'releasing',
  'waiting',
  'paused',
  'confirmed',
]);

/** A new version gets nothing at first; one to which it goes back while that serves gets everything at once. */
function firstShift(
  newest: ReleaseRecord | undefined,
  fallback: ReleaseRecord | undefined,
  spec: Service,
  { cause, at }: ReleaseStart,
): Shift | undefined {
  if (fallback === undefined) return undefined;
  if (cause.kind === 'rollback')
    return newest?.shift === undefined || isOver(newest) ? undefined : { weight: 100, step: -1, since: at };
  // The same version anew is nothing to compare.
  return cause.kind === 'restart' || spec.update.shift === undefined
    ? undefined
    : { weight: 0, step: -1, since: at };
}

/** One that was confirmed has all requests only once its containers are there: until then the old version has the rest. */
function isOver({ state, shift }: ReleaseRecord): boolean {
  return state === 'done' || (state === 'confirmed' && (shift?.weight ?? 100) === 100);
}
