import type { DockerCall, EngineCall } from '../call.ts';
import { readJson, sendJson } from '../json.ts';
import { askJson, enginePath } from '../passthrough.ts';
import { filtersOf } from '../query.ts';
import { askAll, askReachable, LONG_MS } from '../system/add-up.ts';
import { addWarnings } from '../system/hosts.ts';
import { observe } from '../system/observe.ts';

type Pruned = Readonly<{ ImagesDeleted?: readonly unknown[] | null; SpaceReclaimed?: number }>;
type CachePruned = Readonly<{ CachesDeleted?: readonly string[] | null; SpaceReclaimed?: number }>;

/** `POST /images/prune`, on every host; the space is added up. */
export async function pruneImages(call: DockerCall): Promise<void> {
  filtersOf(call.query, ['dangling', 'label', 'label!', 'until']);
  await readJson(call.req);
  const { deleted, bytes, warnings } = await dropUnused(call, call.query);
  addWarnings(call.res, warnings);
  sendJson(call.res, 200, {
    ImagesDeleted: deleted.length === 0 ? null : deleted,
    SpaceReclaimed: bytes,
  });
}

/**
 * Deletes images that no container has, on every host that can be reached.
 * @param query as `docker image prune` sends it
 * @returns what engines say that they have deleted, each once; bytes of all hosts together
 */
export async function dropUnused(
  call: EngineCall,
  query: URLSearchParams,
): Promise<Readonly<{ deleted: readonly unknown[]; bytes: number; warnings: readonly string[] }>> {
  const path = enginePath(call, '/images/prune', query);
  const { answers, warnings } = await askReachable(
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
  return {
    deleted: [...distinct.values()],
    bytes: answers.reduce((sum, { value }) => sum + (value.SpaceReclaimed ?? 0), 0),
    warnings,
  };
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
