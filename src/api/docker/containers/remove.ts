import { BerthError } from '../../../kit/errors.ts';
import type { DockerCall, EngineCall } from '../call.ts';
import { sendNothing } from '../json.ts';
import { askJson, enginePath } from '../passthrough.ts';
import { flag } from '../query.ts';
import { changeDesired, writeDesired } from './desired.ts';
import { containerPath, hostDown, rewriteFor, type Target, targetOf } from './find.ts';
import { isUp, liveStatus, reported } from './live-state.ts';

export type RemoveOptions = Readonly<{ force: boolean; volumes: boolean }>;

/** `DELETE /containers/x`, with force, v and link. */
export async function removeContainer(call: DockerCall): Promise<void> {
  const { query, params } = call;
  if (flag(query, 'link')) return removeLink(call, params.id ?? '');
  await removeTarget(call, targetOf(call), { force: flag(query, 'force'), volumes: flag(query, 'v') });
  sendNothing(call.res, 204);
}

/**
 * Takes a container away, whoever made it.
 * @throws BerthError `conflict` where it runs and is not to be forced; `engine`; `host_down`
 */
export async function removeTarget(call: EngineCall, target: Target, remove: RemoveOptions): Promise<void> {
  const { engines } = call.deps;
  if (!engines.connected(target.hostId)) {
    if (target.record === undefined || !remove.force) throw hostDown(call, target);
    // Accepted: the host's agent carries it out when it is back.
    await writeDesired(call, target.id, () => ({ state: 'removed', remove }));
    return;
  }
  if (target.record === undefined) {
    const query = new URLSearchParams({ force: remove.force ? '1' : '0', v: remove.volumes ? '1' : '0' });
    const path = enginePath(call, containerPath(target, ''), query);
    await askJson(call, target.hostId, { method: 'DELETE', path, signal: call.signal });
    await reported(call, target, (status) => status === undefined);
    return;
  }
  if (!remove.force && isUp(target.seen?.state.status)) refuseRunning(target, await liveStatus(call, target));
  try {
    await changeDesired(call, target, () => ({ state: 'removed', remove }));
  } catch (thrown) {
    // Two who remove the same: it is gone, which is what both wanted.
    if (!(thrown instanceof BerthError) || thrown.code !== 'not_found') throw thrown;
  }
}

/** In the engine's words (moby: daemon/delete.go). */
function refuseRunning(target: Target, status: string | undefined): void {
  if (status === 'paused') {
    throw new BerthError(
      'conflict',
      `You cannot remove a paused container ${target.id}. Unpause and then stop the container before attempting removal or force remove`,
    );
  }
  if (status === 'running' || status === 'restarting') {
    throw new BerthError(
      'conflict',
      `You cannot remove a ${status} container ${target.id}. Stop the container before attempting removal or force remove`,
    );
  }
}

/** `docker rm --link parent/alias`: the engine keeps links, the containers stay. */
async function removeLink(call: DockerCall, ref: string): Promise<void> {
  const slash = ref.replace(/\/+$/, '').lastIndexOf('/');
  if (slash <= 0) throw new BerthError('bad_request', `"${ref}" names no link: write CONTAINER/ALIAS`);
  const target = targetOf(call, ref.slice(0, slash));
  if (!call.deps.engines.connected(target.hostId)) throw hostDown(call, target);
  const alias = encodeURIComponent(ref.slice(slash + 1));
  const path = enginePath(call, `/containers/${target.name}/${alias}`, new URLSearchParams({ link: '1' }));
  await askJson(call, target.hostId, { method: 'DELETE', path, signal: call.signal }, rewriteFor(target));
  sendNothing(call.res, 204);
}
