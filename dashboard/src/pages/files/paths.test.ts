import { expect, it } from 'vitest';
import { cleanPath, modeText, sorted, within } from './paths.ts';

it.each([
  ['', '/'],
  ['etc//app/.', '/etc/app'],
  ['/etc/../var/', '/var'],
  ['/../..', '/'],
])('cleans %j to %j', (path, clean) => {
  expect(cleanPath(path)).toBe(clean);
});

it('goes into folders', () => {
  expect([within('/', 'etc'), within('/etc', 'a b')]).toEqual(['/etc', '/etc/a b']);
});

it('sorts folders before files, and numbers as numbers', () => {
  const entry = (name: string, kind: 'file' | 'folder') => ({
    ...{ name, kind, size: 0, mode: 0, uid: 0, gid: 0, changedAt: 0 },
  });
  const all = [entry('b10', 'file'), entry('b9', 'file'), entry('z', 'folder'), entry('a', 'folder')];
  expect(sorted(all).map(({ name }) => name)).toEqual(['a', 'z', 'b9', 'b10']);
});

it('shows modes as ls does', () => {
  expect([0o755, 0o640, 0o4755, 0o1777, 0o2640].map(modeText)).toEqual([
    ...['rwxr-xr-x', 'rw-r-----', 'rwsr-xr-x', 'rwxrwxrwt', 'rw-r-S---'],
  ]);
});
