import { expect, it } from 'vitest';
import { saidBy } from './said-by.ts';

it('names a few of what says the same, and counts all', () => {
  const all = Array.from({ length: 12 }, (_, at) => [`s/web${at + 1}`, 'no image'] as const);
  expect(saidBy('service', [...all, ['s/db', 'no room']])).toEqual([
    { who: 'service s/db', many: false, text: 'no room', names: ['s/db'], count: 1 },
    {
      ...{ who: 'services s/web1, s/web2, s/web3, s/web4, s/web5 and 7 more', many: true, text: 'no image' },
      ...{ names: ['s/web1', 's/web2', 's/web3', 's/web4', 's/web5'], count: 12 },
    },
  ]);
});
