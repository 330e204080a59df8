/** A container that is to get another host. */
export type Candidate = Readonly<{ id: string; name: string; from: string }>;
/** `round`: those of a later round follow one of an earlier round. */
export type Move = Candidate & Readonly<{ to: string; round: number }>;
/** One that stays where it is, and why. */
export type Stay = Candidate & Readonly<{ reason: string }>;
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
export function planMoves(candidates: readonly Candidate[], bench: Bench): MovePlan {
  const moves: Move[] = [];
  let left: readonly Candidate[] = candidates;
  for (let round = 0; ; round++) {
    const stays: Stay[] = [];
    for (const candidate of left) {
      const answer = bench.place(candidate.id);
      if ('refusal' in answer) stays.push({ ...candidate, reason: answer.refusal });
      else if (answer.hostId === candidate.from)
        stays.push({ ...candidate, reason: 'no other host is better' });
      else moves.push({ ...candidate, to: answer.hostId, round });
    }
    if (stays.length === 0 || stays.length === left.length) return { moves, stays };
    left = stays;
  }
}
