import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Fixed,
  keptText,
  NOBODY_PLACED,
  NOTHING_KEPT,
  type Placed,
  place,
  readKept,
  SPARES,
  type SpareKind,
} from './spares.ts';

const route = (id: string, spare: SpareKind | undefined = 'plain', hash = `hash of ${id}`) => ({
  ...{ id, spare, hash },
});
const ruled = (id: string, hash?: string) => ({ ...route(id, 'plain', hash), spare: undefined });
const fixed = (...ids: string[]): Fixed => ({
  base: 'b',
  own: new Map(ids.map((id) => [id, `hash of ${id}`])),
});
const placed = (plain: number, ...routes: (readonly [string, number])[]): Placed => ({
  used: { plain, sticky: 0 },
  routes: new Map(routes),
});

const text = (plain: number, routes: object) =>
  JSON.stringify({ used: { plain, sticky: 0 }, routes, gone: {} });

describe('where routes are', () => {
  it('is a spare backend for those that come later, each for as long as it is there', () => {
    const first = place(fixed('a'), NOBODY_PLACED, 'b', [route('a'), route('x'), route('y')]);
    expect(first).toEqual(placed(2, ['x', 0], ['y', 1]));
    const second = place(fixed('a'), first, 'b', [route('a'), route('y'), route('z')]);
    expect(second).toEqual(placed(3, ['y', 1], ['z', 2]));
  });

  it.each([
    ['the rest of the configuration is another one', 'other', [route('a'), route('x')]],
    ['a route has other rules', 'b', [ruled('a', 'other'), route('x')]],
    ['a route has lost its rules', 'b', [route('a', 'plain', 'other'), route('x')]],
    ['one in a spare backend has got rules', 'b', [route('a'), ruled('x')]],
    ['a new one has rules', 'b', [route('a'), route('x'), ruled('y')]],
  ])('is a backend of its own for all where %s', (_, base, routes) => {
    expect(place(fixed('a'), placed(1, ['x', 0]), base, routes)).toEqual(NOBODY_PLACED);
  });

  it('is a backend of its own for all where more come than there are spare ones', () => {
    const many = Array.from({ length: SPARES + 1 }, (_, i) => route(`x${i}`));
    const full = place(fixed(), NOBODY_PLACED, 'b', many.slice(1));
    expect(full.used.plain).toBe(SPARES);
    expect(place(fixed(), full, 'b', many)).toEqual(NOBODY_PLACED);
    // There are others of the other kind.
    const sticky = place(fixed(), full, 'b', [...many.slice(1), route('s', 'sticky')]);
    expect(sticky.routes.get('s')).toBe(SPARES);
    expect(readKept(keptText({ placed: sticky, gone: new Map() })).placed).toEqual(sticky);
  });

  it('is a backend of the other kind for one that has become sticky', () => {
    const before = placed(1, ['x', 0]);
    expect(place(fixed('a'), before, 'b', [route('a'), route('x', 'sticky')])).toEqual({
      ...{ used: { plain: 1, sticky: 1 }, routes: new Map([['x', SPARES]]) },
    });
  });

  it('is the same for all where some of those with backends of their own have gone, not too many', () => {
    const ids = Array.from({ length: 300 }, (_, i) => `a${i}`);
    const some = ids.slice(100).map((id) => route(id));
    expect(place(fixed(...ids), placed(1, ['x', 0]), 'b', [...some, route('x')])).toEqual(
      placed(1, ['x', 0]),
    );
    expect(place(fixed(...ids), placed(1, ['x', 0]), 'b', [route('x')])).toBe(NOBODY_PLACED);
  });

  it('is known again after a start, but for those that are plain no more', () => {
    const before = placed(3, ['x', 0], ['y', 2]);
    const gone = new Map([['g', { fixed: 'backend http:g', backends: { 'http:g': true } }]]);
    const known = readKept(keptText({ placed: before, gone }));
    expect(known).toEqual({ placed: before, gone });
    expect(place(undefined, known.placed, 'b', [ruled('x'), route('y'), route('z')])).toEqual(
      placed(3, ['y', 2]),
    );
  });

  it('is not taken from a file that is none', () => {
    for (const one of ['', '{', '[]', '{"used":1,"routes":{}}', text(1, { x: 1 }), text(2, { x: 0, y: 0 })])
      expect(readKept(one)).toEqual(NOTHING_KEPT);
  });

  it('is never one backend for two, nor for one after the other', () => {
    const states = fc.array(fc.uniqueArray(fc.integer({ min: 0, max: 60 }), { maxLength: 20 }));
    fc.assert(
      fc.property(states, (all) => {
        const owner = new Map<number, string>();
        let now = NOBODY_PLACED;
        for (const ids of all) {
          now = place(
            fixed(),
            now,
            'b',
            ids.map(String).map((id) => route(id)),
          );
          if (now === NOBODY_PLACED) owner.clear();
          for (const [id, number] of now.routes) {
            expect(owner.get(number) ?? id).toBe(id);
            owner.set(number, id);
          }
        }
      }),
    );
  });
});
