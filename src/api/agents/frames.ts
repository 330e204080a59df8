import type { Assignment, AssignmentDelta, ManagerFrame, ResumePoint } from '../../contract/link.ts';

/** JSON of one frame's assignments, bytes: far below the longest line of a session (`MAX_FRAME`). */
const BYTES_PER_FRAME = 4 * 1024 * 1024;

/** A snapshot as one frame or, where it is large, several; an agent takes the last one for the end. */
export function snapshotFrames(
  at: ResumePoint,
  assignments: readonly Assignment[],
  { limit = BYTES_PER_FRAME, restored = false } = {},
): ManagerFrame[] {
  const parts = partsOf(assignments, limit);
  return parts.map((part, i) => ({
    t: 'snapshot',
    at,
    assignments: part,
    ...(i < parts.length - 1 ? { more: true } : {}),
    ...(restored ? { restored } : {}),
  }));
}

/** Deltas in order, each frame with its own place: what has come counts, should the connection break after it. */
export function deltaFrames(
  at: ResumePoint,
  deltas: readonly AssignmentDelta[],
  limit = BYTES_PER_FRAME,
): ManagerFrame[] {
  let left = deltas.length;
  return partsOf(deltas, limit).map((part) => {
    left -= part.length;
    return { t: 'deltas', at: { ...at, seq: at.seq - left }, deltas: part };
  });
}

/** At least one part; one that is too large by itself is alone. */
export function partsOf<T>(list: readonly T[], limit = BYTES_PER_FRAME): T[][] {
  // Measuring costs as much as sending, and one goes alone in any case.
  if (list.length === 1) return [[...list]];
  const parts: T[][] = [[]];
  let bytes = 0;
  for (const one of list) {
    const size = Buffer.byteLength(JSON.stringify(one));
    const part = parts.at(-1) as T[];
    if (part.length > 0 && bytes + size > limit) {
      parts.push([one]);
      bytes = size;
    } else {
      part.push(one);
      bytes += size;
    }
  }
  return parts;
}
