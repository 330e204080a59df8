import type { HostView } from '../host-view.ts';
import type { PlacementRequest } from '../request.ts';

/** Ranks the hosts that fit. One file per strategy, one line in `registry.ts`. */
export interface Strategy {
  readonly name: string;
  /** Replicas of a service are kept in different failure domains. */
  readonly spreadsDomains: boolean;
  /** Any host that fits is as good as another: one is drawn. */
  readonly draws: boolean;
  /** Lower is better. */
  rank(host: HostView, request: PlacementRequest): number;
  /** Where ranks are equal; lower is better. */
  tie(host: HostView): number;
}

/**
 * Classic Swarm's score (scheduler/strategy/weighted_node.go): per cent of the host's CPU and of its memory that would
 * be set aside, in whole numbers, 100 for what is not asked for, added up.
 */
export function score(host: HostView, { resources }: PlacementRequest): number {
  const part = (used: number, asked: number, capacity: number) =>
    asked <= 0 ? 100 : capacity <= 0 ? 100 : Math.floor(((used + asked) * 100) / capacity);
  return (
    part(host.cpuUsed, resources.cpuMilli, host.cpuCapacity) +
    part(host.memoryUsed, resources.memory, host.memoryCapacity)
  );
}
