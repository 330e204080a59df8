import { expect, it } from 'vitest';
import { afterFailure, type PullTry } from './pulls.ts';

it('tries again after a time that doubles, up to five minutes', () => {
  const pauses: number[] = [];
  let last: PullTry | undefined;
  for (let i = 0; i < 9; i++) {
    last = afterFailure(last, `no such host ${i}`, 1_000);
    pauses.push((last.nextAt - 1_000) / 1_000);
  }
  expect(pauses).toEqual([5, 10, 20, 40, 80, 160, 300, 300, 300]);
  expect(last).toMatchObject({ tries: 9, error: 'no such host 8' });
});
