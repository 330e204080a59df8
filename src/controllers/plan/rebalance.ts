import { say } from '../../model/said/index.ts';
import { groupsOf } from './groups.ts';
import { type Bench, type Candidate, type Move, type MovePlan, planMoves, type Stay } from './moves.ts';

export type Weighted = Candidate &
  Readonly<{
    /** In the unit of the hosts' loads. */
    load: number;
    /** IDs of the containers that it must be with. */
    follows?: readonly string[];
    /** Why it cannot be moved, nor those that go with it; undefined where it can. */
    fixed?: string | undefined;
  }>;

/** A bench on which containers are lifted and, if they are better where they were, put back. */
export interface LevellingBench extends Bench {
  lift(ids: readonly string[]): void;
  putBack(id: string, hostId: string): void;
  /** Why no host but this one takes it; undefined where another one would. */
  whyOnly(id: string, hostId: string): string | undefined;
}

type Group = Readonly<{ from: string; load: number; members: readonly Weighted[] }>;

/** So many of those that keep a host fuller than others are named with their reasons. */
const NAMED = 100;

/**
 * The fewest moves that level the hosts: from the fullest, to where the scheduler would put the container now, and only
 * where that leaves the two hosts closer to each other than they were. What must be together moves together, and what was
 * left behind by the one that it follows goes after it. Each container moves once at most. `stays` has those that keep
 * their host too full because they cannot leave it.
 * @param loads of the hosts that take part; a container on another one stays
 */
export function planRebalance(
  containers: readonly Weighted[],
  loads: ReadonlyMap<string, number>,
  bench: LevellingBench,
): MovePlan {
  const load = new Map(loads);
  const left = new Map<string, Group[]>();
  const moves: Move[] = [];
  const homes = new Map(containers.map(({ id, from }) => [id, from]));
  const groups = groupsOf(containers.filter(({ from }) => load.has(from)))
    .map((members) => ({ from: members[0]?.from ?? '', load: sum(members), members }))
    // The largest first: they level most in one move.
    .sort((a, b) => b.load - a.load || (nameOf(a) < nameOf(b) ? -1 : 1));
  const take = (group: Group, moved: readonly Move[]) => {
    const to = moved[0]?.to ?? group.from;
    moves.push(...moved);
    load.set(group.from, (load.get(group.from) ?? 0) - group.load);
    load.set(to, (load.get(to) ?? 0) + group.load);
  };
  for (const group of groups) {
    const moved = isLeftBehind(group, homes) ? moveOf(group, bench, () => true) : undefined;
    if (moved === undefined) left.set(group.from, [...(left.get(group.from) ?? []), group]);
    else take(group, moved);
  }
  for (;;) {
    const before = moves.length;
    const refused: Group[] = [];
    for (;;) {
      const found = nextMove(left, load, bench, refused);
      if (found === undefined) break;
      take(found.group, found.moved);
    }
    if (moves.length === before) return { moves, stays: stays(refused, load, bench) };
    // A host that was no better then may be now.
    for (const group of refused) left.set(group.from, [...(left.get(group.from) ?? []), group]);
  }
}

function nextMove(
  left: Map<string, Group[]>,
  load: ReadonlyMap<string, number>,
  bench: LevellingBench,
  refused: Group[],
): { group: Group; moved: readonly Move[] } | undefined {
  const loadOf = (hostId: string) => load.get(hostId) ?? Number.POSITIVE_INFINITY;
  const emptiest = Math.min(...load.values());
  for (const hostId of [...left.keys()].sort((a, b) => loadOf(b) - loadOf(a) || (a < b ? -1 : 1))) {
    for (const group of left.get(hostId) ?? []) {
      if (loadOf(hostId) - emptiest <= group.load) continue;
      left.set(
        hostId,
        (left.get(hostId) ?? []).filter((other) => other !== group),
      );
      const moved = moveOf(group, bench, (to) => loadOf(hostId) - loadOf(to) > group.load);
      if (moved !== undefined) return { group, moved };
      refused.push(group);
    }
  }
  return undefined;
}

/** Puts all of the group on one other host, if that is better; otherwise it is where it was. */
function moveOf(
  { from, members }: Group,
  bench: LevellingBench,
  isBetter: (to: string) => boolean,
): readonly Move[] | undefined {
  if (members.some(({ fixed }) => fixed !== undefined)) return undefined;
  bench.lift(members.map(({ id }) => id));
  const { moves } = planMoves(
    members.map(({ id, name, follows = [] }) => ({ id, name, from, follows })),
    bench,
  );
  const hosts = new Set(moves.map(({ to }) => to));
  const [to] = hosts;
  if (moves.length === members.length && hosts.size === 1 && to !== undefined && isBetter(to)) return moves;
  for (const { id } of members) bench.putBack(id, from);
  return undefined;
}

function isLeftBehind({ from, members }: Group, homes: ReadonlyMap<string, string>): boolean {
  return members.some(({ follows = [] }) => follows.some((id) => (homes.get(id) ?? from) !== from));
}

function stays(
  refused: readonly Group[],
  load: ReadonlyMap<string, number>,
  bench: LevellingBench,
): readonly Stay[] {
  const emptiest = Math.min(...load.values());
  const inTheWay = refused.filter((group) => (load.get(group.from) ?? 0) - emptiest > group.load);
  return inTheWay.slice(0, NAMED).flatMap(({ from, members }) => {
    const reasons = new Map(
      members.flatMap(({ id, fixed }) => {
        const reason = fixed ?? bench.whyOnly(id, from);
        return reason === undefined ? [] : [[id, reason] as const];
      }),
    );
    const holder = members.find(({ id }) => reasons.has(id));
    const ofOthers =
      holder === undefined
        ? say('moves.better')
        : say('moves.with', { name: holder.name, why: reasons.get(holder.id) ?? '' });
    return members.map(({ id, name }) => ({ id, name, from, reason: reasons.get(id) ?? ofOthers }));
  });
}

function sum(members: readonly Weighted[]): number {
  return members.reduce((total, { load }) => total + load, 0);
}

function nameOf({ members }: Group): string {
  return members[0]?.name ?? '';
}
