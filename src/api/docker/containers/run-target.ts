import { BerthError } from '../../../kit/errors.ts';
import type { EngineCall } from '../call.ts';
import { askJson, enginePath } from '../passthrough.ts';
import { changeDesired, writeDesired } from './desired.ts';
import { containerPath, rewriteFor, type Target } from './find.ts';
import { comesBack, isUp, liveStatus, reported } from './live-state.ts';

/** How to stop: seconds before SIGKILL and the signal; the container's own where they are left out. */
export type StopOptions = Readonly<{ timeout?: number; signal?: string }>;

/**
 * Starts a container of the cluster. False where it ran already.
 * @throws BerthError `conflict` where it is paused; `engine`, `host_down`
 */
export async function startTarget(call: EngineCall, target: Target): Promise<boolean> {
  if (isUp(target.seen?.state.status)) {
    const status = await liveStatus(call, target);
    if (status === 'paused') {
      throw new BerthError('conflict', 'cannot start a paused container, try unpause instead');
    }
    if (isUp(status)) return false;
  }
  await changeDesired(
    call,
    target,
    (now) => ({ state: 'running', starts: now.starts + 1 }),
    // What was running and could not be started again is down: nobody is to try on and on.
    (before) => ({ state: before.state === 'created' ? 'created' : 'stopped' }),
  );
  return true;
}

/** Stops a container of the cluster. False where it did not run. @throws BerthError `engine`, `host_down` */
export async function stopTarget(call: EngineCall, target: Target, stop: StopOptions): Promise<boolean> {
  if (!comesBack(target) && !isUp(target.seen?.state.status) && !isUp(await liveStatus(call, target)))
    return false;
  await changeDesired(call, target, () => ({ state: 'stopped', stop }));
  return true;
}

/** Stops a container of the cluster and starts it again. @throws BerthError `engine`, `host_down` */
export async function restartTarget(call: EngineCall, target: Target, stop: StopOptions): Promise<void> {
  await changeDesired(
    call,
    target,
    (now) => ({ state: 'running', starts: now.starts + 1, stop }),
    (before) => ({ state: before.state === 'created' ? 'created' : 'stopped' }),
  );
}

/**
 * Sends a signal to a container's process, KILL where none is named: then it stays down.
 * @throws BerthError `engine` in the engine's words, `host_down`
 */
export async function killTarget(call: EngineCall, target: Target, named?: string): Promise<void> {
  const signal = (named ?? 'KILL').toUpperCase().replace(/^SIG/, '');
  const ends = signal === 'KILL' || signal === '9';
  if (ends && target.seen?.nextStartAt !== undefined) {
    // As the engine does with one that is restarting: it is told not to.
    await changeDesired(call, target, () => ({ state: 'stopped' }));
    return;
  }
  const query = new URLSearchParams(named === undefined ? {} : { signal: named });
  const path = enginePath(call, containerPath(target, '/kill'), query);
  const request = { method: 'POST', path, signal: call.signal };
  await askJson(call, target.hostId, request, rewriteFor(target));
  if (!ends) return;
  if (target.record !== undefined) await markStopped(call, target);
  await reported(call, target, (status) => !isUp(status));
}

/** Killed by the user's own hand: it is to stay down. */
async function markStopped(call: EngineCall, target: Target): Promise<void> {
  try {
    await writeDesired(call, target.id, () => ({ state: 'stopped' }));
  } catch (thrown) {
    // Removed with its end (--rm).
    if (!(thrown instanceof BerthError) || thrown.code !== 'not_found') throw thrown;
  }
}

/** Pauses a container of the cluster. @throws BerthError `conflict` where it does not run; `engine`, `host_down` */
export async function pauseTarget(call: EngineCall, target: Target): Promise<void> {
  if (target.seen?.state.status !== 'running') {
    const status = await liveStatus(call, target);
    if (status === 'paused') throw new BerthError('conflict', `Container ${target.id} is already paused`);
    if (status !== 'running') throw new BerthError('conflict', `Container ${target.id} is not running`);
  }
  await changeDesired(call, target, () => ({ state: 'paused' }));
}

/** Lets a paused container of the cluster go on. @throws BerthError `conflict` where it is not paused */
export async function unpauseTarget(call: EngineCall, target: Target): Promise<void> {
  if (target.seen?.state.status !== 'paused' && (await liveStatus(call, target)) !== 'paused') {
    throw new BerthError('conflict', `Container ${target.id} is not paused`);
  }
  await changeDesired(call, target, () => ({ state: 'running' }));
}
