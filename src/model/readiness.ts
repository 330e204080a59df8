import type { Container, EngineState, ObservedContainer } from './container.ts';
import type { Probe } from './probe.ts';

/** The host itself runs it; else the engine does. */
export function isOwn(probe: Probe | undefined): boolean {
  return probe !== undefined && probe.check.kind !== 'image';
}

/**
 * Whether a container may be given work: it runs, and its readiness probe says so; without one, its engine's own health
 * check, where it has one.
 */
export function isReady(
  observed: ObservedContainer | undefined,
  { probes }: Pick<Container, 'probes'>,
): boolean {
  if (observed?.state.status !== 'running') return false;
  if (isOwn(probes?.readiness)) return observed.probes?.ready === true;
  return observed.state.health === 'none' || observed.state.health === 'healthy';
}

/** A container's health as Docker shows it: its engine's own word, else that of its host's probes. */
export function healthOf({
  state,
  probes,
}: Pick<ObservedContainer, 'state' | 'probes'>): EngineState['health'] {
  if (state.health !== 'none' || probes === undefined || state.status !== 'running') return state.health;
  if (probes.starting) return 'starting';
  return probes.ready && probes.live ? 'healthy' : 'unhealthy';
}

/** It runs, and is to be stopped soon: nobody gets new work for it, be it that it goes or that it moves to another host. */
export function leavesRouters({
  service,
  assigned: { moving },
}: Pick<Container, 'service' | 'assigned'>): boolean {
  return service?.leaving === true || (moving !== undefined && moving.phase !== 'start');
}
