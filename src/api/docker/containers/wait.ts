import type { DockerCall } from '../call.ts';
import { ask, enginePath, readAnswer } from '../passthrough.ts';
import { containerPath, reachableTarget, rewriteFor } from './find.ts';
import { isUp, reported } from './live-state.ts';

/**
 * `POST /containers/x/wait`, for every condition: the engine waits. Its head is passed on at once, as clients start the
 * container only then; its answer once the end is in the store too, so that the client's next command finds it.
 */
export async function waitContainer(call: DockerCall): Promise<void> {
  const { res, query, signal } = call;
  const target = reachableTarget(call);
  const path = enginePath(call, containerPath(target, '/wait'), query);
  const answer = await ask(call, target.hostId, { method: 'POST', path, signal }, rewriteFor(target));
  res.writeHead(answer.status, { 'content-type': 'application/json' });
  res.flushHeaders();
  const body = await readAnswer(answer);
  const removed = query.get('condition') === 'removed';
  await reported(call, target, (status) => (removed ? status === undefined : !isUp(status)));
  res.end(body);
}
