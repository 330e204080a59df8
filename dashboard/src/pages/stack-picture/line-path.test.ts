import fc from 'fast-check';
import { expect, it } from 'vitest';
import { pathBetween } from './line-path.ts';

const WIDTH = 200;
const box = (column: number, y: number) => ({ x: column * (WIDTH + 60), y, height: 80 });

it('goes straight to what is beside it', () => {
  expect(pathBetween(box(0, 0), box(1, 0), [box(0, 0), box(1, 0)], WIDTH)).toBe(
    'M200 40C232 40 228 40 260 40',
  );
});

it('goes past what stands between, in a gap where there is one', () => {
  const [from, to] = [box(0, 0), box(2, 0)];
  expect(pathBetween(from, to, [from, box(1, 0), to], WIDTH)).toBe(
    'M200 40C230 40 230 -6 260 -6L460 -6C490 -6 490 40 520 40',
  );
  const above = box(1, -120);
  expect(pathBetween(from, to, [from, above, box(1, 200), to], WIDTH)).toMatch(/^M\S+ \S+C[^L]+$/);
});

it('is level only where nothing is', () => {
  const columns = fc.array(fc.array(fc.nat(20), { maxLength: 5 }), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(columns, fc.nat(500), fc.nat(500), (skips, y1, y2) => {
      const between = skips.flatMap((column, i) => column.map((skip, row) => box(i + 1, row * 120 + skip)));
      const [from, to] = [box(0, y1), box(skips.length + 1, y2)];
      const path = pathBetween(from, to, [from, ...between, to], WIDTH);
      const level = /L\S+ (\S+)C/.exec(path)?.[1];
      if (level === undefined) return;
      for (const { y, height } of between) expect(Number(level) < y || Number(level) > y + height).toBe(true);
    }),
  );
});
