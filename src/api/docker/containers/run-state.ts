import { BerthError } from '../../../kit/errors.ts';
import type { DockerCall } from '../call.ts';
import { sendNothing } from '../json.ts';
import { enginePath, passThrough } from '../passthrough.ts';
import { integer } from '../query.ts';
import { containerPath, reachableTarget, rewriteFor } from './find.ts';
import {
  killTarget,
  pauseTarget,
  restartTarget,
  type StopOptions,
  startTarget,
  stopTarget,
  unpauseTarget,
} from './run-target.ts';

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
  await killTarget(call, reachableTarget(call), call.query.get('signal') || undefined);
  sendNothing(call.res, 204);
}

export async function pauseContainer(call: DockerCall): Promise<void> {
  const target = reachableTarget(call);
  if (target.record === undefined) return pass(call, '/pause', target);
  await pauseTarget(call, target);
  sendNothing(call.res, 204);
}

export async function unpauseContainer(call: DockerCall): Promise<void> {
  const target = reachableTarget(call);
  if (target.record === undefined) return pass(call, '/unpause', target);
  await unpauseTarget(call, target);
  sendNothing(call.res, 204);
}

/** @throws BerthError `bad_request` for a time that is no whole number */
function stopOptions({ query }: DockerCall): StopOptions {
  const timeout = integer(query, 't');
  const signal = query.get('signal') || undefined;
  return { ...(timeout === undefined ? {} : { timeout }), ...(signal === undefined ? {} : { signal }) };
}
