import type { DockerCall } from '../call.ts';
import { readJson, sendJson } from '../json.ts';
import { askJson, enginePath } from '../passthrough.ts';
import { filtersOf } from '../query.ts';
import { askAll, LONG_MS } from '../system/add-up.ts';
import { observe } from '../system/observe.ts';

type Pruned = Readonly<{ ImagesDeleted?: readonly unknown[] | null; SpaceReclaimed?: number }>;
type CachePruned = Readonly<{ CachesDeleted?: readonly string[] | null; SpaceReclaimed?: number }>;

/** `POST /images/prune`, on every host; the space is added up. */
export async function pruneImages(call: DockerCall): Promise<void> {
  filtersOf(call.query, ['dangling', 'label', 'label!', 'until']);
  await readJson(call.req);
  const path = enginePath(call, '/images/prune', call.query);
  const { answers } = await askAll(
    call,
    (host, signal) => askJson<Pruned>(call, host.id, { method: 'POST', path, signal }),
    LONG_MS,
  );
  await observe(
    call,
    answers.map(({ host }) => host.id),
    'observedImages',
  );
  const deleted = answers.flatMap(({ value }) => value.ImagesDeleted ?? []);
  const distinct = new Map(deleted.map((entry) => [JSON.stringify(entry), entry]));
  sendJson(call.res, 200, {
    ImagesDeleted: distinct.size === 0 ? null : [...distinct.values()],
    SpaceReclaimed: answers.reduce((sum, { value }) => sum + (value.SpaceReclaimed ?? 0), 0),
  });
}

/** `POST /build/prune`: BuildKit's cache on every host. */
export async function pruneBuildCache(call: DockerCall): Promise<void> {
  await readJson(call.req);
  const path = enginePath(call, '/build/prune', call.query);
  const { answers } = await askAll(
    call,
    (host, signal) => askJson<CachePruned>(call, host.id, { method: 'POST', path, signal }),
    LONG_MS,
  );
  const deleted = answers.flatMap(({ value }) => value.CachesDeleted ?? []);
  sendJson(call.res, 200, {
    CachesDeleted: deleted.length === 0 ? null : deleted,
    SpaceReclaimed: answers.reduce((sum, { value }) => sum + (value.SpaceReclaimed ?? 0), 0),
  });
}
