import { BerthError, messageOf } from '../../../kit/errors.ts';
import { looksLikeImageId } from '../../../scheduler/image-ref.ts';
import type { DockerCall, EngineCall } from '../call.ts';
import { type FanoutResult, fanOut, type HostRef } from '../fanout.ts';
import { asInputFault } from '../input-fault.ts';
import { readJson, sendJson, sendNothing } from '../json.ts';
import { ask, askJson, enginePath } from '../passthrough.ts';
import { LONG_MS } from '../system/add-up.ts';
import { rewriteContainerIds } from '../system/engine-text.ts';
import { addWarnings, reachableHosts } from '../system/hosts.ts';
import { observe } from '../system/observe.ts';
import { findImage, noSuchImage } from './find-image.ts';
import { together } from './merge-progress.ts';
import { connectedCopies, encodePath, hostWithImage, onlyOnLostHosts } from './one-host.ts';

/** `POST /images/<name>/tag`: on every host that has the image. */
export async function tagImage(call: DockerCall): Promise<void> {
  await readJson(call.req);
  if (!call.query.get('repo'))
    throw new BerthError('bad_request', 'repo is empty: name the tag to give, such as repo=app&tag=v1');
  const { host, imageId, found } = await hostWithImage(call, call.params.name ?? '');
  const hosts = found === undefined ? [host] : connectedCopies(call, found.copies);
  const path = enginePath(call, `/images/${encodeURIComponent(imageId)}/tag`, call.query);
  const result = await fanOut(call, hosts, async (one, signal) => {
    const answer = await ask(call, one.id, { method: 'POST', path, signal });
    answer.body.resume();
  });
  if (result.answers.length === 0) throw asInputFault(together(result.failures));
  await observe(
    call,
    hosts.map(({ id }) => id),
    'observedImages',
  );
  addWarnings(call.res, result.warnings);
  sendNothing(call.res, 201);
}

type Removal = Readonly<{ Untagged?: string; Deleted?: string }>;

/** `DELETE /images/<name>`. */
export async function removeImage(call: DockerCall): Promise<void> {
  const { removals, warnings } = await dropImage(call, call.params.name ?? '', call.query);
  addWarnings(call.res, warnings);
  sendJson(call.res, 200, removals);
}

/**
 * Removes an image: on every host that has it, also where nobody has heard of that yet (it was tagged there a moment
 * ago). Where a host refuses, the answer is its refusal, naming the host and those from which the image is gone: it cannot
 * be brought back there.
 */
export async function dropImage(
  call: EngineCall,
  name: string,
  query: URLSearchParams,
): Promise<Readonly<{ removals: readonly Removal[]; warnings: readonly string[] }>> {
  const { store } = call.deps;
  const found = store.view((tx) => findImage(tx, name));
  const known = new Set(found?.all.map(({ hostId }) => hostId));
  const hosts = reachableHosts(call);
  const id = found === undefined ? await askedId(call, name) : found.byId ? found.imageId : undefined;
  // The beginning of an ID may fit another image on one host: the whole ID cannot.
  const reference = id === undefined ? encodePath(name) : encodeURIComponent(id);
  const path = enginePath(call, `/images/${reference}`, query);
  const remove = (host: HostRef, signal: AbortSignal) =>
    askJson<Removal[] | null>(
      call,
      host.id,
      { method: 'DELETE', path, signal },
      rewriteContainerIds(store, host.id),
    );
  const [owners, others] = await Promise.all([
    fanOut(
      call,
      hosts.filter(({ id }) => known.has(id)),
      remove,
      LONG_MS,
    ),
    fanOut(
      call,
      hosts.filter(({ id }) => !known.has(id)),
      remove,
    ),
  ]);
  // Who is not known to have it, and does not answer, keeps nobody from removing it elsewhere.
  const silent = others.failures.filter(({ error }) => !isEngines(error));
  const failures = [...owners.failures, ...others.failures.filter(({ error }) => isEngines(error))];
  const answers = [...owners.answers, ...others.answers];
  const had = [...answers, ...failures.filter(({ error }) => !isMissing(error))].map(({ host }) => host.id);
  await observe(call, [...new Set([...known, ...had])], 'observedImages');
  if (found !== undefined && answers.length === 0 && !hosts.some((host) => known.has(host.id)))
    if (failures.every(({ error }) => isMissing(error))) throw onlyOnLostHosts(call, name, found.all);
  refusePartly({ answers, failures }, name);
  return {
    removals: distinct(answers.flatMap(({ value }) => value ?? [])),
    warnings: silent.map(({ host, error }) => `host ${host.name}: ${messageOf(error)}`),
  };
}

/** The whole ID where `reference` is the beginning of one that no agent reports; undefined for a name. */
async function askedId(call: EngineCall, reference: string): Promise<string | undefined> {
  if (!looksLikeImageId(reference)) return undefined;
  const { imageId } = await hostWithImage(call, reference);
  const whole = reference.startsWith('sha256:') ? reference : `sha256:${reference}`;
  return imageId.startsWith(whole) ? imageId : undefined;
}

function isEngines(error: unknown): boolean {
  return error instanceof BerthError && error.code === 'engine';
}

function isMissing(error: unknown): boolean {
  return error instanceof BerthError && error.status === 404;
}

function refusePartly(result: Pick<FanoutResult<unknown>, 'answers' | 'failures'>, name: string): void {
  // Gone already is what was wanted, unless it was gone everywhere.
  const refused = result.failures.filter(({ error }) => !isMissing(error));
  if (refused.length === 0) {
    if (result.answers.length === 0) throw noSuchImage(name);
    return;
  }
  const error = together(refused);
  if (result.answers.length === 0) throw error;
  const gone = result.answers.map(({ host }) => host.name).join(', ');
  const kept = refused.map(({ host }) => host.name).join(', ');
  throw new BerthError(error.code, `${messageOf(error)} (host ${kept}; removed from ${gone})`, {
    status: error.status,
  });
}

function distinct(removals: readonly Removal[]): Removal[] {
  return [...new Map(removals.map((removal) => [JSON.stringify(removal), removal])).values()];
}
