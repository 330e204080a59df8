import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { KEPT, KEPT_BYTES, KeptLines } from './kept-lines.ts';
import { LONGEST, lineOf, weightOf } from './log-line.ts';

const MIB = 1024 * 1024;
const told = (key: number, raw: string) =>
  lineOf({ key, kind: 'stdout', at: '2026-01-01T00:00:00.000000000Z', container: 'web' }, raw);

/** As lines come: out of an answer in JSON. */
const rawOf = (length: number, more = '') => JSON.parse(`"${'x'.repeat(length)}${more}"`) as string;

function heapAfterCollection(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed;
}

it('holds the newest lines, by number', () => {
  const kept = new KeptLines();
  for (let key = 0; key < 1.2 * KEPT; key++) kept.add(told(key, 'short'));
  expect([kept.all().length, kept.cutBy]).toEqual([1.2 * KEPT, undefined]);
  kept.add(told(1.2 * KEPT, 'short'));
  expect([kept.all().length, kept.cutBy, kept.last()?.key]).toEqual([KEPT, 'lines', 1.2 * KEPT]);
});

it('holds the newest lines, by what they weigh', () => {
  const kept = new KeptLines();
  for (let key = 0; key < 1.2 * KEPT; key++) {
    kept.add(told(key, 'x'.repeat(LONGEST)));
    if (key % 1000 !== 0) continue;
    const weight = kept.all().reduce((sum, line) => sum + weightOf(line), 0);
    expect(weight).toBeLessThanOrEqual(KEPT_BYTES);
  }
  expect(kept.cutBy).toBe('bytes');
  expect(kept.all().length).toBeGreaterThan(3000);
  expect(kept.last()?.key).toBe(1.2 * KEPT - 1);
});

it.each(['', '\\u001b[31mred\\u001b[0m'])('lets go of what it does not show of long lines %#', (coloured) => {
  const kept = new KeptLines();
  const before = heapAfterCollection();
  for (let key = 0; key < 60; key++) kept.add(told(key, `${coloured}${rawOf(MIB)}`));
  const grown = heapAfterCollection() - before;
  expect(kept.all()).toHaveLength(60);
  expect(grown).toBeLessThan(20 * MIB);
});

it('lets go of the control sequences of lines that are shown whole', () => {
  const kept = new KeptLines();
  const before = heapAfterCollection();
  for (let key = 0; key < 300; key++)
    kept.add(told(key, JSON.parse(`"${'\\u001b[0m'.repeat(900)}${'x'.repeat(100)}"`)));
  expect(heapAfterCollection() - before).toBeLessThan(0.7 * MIB);
});
