import { expect, it } from 'vitest';
import { saidByHosts } from './said-by-hosts.ts';

it('says once what several hosts say', () => {
  expect(
    saidByHosts([
      ['h10', 'no image'],
      ['h2', 'port 80 is taken'],
      ['h1', 'no image'],
    ]),
  ).toEqual([
    { who: 'hosts h1, h10', many: true, text: 'no image' },
    { who: 'host h2', many: false, text: 'port 80 is taken' },
  ]);
  expect(saidByHosts([])).toEqual([]);
});
