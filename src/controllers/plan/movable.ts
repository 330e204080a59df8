import type { Container, ObservedContainer } from '../../model/container.ts';
import { say } from '../../model/said/index.ts';

/**
 * Why a container is not moved while its host works; undefined where it can be. Whether another host would take it is the
 * scheduler's to say.
 * @param seen as its host has reported it
 */
export function whyNotMovable(
  { desired, assigned }: Container,
  seen: ObservedContainer | undefined,
): string | undefined {
  if (assigned.moving !== undefined) return say('moves.moving');
  if (desired.state === 'removed') return say('moves.removing');
  if (desired.state === 'stopped') return say('moves.stopped');
  if (desired.spec.HostConfig?.AutoRemove === true) return say('moves.autoRemove');
  const status = seen?.state.status;
  if (desired.state === 'running' && (status === 'exited' || status === 'dead')) return say('moves.ended');
  return undefined;
}
