import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Fixed, NOBODY_PLACED, type Placed, place, placedText, readPlaced, SPARES } from './spares.ts';

const route = (id: string, plain = true, hash = `hash of ${id}`) => ({ id, plain, hash });
const fixed = (...ids: string[]): Fixed => ({
  base: 'b',
  own: new Map(ids.map((id) => [id, `hash of ${id}`])),
});
const placed = (used: number, ...routes: (readonly [string, number])[]): Placed => ({
  used,
  routes: new Map(routes),
});

describe('where routes are', () => {
  it('is a spare backend for those that come later, each for as long as it is there', () => {
    const first = place(fixed('a'), NOBODY_PLACED, 'b', [route('a'), route('x'), route('y')]);
    expect(first).toEqual(placed(2, ['x', 0], ['y', 1]));
    const second = place(fixed('a'), first, 'b', [route('a'), route('y'), route('z')]);
    expect(second).toEqual(placed(3, ['y', 1], ['z', 2]));
  });

  it.each([
    ['the rest of the configuration is another one', 'other', [route('a'), route('x')]],
    ['a route with a backend of its own has gone', 'b', [route('x')]],
    ['or has other rules', 'b', [route('a', false, 'other'), route('x')]],
    ['one in a spare backend has got rules', 'b', [route('a'), route('x', false)]],
    ['a new one has rules', 'b', [route('a'), route('x'), route('y', false)]],
  ])('is a backend of its own for all where %s', (_, base, routes) => {
    expect(place(fixed('a'), placed(1, ['x', 0]), base, routes)).toEqual(NOBODY_PLACED);
  });

  it('is a backend of its own for all where more come than there are spare ones', () => {
    const many = Array.from({ length: SPARES + 1 }, (_, i) => route(`x${i}`));
    const full = place(fixed(), NOBODY_PLACED, 'b', many.slice(1));
    expect(full.used).toBe(SPARES);
    expect(place(fixed(), full, 'b', many)).toEqual(NOBODY_PLACED);
  });

  it('is known again after a start, but for those that are plain no more', () => {
    const before = placed(3, ['x', 0], ['y', 2]);
    const known = readPlaced(placedText(before));
    expect(known).toEqual(before);
    expect(place(undefined, known, 'b', [route('x', false), route('y'), route('z')])).toEqual(
      placed(3, ['y', 2]),
    );
  });

  it('is not taken from a file that is none', () => {
    for (const text of ['', '{', '[]', '{"used":1,"routes":{"x":1}}', '{"used":2,"routes":{"x":0,"y":0}}'])
      expect(readPlaced(text)).toEqual(NOBODY_PLACED);
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
