import { BerthError } from '../../../kit/errors.ts';
import type { Volume } from '../../../model/objects.ts';
import type { DockerCall } from '../call.ts';
import { readJson, sendJson, sendNothing } from '../json.ts';
import { hostName } from '../networks/find-network.ts';
import { ask, askJson, enginePath } from '../passthrough.ts';
import { type Filters, filtersOf, flag, labelsMatch } from '../query.ts';
import { askAll, LONG_MS } from '../system/add-up.ts';
import { rewriteContainerIds } from '../system/engine-text.ts';
import { observe } from '../system/observe.ts';
import { atLeast } from '../version.ts';
import { engineName, type FoundVolume, findVolume, hostOf } from './find-volume.ts';
import { useKey, volumesInUse } from './volume-view.ts';

/** `DELETE /volumes/<name>`: on its host, then its record. */
export async function removeVolume(call: DockerCall): Promise<void> {
  const { store } = call.deps;
  const name = call.params.name ?? '';
  const force = flag(call.query, 'force');
  let found: FoundVolume;
  try {
    found = store.view((tx) => findVolume(tx, name));
  } catch (thrown) {
    if (!force || !(thrown instanceof BerthError && thrown.code === 'not_found')) throw thrown;
    sendNothing(call.res, 204);
    return;
  }
  const hostId = hostOf(found);
  if (hostId !== undefined && found.seen !== undefined) await removeOnHost(call, hostId, found, force);
  if (found.kind === 'cluster') {
    await store.update((tx) => {
      const record = tx.get('volumes', found.record.name);
      if (record === undefined) return;
      // A container of a moment ago may have placed it.
      if (
        record.hostId !== hostId ||
        (found.seen === undefined && volumesInUse(tx).has(useKey(record.hostId, record.name)))
      ) {
        throw new BerthError('conflict', `remove ${name}: volume is in use`, {
          hint: 'remove the container that uses it first',
        });
      }
      tx.delete('volumes', record.name);
    });
  }
  sendNothing(call.res, 204);
}

async function removeOnHost(
  call: DockerCall,
  hostId: string,
  found: FoundVolume,
  force: boolean,
): Promise<void> {
  const { store, engines } = call.deps;
  const name = engineName(found);
  if (!engines.connected(hostId)) {
    const host = store.view((tx) => hostName(tx, hostId));
    throw new BerthError('host_down', `volume ${name} is on host ${host}, which is not connected`, {
      hint: 'bring the host back, or take it out of the cluster with "berth node rm"',
    });
  }
  const path = enginePath(
    call,
    `/volumes/${encodeURIComponent(name)}`,
    new URLSearchParams(force ? { force: '1' } : {}),
  );
  try {
    const rewrite = rewriteContainerIds(store, hostId);
    const answer = await ask(call, hostId, { method: 'DELETE', path, signal: call.signal }, rewrite);
    answer.body.resume();
  } catch (thrown) {
    // Gone by other hands: then the record has to go as well.
    if (!(thrown instanceof BerthError && thrown.status === 404) || found.kind === 'host') throw thrown;
  }
  await observe(call, [hostId], 'observedVolumes');
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
    const used = volumesInUse(tx);
    const usedNames = new Set([...used].map((key) => key.slice(key.indexOf('/') + 1)));
    for (const record of [...tx.all('volumes')]) {
      if (record.hostId !== undefined || usedNames.has(record.name)) continue;
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
