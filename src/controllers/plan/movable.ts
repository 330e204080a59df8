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
  if (assigned.moving !== undefined) return say('hosts.stay.moving');
  if (desired.state === 'removed') return say('hosts.stay.removing');
  if (desired.state === 'stopped') return say('hosts.stay.stopped');
  if (desired.spec.HostConfig?.AutoRemove === true) return say('hosts.stay.rm');
  const status = seen?.state.status;
  if (desired.state === 'running' && (status === 'exited' || status === 'dead'))
    return say('hosts.stay.exited');
  return undefined;
}
