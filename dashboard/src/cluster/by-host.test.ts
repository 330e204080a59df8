import { expect, it } from 'vitest';
import type { ContainerView } from '../../../src/contract/v1/containers.ts';
import { ByHost } from './by-host.ts';

const on = (hostId: string, id: string) => ({ id, name: `name-${id}`, hostId }) as ContainerView;
const ids = (found: readonly ContainerView[]) => found.map(({ id }) => id);

it('knows what is on each host, also what has moved to another one', () => {
  const containers = new ByHost();
  expect(containers.list('h1')).toEqual([]);
  containers.change(undefined, on('h1', 'b'));
  containers.change(undefined, on('h1', 'a'));
  expect(ids(containers.list('h1'))).toEqual(['a', 'b']);
  containers.change(on('h1', 'a'), on('h2', 'a'));
  expect(ids(containers.list('h1'))).toEqual(['b']);
  expect(ids(containers.list('h2'))).toEqual(['a']);
  containers.change(on('h2', 'a'), undefined);
  expect(containers.list('h2')).toEqual([]);
});

it('has another list only for the hosts of what has changed', () => {
  const containers = new ByHost();
  containers.change(undefined, on('h1', 'a'));
  containers.change(undefined, on('h2', 'b'));
  const [first, second] = [containers.list('h1'), containers.list('h2')];
  containers.change(on('h1', 'a'), on('h1', 'a'));
  expect(containers.list('h1')).not.toBe(first);
  expect(containers.list('h2')).toBe(second);
});
