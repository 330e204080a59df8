import { BerthError, messageOf } from '../../../kit/errors.ts';
import type { EngineResponse } from '../../../link/ports.ts';
import type { DockerCall } from '../call.ts';
import type { HostRef } from '../fanout.ts';
import { asInputFault } from '../input-fault.ts';
import { readJson } from '../json.ts';
import { ask, engineHeaders, enginePath } from '../passthrough.ts';
import { observe } from '../system/observe.ts';
import { imageHosts } from './image-hosts.ts';
import { errorIn, ProgressWriter, progressLines } from './json-stream.ts';
import { loadOn } from './load.ts';
import { mergeProgress } from './merge-progress.ts';

/** `POST /images/create`: pull (`fromImage`) or import (`fromSrc`). */
export async function createImage(call: DockerCall): Promise<void> {
  if (call.query.get('fromSrc')) await importImage(call);
  else await pullImage(call);
}

/**
 * Pulls on all hosts that the settings name, each from the registry. It has worked where it has on one host: the
 * scheduler places containers where their image is, and hosts that failed are named in the stream.
 */
async function pullImage(call: DockerCall): Promise<void> {
  if (!call.query.get('fromImage')) {
    throw new BerthError('bad_request', 'fromImage and fromSrc are both empty: name the image to pull');
  }
  await readJson(call.req);
  const hosts = imageHosts(call);
  const path = enginePath(call, '/images/create', call.query);
  const { 'content-length': _, 'content-type': __, ...headers } = engineHeaders(call);
  const { done } = await mergeProgress(call, hosts, (host) =>
    ask(call, host.id, { method: 'POST', path, headers, signal: call.signal }),
  );
  await observe(
    call,
    done.map(({ id }) => id),
    'observedImages',
  );
  call.res.end();
}

/**
 * Imports on one host and copies the image to the others: an import carries the time at which it was made, so that each
 * host's own would be another image with another ID.
 */
async function importImage(call: DockerCall): Promise<void> {
  const [first, ...others] = imageHosts(call);
  if (first === undefined) throw new Error('imageHosts gave none');
  const writer = new ProgressWriter(call.res);
  const answer = await ask(call, first.id, {
    method: 'POST',
    path: enginePath(call, '/images/create', call.query),
    headers: engineHeaders(call),
    body: call.query.get('fromSrc') === '-' ? call.req : undefined,
    signal: call.signal,
  }).catch((thrown) => {
    throw asInputFault(thrown);
  });
  const imageId = await importedId(answer, writer);
  if (imageId === undefined) {
    call.res.end();
    return;
  }
  writer.begin();
  await observe(call, [first.id], 'observedImages');
  if (others.length > 0) await copyImage(call, first, nameOf(call.query) ?? imageId, others, writer);
  await writer.write({ status: imageId });
  call.res.end();
}

/**
 * Shows an import's progress, but for the last status, the ID alone: the CLI takes it for the result of the whole.
 * @returns undefined where the import failed, which the client has been told
 */
async function importedId(answer: EngineResponse, writer: ProgressWriter): Promise<string | undefined> {
  let imageId: string | undefined;
  try {
    for await (const line of progressLines(answer.body)) {
      const error = errorIn(line);
      if (error !== undefined) throw asInputFault(new BerthError('engine', error, { status: 500 }));
      if (typeof line.status === 'string' && line.status.startsWith('sha256:')) imageId = line.status;
      else await writer.write(line);
    }
    if (imageId === undefined)
      throw new BerthError('engine', 'the engine gave no ID of the imported image', { status: 502 });
    return imageId;
  } catch (thrown) {
    if (!writer.hasBegun) throw thrown;
    await writer.fail(messageOf(thrown));
    return undefined;
  }
}

/** What the import is called; a tag that goes with the copy. */
function nameOf(query: URLSearchParams): string | undefined {
  const repo = query.get('repo');
  if (!repo) return undefined;
  const tag = query.get('tag');
  return tag ? `${repo}:${tag}` : repo;
}

/** Copies an image from one host to others, through the manager, as a stream. */
async function copyImage(
  call: DockerCall,
  from: HostRef,
  name: string,
  to: readonly HostRef[],
  writer: ProgressWriter,
): Promise<void> {
  const path = enginePath(call, '/images/get', new URLSearchParams({ names: name }));
  const saved = await ask(call, from.id, { method: 'GET', path, signal: call.signal });
  await loadOn(call, to, saved.body, { 'content-type': 'application/x-tar' }, writer);
}
