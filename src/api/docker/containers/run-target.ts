import { BerthError } from '../../../kit/errors.ts';
import type { EngineCall } from '../call.ts';
import { changeDesired } from './desired.ts';
import type { Target } from './find.ts';
import { comesBack, isUp, liveStatus } from './live-state.ts';

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
