import { expect, it } from 'vitest';
import { adoptOrphan, removeOrphan } from './orphan-actions.ts';

const say = (key: string) => key;
const web = { id: 'c1', name: 'web', hostId: 'h-1', hostName: 'h1', state: 'running' };

it('names an orphan with its host: another host may have a copy of the same container', () => {
  expect(adoptOrphan(web, say)).toMatchObject({
    way: { cli: 'berth orphan adopt h1/web', route: 'orphan.adopt', input: { orphan: 'h1/web' } },
  });
  expect(removeOrphan(web, say)).toMatchObject({
    way: { cli: 'berth orphan rm h1/web', route: 'orphan.remove', input: { orphan: 'h1/web' } },
    confirm: { typed: { word: 'web' } },
  });
});

it('says why one cannot be adopted', () => {
  expect(adoptOrphan({ ...web, problem: 'it was being removed' }, say)).toMatchObject({
    whyNot: 'it was being removed',
  });
});
