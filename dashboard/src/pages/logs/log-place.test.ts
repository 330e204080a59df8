import { expect, it } from 'vitest';
import { LogPlace } from './log-place.ts';

const told = (place: LogPlace, times: readonly string[]) => times.filter((at) => place.take(at));

it('tells all of an answer, whatever the times of its lines', () => {
  expect(told(new LogPlace(), ['3', '3', '1', '2'])).toEqual(['3', '3', '1', '2']);
});

it('tells none twice where an answer goes on from the last line, and none of the same time less', () => {
  const place = new LogPlace();
  told(place, ['1', '2', '2']);
  place.resume();
  expect(told(place, ['2', '2', '2', '3', '1'])).toEqual(['2', '3', '1']);
  expect(place.at).toBe('1');
  place.resume();
  place.resume();
  expect(told(place, ['1'])).toEqual([]);
  place.resume();
  // What had that time was let go by the engine.
  expect(told(place, ['4', '1'])).toEqual(['4', '1']);
});
