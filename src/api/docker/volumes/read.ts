import type { DockerCall } from '../call.ts';
import { sendShown } from '../json.ts';
import { askJson, enginePath } from '../passthrough.ts';
import { filtersOf } from '../query.ts';
import { addWarnings, unreachableWarnings } from '../system/hosts.ts';
import { engineName, findVolume, hostOf } from './find-volume.ts';
import { listVolumes, VOLUME_FILTERS, volumeView } from './volume-view.ts';

/** `GET /volumes`, from what the agents report; hosts that are away are named in Docker's `Warnings`. */
export async function volumes(call: DockerCall): Promise<void> {
  const filters = filtersOf(call.query, VOLUME_FILTERS);
  const list = call.deps.store.view((tx) => listVolumes(tx, filters));
  const warnings = unreachableWarnings(call);
  sendShown(call, { Volumes: list, Warnings: warnings.length === 0 ? null : warnings });
}

/** `GET /volumes/<name>`; last seen where its host is away. */
export async function inspectVolume(call: DockerCall): Promise<void> {
  const { store, engines } = call.deps;
  const found = store.view((tx) => findVolume(tx, call.params.name ?? ''));
  const hostId = hostOf(found);
  let raw: Record<string, unknown> | undefined;
  if (found.seen !== undefined && hostId !== undefined) {
    if (engines.connected(hostId)) {
      const path = enginePath(call, `/volumes/${encodeURIComponent(engineName(found))}`, call.query);
      raw = await askJson(call, hostId, { method: 'GET', path, signal: call.signal });
    } else {
      addWarnings(call.res, unreachableWarnings(call));
    }
  }
  sendShown(
    call,
    store.view((tx) => volumeView(tx, found, raw)),
  );
}
