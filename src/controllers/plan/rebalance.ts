import type { Bench, Candidate, Move, MovePlan } from './moves.ts';

/** A container that can be moved. `load` is in the unit of the hosts' loads. */
export type Weighted = Candidate & Readonly<{ load: number }>;

/** A bench on which one container at a time is lifted and, if it is better where it was, put back. */
export interface LevellingBench extends Bench {
  lift(ids: readonly string[]): void;
  putBack(id: string, hostId: string): void;
}

/**
 * The fewest moves that level the hosts: from the fullest, to where the scheduler would put the container now, and only
 * where that leaves the two hosts closer to each other than they were. Each container moves once at most.
 * @param loads of the hosts that take part; a container on another one stays
 */
export function planRebalance(
  containers: readonly Weighted[],
  loads: ReadonlyMap<string, number>,
  bench: LevellingBench,
): MovePlan {
  const load = new Map(loads);
  const left = new Map<string, Weighted[]>();
  // The largest first: they level most in one move.
  for (const one of [...containers].sort((a, b) => b.load - a.load || (a.name < b.name ? -1 : 1)))
    if (load.has(one.from)) left.set(one.from, [...(left.get(one.from) ?? []), one]);
  const moves: Move[] = [];
  for (;;) {
    const move = nextMove(left, load, bench);
    if (move === undefined) return { moves, stays: [] };
    moves.push({ id: move.id, name: move.name, from: move.from, to: move.to, round: 0 });
  }
}

function nextMove(
  left: Map<string, Weighted[]>,
  load: Map<string, number>,
  bench: LevellingBench,
): (Weighted & { to: string }) | undefined {
  const loadOf = (hostId: string) => load.get(hostId) ?? Number.POSITIVE_INFINITY;
  const emptiest = Math.min(...load.values());
  for (const hostId of [...left.keys()].sort((a, b) => loadOf(b) - loadOf(a) || (a < b ? -1 : 1))) {
    const own = left.get(hostId) ?? [];
    for (const one of own) {
      if (loadOf(hostId) - emptiest <= one.load) continue;
      left.set(
        hostId,
        (left.get(hostId) ?? []).filter((other) => other !== one),
      );
      bench.lift([one.id]);
      const answer = bench.place(one.id);
      const to = 'hostId' in answer ? answer.hostId : hostId;
      if (to !== hostId && loadOf(hostId) - loadOf(to) > one.load) {
        load.set(hostId, loadOf(hostId) - one.load);
        load.set(to, loadOf(to) + one.load);
        return { ...one, to };
      }
      bench.putBack(one.id, hostId);
    }
  }
  return undefined;
}
