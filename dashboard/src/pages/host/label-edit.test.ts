import { expect, it } from 'vitest';
import { changeOf, differences, type Labels, problemOf, rebase, rowsOf, valuesOf } from './label-edit.ts';

const before = { rack: 'r1', disk: 'ssd', old: 'yes' };
const row = (key: string, value: string, id = 0) => ({ id, key, value });
const own = [row('rack', 'r2'), row('disk', 'ssd'), row('new', '1'), row('', 'no key')];

it('changes what is another one in the form, and nothing else', () => {
  expect(rowsOf(before).map(({ key }) => key)).toEqual(['disk', 'old', 'rack']);
  expect(changeOf(before, rowsOf(before))).toEqual({ add: {}, remove: [] });
  expect(changeOf(before, own)).toEqual({ add: { rack: 'r2', new: '1' }, remove: ['old'] });
});

it('takes no label twice, and none that the manager would refuse', () => {
  const twice = (key: string) => `${key} twice`;
  expect(problemOf(own, twice)).toBeUndefined();
  expect(problemOf([...own, row('rack', 'r3')], twice)).toBe('rack twice');
  expect(problemOf([row('9x', '')], twice)).toContain('"9x" is not a label key');
});

it('tells what others have changed meanwhile, and keeps both where that can be', () => {
  const now = { rack: 'r7', disk: 'ssd', old: 'yes', theirs: 'x' };
  expect(differences(before, now)).toEqual([
    { key: 'rack', before: 'r1', now: 'r7' },
    { key: 'theirs', before: undefined, now: 'x' },
  ]);
  const labels = (keep: 'mine' | 'theirs') =>
    Object.fromEntries(rebase(before, own, now, keep).map(({ key, value }) => [key, value]));
  expect(labels('mine')).toEqual({ rack: 'r2', disk: 'ssd', new: '1', theirs: 'x' });
  expect(labels('theirs')).toEqual({ rack: 'r7', disk: 'ssd', new: '1', theirs: 'x' });
});

it('knows which values hosts have of a label', () => {
  const all: readonly Labels[] = [{ rack: 'r10' }, { rack: 'r9' }, { rack: 'r10', disk: '' }];
  const nodes = all.map((labels) => ({ labels }));
  expect(valuesOf(nodes, 'rack')).toEqual(['r9', 'r10']);
  expect(valuesOf(nodes, 'disk')).toEqual([]);
  expect(valuesOf(nodes, '')).toEqual([]);
});
