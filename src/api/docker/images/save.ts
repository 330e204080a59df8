import { BerthError } from '../../../kit/errors.ts';
import type { DockerCall } from '../call.ts';
import type { HostRef } from '../fanout.ts';
import { enginePath, passThrough } from '../passthrough.ts';
import { findImage, noSuchImage } from './find-image.ts';
import { connectedCopies, encodePath, hostWithImage, onlyOnLostHosts } from './one-host.ts';

/** `GET /images/<name>/get`. */
export async function saveImage(call: DockerCall): Promise<void> {
  const name = call.params.name ?? '';
  const { host } = await hostWithImage(call, name);
  await passThrough(call, host.id, enginePath(call, `/images/${encodePath(name)}/get`, call.query));
}

/** `GET /images/get?names=…`: one archive, from one host that has all of them. */
export async function saveImages(call: DockerCall): Promise<void> {
  const names = call.query.getAll('names').filter((name) => name !== '');
  if (names.length === 0) throw new BerthError('bad_request', 'names is empty: name the images to save');
  const host = hostWithAll(call, names);
  await passThrough(call, host.id, enginePath(call, '/images/get', call.query));
}

/** @throws BerthError `not_found`; `conflict` naming what is where */
function hostWithAll(call: DockerCall, names: readonly string[]): HostRef {
  const places = names.map((name) => {
    const found = call.deps.store.view((tx) => findImage(tx, name));
    if (found === undefined) throw noSuchImage(name);
    const hosts = connectedCopies(call, found.copies);
    if (hosts.length === 0) throw onlyOnLostHosts(call, name, found.copies);
    return { name, hosts };
  });
  const [first, ...others] = places;
  const host = first?.hosts.find(({ id }) =>
    others.every(({ hosts }) => hosts.some((other) => other.id === id)),
  );
  if (host !== undefined) return host;
  const where = places.map(({ name, hosts }) => `${name} is on ${hosts.map((one) => one.name).join(', ')}`);
  throw new BerthError('conflict', `no host has all of these images: ${where.join('; ')}`, {
    hint: 'save them one by one, or pull them so that one host has all',
  });
}
