import { BerthError } from '../../../kit/errors.ts';
import type { Volume } from '../../../model/objects.ts';
import type { DockerCall } from '../call.ts';
import { readJson, sendJson, sendNothing } from '../json.ts';
import { askJson, enginePath } from '../passthrough.ts';
import { type Filters, filtersOf, flag, labelsMatch } from '../query.ts';
import { askAll, LONG_MS } from '../system/add-up.ts';
import { observe } from '../system/observe.ts';
import { atLeast } from '../version.ts';
import { dropVolume } from './drop-volume.ts';
import { findVolume, hostOf } from './find-volume.ts';
import { volumeUsers } from './volume-view.ts';

/** `DELETE /volumes/<name>`: on its host, then its record. */
export async function removeVolume(call: DockerCall): Promise<void> {
  const name = call.params.name ?? '';
  const force = flag(call.query, 'force');
  await dropVolume(call, name, force).catch((thrown) => {
    if (!force || !(thrown instanceof BerthError && thrown.code === 'not_found')) throw thrown;
  });
  sendNothing(call.res, 204);
}

type Pruned = Readonly<{ VolumesDeleted?: readonly string[] | null; SpaceReclaimed?: number }>;

/** `POST /volumes/prune`: on every host, and the cluster's volumes that are nowhere and that no container asks for. */
export async function pruneVolumes(call: DockerCall): Promise<void> {
  await readJson(call.req);
  const { store } = call.deps;
  const filters = filtersOf(call.query, ['label', 'label!', 'all']);
  const path = enginePath(call, '/volumes/prune', call.query);
  const { answers } = await askAll(
    call,
    (host, signal) => askJson<Pruned>(call, host.id, { method: 'POST', path, signal }),
    LONG_MS,
  );
  const deleted = await store.update((tx) => {
    const names: string[] = [];
    for (const { host, value } of answers) {
      for (const name of value.VolumesDeleted ?? []) {
        const own = tx.get('volumes', name)?.hostId === host.id;
        if (own) tx.delete('volumes', name);
        names.push(own ? name : `${host.name}/${name}`);
      }
    }
    const used = volumeUsers(tx);
    for (const record of [...tx.all('volumes')]) {
      const found = findVolume(tx, record.name);
      if (hostOf(found) !== undefined || used.of(found).length > 0) continue;
      if (!isPruned(record, filters, call.apiVersion)) continue;
      tx.delete('volumes', record.name);
      names.push(record.name);
    }
    return names;
  });
  await observe(
    call,
    answers.map(({ host }) => host.id),
    'observedVolumes',
  );
  sendJson(call.res, 200, {
    VolumesDeleted: deleted.length === 0 ? null : deleted.sort(),
    SpaceReclaimed: answers.reduce((sum, { value }) => sum + (value.SpaceReclaimed ?? 0), 0),
  });
}

/** Since API 1.42 a prune leaves named volumes alone, unless `all` is given. */
function isPruned({ spec }: Volume, filters: Filters, apiVersion: string): boolean {
  const labels = (spec.Labels ?? {}) as Record<string, string>;
  const all = (filters.get('all') ?? []).some((value) => ['1', 'true'].includes(value.toLowerCase()));
  if (atLeast(apiVersion, '1.42') && !all && labels['com.docker.volume.anonymous'] === undefined)
    return false;
  if (!labelsMatch(labels, filters.get('label') ?? [])) return false;
  return !(filters.get('label!') ?? []).some((one) => labelsMatch(labels, [one]));
}
