import type { Moves } from '../../../../src/contract/v1/moves.ts';
import type { Flow } from './scene.ts';

/** What a plan is on the map: arrows between hosts, what leaves, and how many come to each host, by its name. */
export type PlanOnMap = Readonly<{
  flows: readonly Flow[];
  leaving: ReadonlySet<string>;
  coming: ReadonlyMap<string, number>;
}>;

export const NO_PLAN: PlanOnMap = { flows: [], leaving: new Set(), coming: new Map() };

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
