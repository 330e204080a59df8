import { BerthError } from '../../../kit/errors.ts';
import type { ObservedImage } from '../../../model/objects.ts';
import type { DockerCall, EngineCall } from '../call.ts';
import { fanOut, type HostRef } from '../fanout.ts';
import { sendJson } from '../json.ts';
import { askJson, enginePath, passThrough } from '../passthrough.ts';
import { reachableHosts } from '../system/hosts.ts';
import { type FoundImage, findImage, noSuchImage } from './find-image.ts';

/**
 * A connected host that has the image, and the image's ID.
 * @throws BerthError `not_found` in Docker's words; `host_down` naming the hosts that have it
 */
export async function hostWithImage(
  call: EngineCall,
  reference: string,
): Promise<Readonly<{ host: HostRef; imageId: string; found: FoundImage | undefined }>> {
  const found = call.deps.store.view((tx) => findImage(tx, reference));
  if (found === undefined) {
    const asked = await askEngines(call, reference);
    if (asked === undefined) throw noSuchImage(reference);
    return { ...asked, found: undefined };
  }
  const [host] = connectedCopies(call, found.copies);
  if (host === undefined) throw onlyOnLostHosts(call, reference, found.copies);
  return { host, imageId: found.imageId, found };
}

/** The connected hosts of an image's copies, by name. */
export function connectedCopies(call: Pick<DockerCall, 'deps'>, copies: readonly ObservedImage[]): HostRef[] {
  const ids = new Set(copies.map(({ hostId }) => hostId));
  return reachableHosts(call).filter(({ id }) => ids.has(id));
}

/** The error for an image that only hosts without a connection have. */
export function onlyOnLostHosts(
  { deps }: Pick<DockerCall, 'deps'>,
  reference: string,
  copies: readonly ObservedImage[],
): BerthError {
  const names = deps.store
    .view((tx) => copies.map(({ hostId }) => tx.get('hosts', hostId)?.name ?? hostId))
    .sort();
  return new BerthError(
    'host_down',
    `image ${reference} is only on ${names.join(', ')}, which is not connected`,
    {
      hint: 'bring the host back, or pull the image again',
    },
  );
}

/** Asks every engine for an image that no agent reports: an intermediate one, or one made a moment ago. */
async function askEngines(
  call: EngineCall,
  reference: string,
): Promise<{ host: HostRef; imageId: string } | undefined> {
  const path = enginePath(call, `/images/${encodePath(reference)}/json`);
  const { answers } = await fanOut(call, reachableHosts(call), (host, signal) =>
    askJson<{ Id: string }>(call, host.id, { method: 'GET', path, signal }),
  );
  const [first] = answers;
  return first === undefined ? undefined : { host: first.host, imageId: first.value.Id };
}

/** `GET /images/<name>/json`, with the tags and digests that any host has for it. */
export async function inspectImage(call: DockerCall): Promise<void> {
  const reference = call.params.name ?? '';
  const { host, imageId, found } = await hostWithImage(call, reference);
  const path = enginePath(call, `/images/${encodeURIComponent(imageId)}/json`, call.query);
  const answer = await askJson<Record<string, unknown>>(call, host.id, {
    method: 'GET',
    path,
    signal: call.signal,
  });
  const union = (own: unknown, lists: readonly (readonly string[])[] = []) => [
    ...new Set([...(Array.isArray(own) ? (own as string[]) : []), ...lists.flat()]),
  ];
  sendJson(call.res, 200, {
    ...answer,
    RepoTags: union(
      answer.RepoTags,
      found?.copies.map(({ repoTags }) => repoTags),
    ),
    RepoDigests: union(
      answer.RepoDigests,
      found?.copies.map(({ repoDigests }) => repoDigests),
    ),
  });
}

/** `GET /images/<name>/history`. */
export async function imageHistory(call: DockerCall): Promise<void> {
  const { host, imageId } = await hostWithImage(call, call.params.name ?? '');
  await passThrough(
    call,
    host.id,
    enginePath(call, `/images/${encodeURIComponent(imageId)}/history`, call.query),
  );
}

/** A name as it stands in an engine's path: slashes stay. */
export function encodePath(name: string): string {
  return name.split('/').map(encodeURIComponent).join('/');
}
