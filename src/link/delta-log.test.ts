import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AssignmentDelta } from '../contract/link.ts';
import { DeltaLog } from './delta-log.ts';

const drop = (id: number): AssignmentDelta => ({ op: 'drop', id: String(id), purge: true });
const drops = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => drop(from + n));

describe('DeltaLog', () => {
  it('gives what came after a point, per host', () => {
    const log = new DeltaLog('e1');
    expect(log.head('a')).toEqual({ epoch: 'e1', seq: 0 });
    expect(log.append('a', drops(0, 3))).toEqual({ epoch: 'e1', seq: 3 });
    log.append('b', drops(10, 11));
    expect(log.since('a', { epoch: 'e1', seq: 1 })).toEqual(drops(1, 3));
    expect(log.since('a', { epoch: 'e1', seq: 3 })).toEqual([]);
    expect(log.since('b', { epoch: 'e1', seq: 0 })).toEqual(drops(10, 11));
    expect(log.since('c', { epoch: 'e1', seq: 0 })).toEqual([]);
  });

  it('asks for a snapshot: another life of the manager, a point too old or ahead, a snapshot that is shorter', () => {
    const log = new DeltaLog('e1', 4);
    log.append('a', drops(0, 10));
    expect(log.since('a', { epoch: 'e0', seq: 10 })).toBeUndefined();
    expect(log.since('a', { epoch: 'e1', seq: 11 })).toBeUndefined();
    expect(log.since('a', { epoch: 'e1', seq: 5 })).toBeUndefined();
    expect(log.since('a', { epoch: 'e1', seq: 6 })).toEqual(drops(6, 10));
    expect(log.since('a', { epoch: 'e1', seq: 6 }, 3)).toBeUndefined();
    expect(log.since('a', { epoch: 'e1', seq: 6 }, 4)).toHaveLength(4);
    expect(log.since('a', { epoch: 'e1', seq: 9 }, 0)).toHaveLength(1);
    log.forget('a');
    expect(log.since('a', { epoch: 'e1', seq: 9 })).toBeUndefined();
  });

  it('has a new epoch in each life', () => {
    expect(new DeltaLog().head('a').epoch).not.toBe(new DeltaLog().head('a').epoch);
  });

  it('either gives exactly what was missed or asks for a snapshot, and never the latter within its capacity', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(12), { maxLength: 40 }),
        fc.integer({ min: 1, max: 20 }),
        fc.nat(250),
        (batches, capacity, at) => {
          const log = new DeltaLog('e', capacity);
          let next = 0;
          for (const length of batches) {
            log.append('h', drops(next, next + length));
            next += length;
          }
          const seq = Math.min(at, next);
          const missed = log.since('h', { epoch: 'e', seq });
          if (next - seq <= capacity) expect(missed).toEqual(drops(seq, next));
          else expect(missed).toBeUndefined();
        },
      ),
    );
  });
});
