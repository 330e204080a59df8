import { say } from '../../model/said/index.ts';

/** A container that is to get another host. */
export type Candidate = Readonly<{ id: string; name: string; from: string }>;
/** `round`: those of a later round follow one of an earlier round. */
export type Move = Candidate & Readonly<{ to: string; round: number }>;
/** One that stays where it is, and why. */
export type Stay = Candidate & Readonly<{ reason: string }>;
/** `follows`: IDs of the containers that it must be with, and which are there before it. */
export type Follower = Candidate & Readonly<{ follows?: readonly string[] }>;
/** What is to be done; can be shown before it is done. */
export type MovePlan = Readonly<{ moves: readonly Move[]; stays: readonly Stay[] }>;

/** Finds hosts, one after the other: each container counts on its new host as soon as it has one. */
export interface Bench {
  /** A host for the candidate, which from then on counts there; or why there is none, as if nothing had been asked. */
  place(id: string): Readonly<{ hostId: string }> | Readonly<{ refusal: string }>;
}

/**
 * Gives each candidate a host. Those which are refused are asked for again as long as others found one: a container that
 * must be with another (links, `volumes-from`, `net=container:`) follows it.
 */
export function planMoves(candidates: readonly Follower[], bench: Bench): MovePlan {
  const moves: Move[] = [];
  const rounds = new Map<string, number>();
  let left = candidates;
  for (let pass = 0; ; pass++) {
    const stays: Stay[] = [];
    const again: Follower[] = [];
    for (const one of left) {
      const { follows = [], ...candidate } = one;
      const answer = bench.place(candidate.id);
      if ('hostId' in answer && answer.hostId !== candidate.from) {
        const round = Math.max(pass, ...follows.map((id) => (rounds.get(id) ?? -1) + 1));
        rounds.set(candidate.id, round);
        moves.push({ ...candidate, to: answer.hostId, round });
        continue;
      }
      again.push(one);
      const reason = 'refusal' in answer ? answer.refusal : say('moves.better');
      stays.push({ ...candidate, reason });
    }
    if (again.length === 0 || again.length === left.length) return { moves, stays };
    left = again;
  }
}
