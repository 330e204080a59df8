import { BerthError } from '../../../kit/errors.ts';
import type { DockerCall } from '../call.ts';
import { hostName } from '../networks/find-network.ts';
import { ask, enginePath } from '../passthrough.ts';
import { rewriteContainerIds } from '../system/engine-text.ts';
import { observe } from '../system/observe.ts';
import { engineName, type FoundVolume, findVolume, hostOf, hostsOf } from './find-volume.ts';
import { volumeUsers } from './volume-view.ts';

type Asked = Pick<DockerCall, 'deps' | 'apiVersion' | 'signal'>;

/**
 * Deletes a volume with all that is in it: on its host, or on all where it spans them; then its record.
 * @throws BerthError `not_found`; `engine` or `conflict` where a container has it; `host_down`; as `findVolume`
 */
export async function dropVolume(call: Asked, name: string, force = false): Promise<void> {
  const { store } = call.deps;
  const { found, hosts } = store.view((tx) => {
    const one = findVolume(tx, name);
    return { found: one, hosts: hostsOf(tx, one) };
  });
  // Rather nothing than a part of it.
  for (const hostId of hosts) refuseAway(call, hostId, name);
  for (const hostId of hosts) await dropOnHost(call, hostId, found, force);
  if (found.kind !== 'cluster') return;
  await store.update((tx) => {
    const record = tx.get('volumes', found.record.name);
    if (record === undefined) return;
    // A container of a moment ago may have placed it.
    const now = findVolume(tx, record.name);
    if (hostOf(now) !== hostOf(found) || (hosts.length === 0 && volumeUsers(tx).of(now).length > 0)) {
      throw new BerthError('conflict', `remove ${name}: volume is in use`, {
        hint: 'remove the container that uses it first',
      });
    }
    tx.delete('volumes', record.name);
  });
}

function refuseAway({ deps: { store, engines } }: Asked, hostId: string, name: string): void {
  if (engines.connected(hostId)) return;
  const host = store.view((tx) => hostName(tx, hostId));
  throw new BerthError('host_down', `volume ${name} is on host ${host}, which is not connected`, {
    hint: 'bring the host back, or take it out of the cluster with "berth node rm"',
  });
}

async function dropOnHost(call: Asked, hostId: string, found: FoundVolume, force: boolean): Promise<void> {
  const { store } = call.deps;
  const path = enginePath(
    call,
    `/volumes/${encodeURIComponent(engineName(found))}`,
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
