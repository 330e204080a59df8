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

it('names a few of many hosts, and counts the others', () => {
  const all = Array.from({ length: 1000 }, (_, at) => [`h${at + 1}`, 'no image'] as const);
  expect(saidByHosts(all)).toEqual([
    { who: 'hosts h1, h2, h3, h4, h5 and 995 more', many: true, text: 'no image' },
  ]);
});
