import { expect, it } from 'vitest';
import type { ContainerView } from '../../../src/contract/v1/containers.ts';
import type { Node } from '../../../src/contract/v1/nodes.ts';
import type { Action } from './action.ts';
import { isGone } from './is-gone.ts';

const known = (complete = true) => ({
  nodes: [{ id: 'n1', name: 'h1' } as Node],
  containers: [{ id: 'c1', name: 'web' } as ContainerView],
  complete,
});
const asks = (route: Action['way']['route'], input: Readonly<Record<string, unknown>> | undefined) => ({
  way: { cli: '', route, ...(input === undefined ? {} : { input }) },
});

it('tells that what a question is about was removed meanwhile', () => {
  expect(isGone(asks('node.delete', { node: 'n1' }), known())).toBe(false);
  expect(isGone(asks('node.delete', { node: 'h1' }), known())).toBe(false);
  expect(isGone(asks('node.delete', { node: 'n3', force: true }), known())).toBe(true);
  expect(isGone(asks('container.remove', { container: 'c1' }), known())).toBe(false);
  expect(isGone(asks('container.remove', { container: 'c2' }), known())).toBe(true);
});

it('claims nothing of what it has not read, or is not about', () => {
  expect(isGone(asks('node.delete', { node: 'n3' }), known(false))).toBe(false);
  expect(isGone(asks('container.list', undefined), known())).toBe(false);
  expect(isGone(asks('cluster.rebalance', {}), known())).toBe(false);
  expect(isGone(asks('volume.remove', { volume: 'v9' }), known())).toBe(false);
});
