import type { Container, ObservedContainer } from '../../model/container.ts';

/**
 * Why a container is not moved while its host works; undefined where it can be. Whether another host would take it is the
 * scheduler's to say.
 * @param seen as its host has reported it
 */
export function whyNotMovable(
  { desired, assigned }: Container,
  seen: ObservedContainer | undefined,
): string | undefined {
  if (assigned.moving !== undefined) return 'it is being moved already';
  if (desired.state === 'removed') return 'it is being removed';
  if (desired.state === 'stopped') return 'it is stopped: what it has written is on this host';
  if (desired.spec.HostConfig?.AutoRemove === true)
    return 'it was started with --rm: to stop it would remove it';
  const status = seen?.state.status;
  if (desired.state === 'running' && (status === 'exited' || status === 'dead'))
    return 'it has ended: what it has written is on this host';
  return undefined;
}
