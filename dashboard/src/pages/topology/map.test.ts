import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contains, overlaps } from './box.ts';
import { between, pan, seen, showing, toMap, toView, zoomAt } from './camera.ts';
import { bodyOf, cellAt, cellBox, cellsFor } from './cells.ts';
import { GridIndex } from './grid-index.ts';
import { HOST } from './layout.ts';
import { exposed } from './scene.ts';

const host = { x: 300, y: 70, ...HOST };

describe('cells', () => {
  it('are inside of their host, over no other, and found again', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3000 }), fc.nat(), (count, any) => {
        const cells = cellsFor(count);
        const index = any % count;
        const box = cellBox(cells, index, host);
        const body = bodyOf(host);
        expect(box.x >= body.x && box.y >= body.y).toBe(true);
        expect(box.x + box.w <= body.x + body.w + 1e-6 && box.y + box.h <= body.y + body.h + 1e-6).toBe(true);
        expect(cellAt(cells, host, { x: box.x + box.w / 2, y: box.y + box.h / 2 })).toBe(index);
      }),
    );
  });

  it('are nowhere beside the containers', () => {
    const cells = cellsFor(3);
    expect(cellAt(cells, host, { x: host.x + HOST.w - 9, y: host.y + HOST.h - 9 })).toBeUndefined();
    expect(cellAt(cells, host, { x: host.x, y: host.y })).toBeUndefined();
    expect(cellAt(cellsFor(0), host, { x: host.x + 10, y: host.y + 50 })).toBeUndefined();
  });
});

it('finds what is at a point and within a rectangle, as looking at everything does', () => {
  const boxes = fc.record({
    x: fc.integer({ min: -500, max: 500 }),
    y: fc.integer({ min: -500, max: 500 }),
    w: fc.integer({ min: 1, max: 300 }),
    h: fc.integer({ min: 1, max: 300 }),
  });
  fc.assert(
    fc.property(fc.array(boxes, { maxLength: 30 }), boxes, (all, asked) => {
      const items = all.map((box) => ({ box }));
      const index = new GridIndex(items, 100);
      expect([...index.within(asked)].length).toBe(items.filter(({ box }) => overlaps(box, asked)).length);
      const found = index.at(asked);
      expect(found !== undefined).toBe(items.some(({ box }) => contains(box, asked)));
    }),
  );
});

describe('the camera', () => {
  const bounds = { x: 0, y: 0, w: 4000, h: 2000 };
  const view = { w: 1000, h: 600 };

  it('shows all of a box in the middle', () => {
    const camera = showing(bounds, view);
    const place = seen(camera, view);
    expect(place.x).toBeLessThanOrEqual(0);
    expect(place.x + place.w).toBeGreaterThanOrEqual(4000);
    const middle = toView(camera, { x: 2000, y: 1000 });
    expect(middle.x).toBeCloseTo(500);
    expect(middle.y).toBeCloseTo(300);
  });

  it('keeps what is under the pointer there while it zooms', () => {
    const at = { x: 420, y: 250 };
    const before = showing(bounds, view);
    const after = zoomAt(before, 1.7, at, bounds, view);
    expect(after.scale).toBeCloseTo(before.scale * 1.7);
    expect(toMap(after, at).x).toBeCloseTo(toMap(before, at).x);
    expect(toMap(after, at).y).toBeCloseTo(toMap(before, at).y);
  });

  it('never loses the map out of sight', () => {
    const moves = fc.array(
      fc.record({ x: fc.integer({ min: -9e5, max: 9e5 }), y: fc.integer({ min: -9e5, max: 9e5 }) }),
    );
    fc.assert(
      fc.property(moves, fc.double({ min: 0.01, max: 100, noNaN: true }), (all, factor) => {
        let camera = zoomAt(showing(bounds, view), factor, { x: 0, y: 0 }, bounds, view);
        for (const by of all) camera = pan(camera, by, bounds, view);
        expect(overlaps(seen(camera, view), bounds)).toBe(true);
      }),
    );
  });

  it('goes from one place to another by way of those between', () => {
    const [from, to] = [showing(bounds, view), showing({ x: 100, y: 100, w: 200, h: 100 }, view)];
    expect(between(from, to, 0)).toEqual(from);
    const end = between(from, to, 1);
    for (const key of ['x', 'y', 'scale'] as const) expect(end[key]).toBeCloseTo(to[key]);
    expect(between({ x: 0, y: 0, scale: 1 }, { x: 10, y: 0, scale: 1 }, 0.5)).toEqual({
      x: 5,
      y: 0,
      scale: 1,
    });
  });
});

it('knows what is free where the picture was moved', () => {
  const all = { x: 0, y: 0, w: 100, h: 50 };
  const free = (dx: number, dy: number) => exposed(all, dx, dy).filter(({ w, h }) => w > 0 && h > 0);
  expect(free(10, 0)).toEqual([{ x: 0, y: 0, w: 10, h: 50 }]);
  expect(free(-10, 0)).toEqual([{ x: 90, y: 0, w: 10, h: 50 }]);
  expect(free(0, -5)).toEqual([{ x: 0, y: 45, w: 100, h: 5 }]);
  expect(free(500, 0)).toEqual([all]);
});
