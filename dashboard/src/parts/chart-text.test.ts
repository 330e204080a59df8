import { describe, expect, it } from 'vitest';
import { byteStep, extremesOf, limitAlong, lonelyPoints, stacked } from './chart-text.ts';

describe('a line in a few numbers', () => {
  it('leaves out what is not known', () => {
    expect(extremesOf([null, 1, 5, null, 3])).toEqual({ now: 3, least: 1, most: 5, mean: 3 });
    const none = { now: undefined, least: undefined, most: undefined, mean: undefined };
    expect(extremesOf([null, null])).toEqual(none);
    expect(extremesOf([])).toEqual(none);
  });

  it('is not of now where nothing has come for a while', () => {
    expect(extremesOf([4, 4, null, null]).now).toBe(4);
    expect(extremesOf([4, 4, null, null, null]).now).toBeUndefined();
  });
});

it('lines that lie on each other have in them what is below', () => {
  const lines = [
    { label: 'a', values: [1, 2, null] },
    { label: 'b', values: [10, null, 30] },
    { label: 'c', values: [100, 200, 300] },
  ];
  expect(stacked(lines).map(({ values }) => values)).toEqual([
    [1, 2, null],
    [11, null, null],
    [111, null, null],
  ]);
});

it('points with nothing known beside them are found: no line leads to them', () => {
  expect(lonelyPoints([1, null, 2, 3, null, 4])).toEqual([0, 5]);
  expect(lonelyPoints([null, 0, undefined])).toEqual([1]);
  expect(lonelyPoints([1, 2])).toEqual([]);
});

it('a limit is where it is while there is nothing of what it limits, and not where nothing is known', () => {
  expect(limitAlong([0, 2, null], 4)).toEqual([4, 4, null]);
});

it('steps of an axis of bytes are round ones', () => {
  const MIB = 1024 * 1024;
  expect(byteStep(4, 4)).toBe(1);
  expect(byteStep(900 * MIB, 4)).toBe(256 * MIB);
  expect(byteStep(3 * 1024 * MIB, 4)).toBe(1024 * MIB);
  expect(byteStep(0, 4)).toBe(1);
});
