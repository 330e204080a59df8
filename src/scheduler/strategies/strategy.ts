import type { HostLoad } from '../host-figures.ts';
import type { PlacementRequest } from '../request.ts';

/** Ranks the hosts that fit. One file per strategy, one line in `registry.ts`. */
export interface Strategy {
  readonly name: string;
  /** Replicas of a service are kept in different failure domains. */
  readonly spreadsDomains: boolean;
  /** Any host that fits is as good as another: one is drawn. */
  readonly draws: boolean;
  /** Lower is better. */
  rank(host: HostLoad, request: PlacementRequest): number;
  /** Where ranks are equal; lower is better. */
  tie(host: HostLoad): number;
}

/**
 * Classic Swarm's score (scheduler/strategy/weighted_node.go): per cent of the host's CPU and of its memory that would
 * be set aside, in whole numbers, 100 for what is not asked for, added up.
 */
export function score(
  { cpuUsed, cpuCapacity, memoryUsed, memoryCapacity }: HostLoad,
  request: PlacementRequest,
): number {
  const { cpuMilli, memory } = request.resources;
  return share(cpuUsed, cpuMilli, cpuCapacity) + share(memoryUsed, memory, memoryCapacity);
}

function share(used: number, asked: number, capacity: number): number {
  return asked <= 0 || capacity <= 0 ? 100 : Math.floor(((used + asked) * 100) / capacity);
}
