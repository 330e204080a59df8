import { BerthError, messageOf } from '../../../kit/errors.ts';
import type { DockerCall } from '../call.ts';
import { type FanoutResult, fanOut } from '../fanout.ts';
import { asInputFault } from '../input-fault.ts';
import { readJson, sendJson, sendNothing } from '../json.ts';
import { ask, askJson, enginePath } from '../passthrough.ts';
import { LONG_MS } from '../system/add-up.ts';
import { rewriteContainerIds } from '../system/engine-text.ts';
import { addWarnings } from '../system/hosts.ts';
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

/**
 * `DELETE /images/<name>`: on every host that has it. Where a host refuses, the answer is its refusal, naming the host
 * and those from which the image is gone: it cannot be brought back there.
 */
export async function removeImage(call: DockerCall): Promise<void> {
  const name = call.params.name ?? '';
  const { store } = call.deps;
  const found = store.view((tx) => findImage(tx, name));
  const copies = found?.all ?? [];
  const hosts =
    found === undefined ? [(await hostWithImage(call, name)).host] : connectedCopies(call, copies);
  if (hosts.length === 0) throw onlyOnLostHosts(call, name, copies);
  // The beginning of an ID may fit another image on one host: the whole ID cannot.
  const reference = found?.byId === true ? encodeURIComponent(found.imageId) : encodePath(name);
  const path = enginePath(call, `/images/${reference}`, call.query);
  const result = await fanOut(
    call,
    hosts,
    (host, signal) =>
      askJson<Removal[] | null>(
        call,
        host.id,
        { method: 'DELETE', path, signal },
        rewriteContainerIds(store, host.id),
      ),
    LONG_MS,
  );
  await observe(
    call,
    hosts.map(({ id }) => id),
    'observedImages',
  );
  refusePartly(result, name);
  sendJson(call.res, 200, distinct(result.answers.flatMap(({ value }) => value ?? [])));
}

function refusePartly(result: FanoutResult<unknown>, name: string): void {
  // Gone already is what was wanted, unless it was gone everywhere.
  const refused = result.failures.filter(
    ({ error }) => !(error instanceof BerthError && error.status === 404),
  );
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
