import type { Container, EngineState } from '../../../model/container.ts';
import { restartPolicyOf } from '../../../model/restart-policy.ts';
import type { EngineCall } from '../call.ts';
import { askJson, enginePath } from '../passthrough.ts';
import { until } from '../until.ts';
import { containerPath, type Target } from './find.ts';

type Status = EngineState['status'];

/** How long a report of what an engine has just done is waited for (milliseconds). */
const REPORT_MS = 2000;

export function isUp(status: Status | undefined): boolean {
  return status === 'running' || status === 'paused' || status === 'restarting';
}

/**
 * Down at this moment, and on its way back by its restart policy: who stops it now does not find it stopped already.
 * What the engine restarts says so itself, unless it is gone and being made again.
 */
export function comesBack({ record, seen }: Target): boolean {
  if (record === undefined || !isWanted(record)) return false;
  const policy = restartPolicyOf(record.desired.spec);
  return policy !== undefined && (policy.by === 'agent' || seen === undefined);
}

/**
 * Its agent is about to start it again. Not where the user has asked for something else since: the agent's last word may be
 * older, as long as its engine does not answer.
 */
export function waitsForStart({ record, seen }: Pick<Target, 'record' | 'seen'>): boolean {
  return seen?.nextStartAt !== undefined && (record === undefined || isWanted(record));
}

function isWanted({ desired }: Container): boolean {
  return desired.state === 'running' || desired.state === 'paused';
}

/**
 * The state in which the engine holds the container now. Asked before a request is refused because of a reported
 * state, which may be a moment old: `docker wait x; docker start x` must start.
 */
export async function liveStatus(call: EngineCall, target: Target): Promise<Status | undefined> {
  const path = enginePath(call, containerPath(target, '/json'));
  const answer = await askJson<{ State?: { Status?: Status } }>(call, target.hostId, {
    method: 'GET',
    path,
    signal: call.signal,
  });
  return answer.State?.Status;
}

/** Waits, not for long, until the agent's report of the container meets `met`; it is undefined once it is gone. */
export function reported(
  call: Pick<EngineCall, 'deps'>,
  target: Target,
  met: (status: Status | undefined) => boolean,
): Promise<boolean> {
  const { seen } = target;
  if (seen === undefined) return Promise.resolve(false);
  const key = `${seen.hostId}/${seen.engineId}`;
  return until(call.deps.store, REPORT_MS, (tx) => met(tx.get('observedContainers', key)?.state.status));
}
