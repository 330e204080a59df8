import type { Moves } from '../../../../src/contract/v1/moves.ts';
import type { RouteOutput } from '../../../../src/contract/v1/route.ts';
import type { Routes } from '../../../../src/contract/v1/routes.ts';
import type { Flow } from './scene.ts';

export type ScalePlan = RouteOutput<Routes['service.plan']>;

/** What a plan is on the map: arrows between hosts, what leaves, and how many come to each host, by its name. */
export type PlanOnMap = Readonly<{
  flows: readonly Flow[];
  leaving: ReadonlySet<string>;
  coming: ReadonlyMap<string, number>;
}>;

export const NO_PLAN: PlanOnMap = { flows: [], leaving: new Set(), coming: new Map() };

/** What comes to hosts, by their names, and what leaves them, without a way between them. */
export function scaleOnMap({ coming, leaving }: ScalePlan): PlanOnMap {
  const counts = new Map<string, number>();
  for (const { host } of coming) if (host !== undefined) counts.set(host, (counts.get(host) ?? 0) + 1);
  return { flows: [], leaving: new Set(leaving.map(({ id }) => id)), coming: counts };
}

/** One arrow for all that goes from one host to another, those of most first. */
export function planOnMap(moves: Moves['waiting']): PlanOnMap {
  const flows = new Map<string, { from: string; to: string; count: number }>();
  const coming = new Map<string, number>();
  for (const { from, to } of moves) {
    const key = JSON.stringify([from, to]);
    const flow = flows.get(key);
    if (flow === undefined) flows.set(key, { from, to, count: 1 });
    else flow.count++;
    coming.set(to, (coming.get(to) ?? 0) + 1);
  }
  return {
    flows: [...flows.values()].sort((a, b) => b.count - a.count),
    leaving: new Set(moves.map(({ id }) => id)),
    coming,
  };
}
