import { BerthError } from '../../../kit/errors.ts';
import { imageRepository, normalImageRef } from '../../../scheduler/image-ref.ts';
import type { DockerCall } from '../call.ts';
import { readJson } from '../json.ts';
import { ask, engineHeaders, enginePath, sendAnswer } from '../passthrough.ts';
import { onAnyHost } from '../system/hosts.ts';
import { namesOf } from './find-image.ts';
import { ProgressWriter } from './json-stream.ts';
import { mergeProgress } from './merge-progress.ts';
import { encodePath, hostWithImage } from './one-host.ts';

/**
 * `POST /images/<name>/push`, from a host that has it; without a tag every tag of the repository (`docker push -a`), each
 * from a host that has that one.
 */
export async function pushImage(call: DockerCall): Promise<void> {
  await readJson(call.req);
  const name = call.params.name ?? '';
  const tag = call.query.get('tag');
  const tags = tag ? [tag] : tagsOf(call, name);
  const headers = registryHeaders(call);
  const writer = new ProgressWriter(call.res);
  for (const one of tags) {
    const { host } = await hostWithImage(call, `${name}:${one}`).catch((thrown) => {
      throw notHere(thrown, `${name}:${one}`);
    });
    const path = enginePath(call, `/images/${encodePath(name)}/push`, new URLSearchParams({ tag: one }));
    const push = () => ask(call, host.id, { method: 'POST', path, headers, signal: call.signal });
    await mergeProgress(call, [host], push, writer);
  }
  call.res.end();
}

/** Every tag that a host has of the repository. @throws BerthError `not_found` in Docker's words */
function tagsOf({ deps }: DockerCall, repository: string): string[] {
  const prefix = `${imageRepository(normalImageRef(repository))}:`;
  const names = deps.store.view((tx) => [...tx.all('observedImages')].flatMap(namesOf));
  const tags = new Set(
    names.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length)),
  );
  if (tags.size === 0)
    throw new BerthError('not_found', `An image does not exist locally with the tag: ${repository}`);
  return [...tags].toSorted();
}

function notHere(thrown: unknown, reference: string): unknown {
  if (!(thrown instanceof BerthError) || thrown.code !== 'not_found') return thrown;
  return new BerthError('not_found', `An image does not exist locally with the tag: ${reference}`);
}

/** `GET /images/search`: any host's engine asks the registry. */
export async function searchImages(call: DockerCall): Promise<void> {
  await fromAnyHost(call, '/images/search');
}

/** `GET /distribution/<name>/json`: what a registry has under a name. */
export async function distribution(call: DockerCall): Promise<void> {
  await fromAnyHost(call, `/distribution/${encodePath(call.params.name ?? '')}/json`);
}

async function fromAnyHost(call: DockerCall, enginesPath: string): Promise<void> {
  const path = enginePath(call, enginesPath, call.query);
  const headers = registryHeaders(call);
  const answer = await onAnyHost(call, (host) =>
    ask(call, host.id, { method: 'GET', path, headers, signal: call.signal }),
  );
  await sendAnswer(call, answer);
}

/** The log-in to the registry; a request without a body has nothing else. */
function registryHeaders(call: DockerCall): Record<string, string> {
  return Object.fromEntries(Object.entries(engineHeaders(call)).filter(([name]) => name.startsWith('x-')));
}
