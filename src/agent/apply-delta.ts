import { isDeepStrictEqual } from 'node:util';
import type { Assignment, AssignmentDelta } from '../contract/link.ts';
import { type Holding, NO_COMEBACK, NOTHING_ACTED } from './holding.ts';

/** What is held after a delta; undefined for nothing. */
export function applied(
  before: Holding | undefined,
  delta: AssignmentDelta,
  startedAt: (id: string) => number,
): Holding | undefined {
  if (delta.op === 'put') {
    const { assignment } = delta;
    // Nothing is known of it: a container that is there all the same has been started as often as it should.
    if (before?.kind !== 'hold') {
      return { kind: 'hold', assignment, startedBefore: 0, acted: NOTHING_ACTED, comeback: NO_COMEBACK };
    }
    // Sent again: it was received when it first came.
    const known = before.assignment.desired.generation >= assignment.desired.generation;
    const { orphan: _, ...rest } = before;
    return { ...rest, assignment, startedBefore: known ? before.startedBefore : startedAt(assignment.id) };
  }
  if (!delta.purge) return undefined;
  if (before?.kind === 'purge') return before;
  return { kind: 'purge', id: delta.id, name: before?.assignment.name ?? '' };
}

/**
 * What is held, as if it had never been given a later generation than the assignment's: generations count on from the older
 * state, so equal numbers need not mean the same.
 */
export function putBack(
  before: Holding | undefined,
  { id, desired }: Assignment,
  startedAt: (id: string) => number,
): Holding | undefined {
  if (before?.kind !== 'hold' || before.acted.generation < desired.generation) return before;
  if (isDeepStrictEqual(before.assignment.desired, desired)) return before;
  const { refused: _, ...acted } = before.acted;
  const starts = Math.min(acted.starts, desired.starts);
  return {
    ...before,
    assignment: { ...before.assignment, desired: { ...before.assignment.desired, generation: 0 } },
    startedBefore: startedAt(id),
    acted: { ...acted, generation: desired.generation - 1, starts },
  };
}
