import { type ReleaseRecord, releaseKey, type ServiceRecord } from '../model/deployment.ts';
import type { Service } from '../model/service.ts';
import { routedPorts } from '../model/service-parts.ts';
import { fieldChanges } from '../model/stack-diff.ts';
import { releasesOf } from './releases.ts';
import type { ReadTx } from './store.ts';

/**
 * The service as a way back from its release to `target` would have it: what the releases since then have changed is as it
 * was, and what was deployed without a release (the number, routes, rules, policies) stays, also where a release has
 * changed it before.
 */
export function wayBack(tx: ReadTx, record: ServiceRecord, target: ReleaseRecord): Service {
  const { stack, name, service, release } = record;
  const current = tx.get('releases', releaseKey(stack, name, release));
  const released = changedSince(tx, record, target);
  const alone = current === undefined ? new Set() : fieldsOf(fieldChanges(current.spec, service));
  const stays = ([field]: [string, unknown]) => !released.has(field) || alone.has(field);
  const back = Object.fromEntries([
    ...Object.entries(target.spec).filter((entry) => !stays(entry)),
    ...Object.entries(service).filter(stays),
  ]) as Service;
  return withContainersOf(target.spec, back);
}

/** Fields of the service that releases after `target` have changed, each against what it was when it began. */
function changedSince(
  tx: ReadTx,
  { stack, name, release }: ServiceRecord,
  target: ReleaseRecord,
): ReadonlySet<string> {
  const later = releasesOf(tx, stack, name).filter(
    ({ number }) => number > target.number && number <= release,
  );
  const changes = later.flatMap((one, i) => {
    const before = later[i + 1] ?? target;
    // Those in between are kept no more.
    return before.number + 1 === one.number ? one.changes : fieldChanges(before.spec, one.spec);
  });
  return fieldsOf(changes);
}

function fieldsOf(changes: readonly Readonly<{ field: string }>[]): ReadonlySet<string> {
  return new Set(changes.map(({ field }) => /^\w+/.exec(field)?.[0] ?? field));
}

/** Ports and mode are of the containers: they are those of the old ones. */
function withContainersOf(old: Service, back: Service): Service {
  const { routes, listeners, scale } = old;
  const samePorts = String(routedPorts(back)) === String(routedPorts(old));
  return {
    ...back,
    ...(samePorts ? {} : { routes, listeners }),
    ...(scale.kind === back.scale.kind ? {} : { scale }),
  };
}
