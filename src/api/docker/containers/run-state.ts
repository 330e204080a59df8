import { BerthError } from '../../../kit/errors.ts';
import type { DockerCall } from '../call.ts';
import { sendNothing } from '../json.ts';
import { askJson, enginePath, passThrough } from '../passthrough.ts';
import { integer } from '../query.ts';
import { changeDesired, writeDesired } from './desired.ts';
import { containerPath, reachableTarget, rewriteFor, type Target } from './find.ts';
import { isUp, liveStatus, reported } from './live-state.ts';
import { restartTarget, type StopOptions, startTarget, stopTarget } from './run-target.ts';

/** Sends a call on to the container's engine as it is. */
export async function pass(call: DockerCall, rest: string, target = reachableTarget(call)): Promise<void> {
  const path = enginePath(call, containerPath(target, rest), call.query);
  await passThrough(call, target.hostId, path, { rewrite: rewriteFor(target) });
}

export async function startContainer(call: DockerCall): Promise<void> {
  const target = reachableTarget(call);
  if (target.record === undefined) return pass(call, '/start', target);
  if (call.query.has('checkpoint')) {
    throw new BerthError('unsupported', 'checkpoints are not served by Berth: start without --checkpoint');
  }
  sendNothing(call.res, (await startTarget(call, target)) ? 204 : 304);
}

export async function stopContainer(call: DockerCall): Promise<void> {
  const target = reachableTarget(call);
  if (target.record === undefined) return pass(call, '/stop', target);
  sendNothing(call.res, (await stopTarget(call, target, stopOptions(call))) ? 204 : 304);
}

export async function restartContainer(call: DockerCall): Promise<void> {
  const target = reachableTarget(call);
  if (target.record === undefined) return pass(call, '/restart', target);
  await restartTarget(call, target, stopOptions(call));
  sendNothing(call.res, 204);
}

export async function killContainer(call: DockerCall): Promise<void> {
  const target = reachableTarget(call);
  const signal = (call.query.get('signal') || 'KILL').toUpperCase().replace(/^SIG/, '');
  if (ends(signal) && target.seen?.nextStartAt !== undefined) {
    // As the engine does with one that is restarting: it is told not to.
    await changeDesired(call, target, () => ({ state: 'stopped' }));
    return sendNothing(call.res, 204);
  }
  const path = enginePath(call, containerPath(target, '/kill'), call.query);
  const request = { method: 'POST', path, signal: call.signal };
  await askJson(call, target.hostId, request, rewriteFor(target));
  if (ends(signal)) {
    if (target.record !== undefined) await markStopped(call, target);
    await reported(call, target, (status) => !isUp(status));
  }
  sendNothing(call.res, 204);
}

function ends(signal: string): boolean {
  return signal === 'KILL' || signal === '9';
}

/** Killed by the user's own hand: it is to stay down. */
async function markStopped(call: DockerCall, target: Target): Promise<void> {
  try {
    await writeDesired(call, target.id, () => ({ state: 'stopped' }));
  } catch (thrown) {
    // Removed with its end (--rm).
    if (!(thrown instanceof BerthError) || thrown.code !== 'not_found') throw thrown;
  }
}

export async function pauseContainer(call: DockerCall): Promise<void> {
  const target = reachableTarget(call);
  if (target.record === undefined) return pass(call, '/pause', target);
  if (target.seen?.state.status !== 'running') {
    const status = await liveStatus(call, target);
    if (status === 'paused') throw new BerthError('conflict', `Container ${target.id} is already paused`);
    if (status !== 'running') throw new BerthError('conflict', `Container ${target.id} is not running`);
  }
  await changeDesired(call, target, () => ({ state: 'paused' }));
  sendNothing(call.res, 204);
}

export async function unpauseContainer(call: DockerCall): Promise<void> {
  const target = reachableTarget(call);
  if (target.record === undefined) return pass(call, '/unpause', target);
  if (target.seen?.state.status !== 'paused' && (await liveStatus(call, target)) !== 'paused') {
    throw new BerthError('conflict', `Container ${target.id} is not paused`);
  }
  await changeDesired(call, target, () => ({ state: 'running' }));
  sendNothing(call.res, 204);
}

/** @throws BerthError `bad_request` for a time that is no whole number */
function stopOptions({ query }: DockerCall): StopOptions {
  const timeout = integer(query, 't');
  const signal = query.get('signal') || undefined;
  return { ...(timeout === undefined ? {} : { timeout }), ...(signal === undefined ? {} : { signal }) };
}
