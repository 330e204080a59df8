import type { AssignmentDelta, ManagerFrame, ResumePoint } from '../contract/link.ts';

export type AssignmentFrame = ManagerFrame & { t: 'snapshot' | 'deltas' };

/** What is written down together. */
export type Group = Readonly<{
  t: 'snapshot' | 'deltas';
  deltas: readonly AssignmentDelta[];
  at: ResumePoint;
  restored: boolean;
}>;

/** Deltas in a row become one; a snapshot makes all before it void. */
export function grouped(frames: readonly AssignmentFrame[]): Group[] {
  const groups: Group[] = [];
  for (const frame of frames) {
    if (frame.t === 'snapshot') {
      const deltas = frame.assignments.map((assignment) => ({ op: 'put', assignment }) as const);
      const restored = frame.restored === true;
      groups.splice(0, groups.length, { t: 'snapshot', deltas, at: frame.at, restored });
      continue;
    }
    const last = groups.at(-1);
    if (last?.t === 'deltas') {
      const deltas = [...last.deltas, ...frame.deltas];
      groups[groups.length - 1] = { t: 'deltas', deltas, at: frame.at, restored: false };
    } else {
      groups.push({ t: 'deltas', deltas: frame.deltas, at: frame.at, restored: false });
    }
  }
  return groups;
}

export function isPut(delta: AssignmentDelta): delta is AssignmentDelta & { op: 'put' } {
  return delta.op === 'put';
}
