import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Assignment, AssignmentDelta } from '../../contract/link.ts';
import { deltaFrames, snapshotFrames } from './frames.ts';

const at = { epoch: 'e', seq: 1000 };
const drop = (id: string): AssignmentDelta => ({ op: 'drop', id, purge: true });
const assignment = (name: string): Assignment => ({
  id: name,
  name,
  apiVersion: '1.41',
  desired: { generation: 1, state: 'created', spec: { Image: 'busybox' }, starts: 0 },
  needs: { networks: [], volumes: [] },
});

it('is one frame where it is small, and where it is empty', () => {
  expect(snapshotFrames(at, [])).toEqual([{ t: 'snapshot', at, assignments: [] }]);
  expect(deltaFrames(at, [])).toEqual([{ t: 'deltas', at, deltas: [] }]);
  expect(deltaFrames(at, [drop('a'), drop('b')])).toHaveLength(1);
});

it('keeps everything in order, within the limit, and each frame has its own place', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ maxLength: 40 })), fc.integer({ min: 1, max: 200 }), (ids, limit) => {
      const deltas = ids.map(drop);
      const frames = deltaFrames(at, deltas, limit).flatMap((frame) => (frame.t === 'deltas' ? [frame] : []));
      expect(frames.flatMap((frame) => frame.deltas)).toEqual(deltas);
      let seq = at.seq - deltas.length;
      for (const frame of frames) {
        seq += frame.deltas.length;
        expect(frame.at).toEqual({ epoch: 'e', seq });
        const bytes = frame.deltas.reduce((sum, one) => sum + Buffer.byteLength(JSON.stringify(one)), 0);
        expect(frame.deltas.length <= 1 || bytes <= limit).toBe(true);
      }
      expect(seq).toBe(at.seq);
    }),
  );
});

it('marks every part of a snapshot but the last', () => {
  const all = ['a', 'b', 'c'].map(assignment);
  const frames = snapshotFrames(at, all, { limit: 1 }).flatMap((frame) =>
    frame.t === 'snapshot' ? [frame] : [],
  );
  expect(frames.map(({ assignments, more }) => [assignments[0]?.name, more])).toEqual([
    ['a', true],
    ['b', true],
    ['c', undefined],
  ]);
  expect(frames.flatMap((frame) => frame.assignments)).toEqual(all);
});
