import { expect, it } from 'vitest';
import type { ContainerView } from '../../../../src/contract/v1/containers.ts';
import { choicesOf, filterOf, finderOf, isFiltered, searchOf, withChosen } from './filter.ts';

const container = (id: string, more: Partial<ContainerView> = {}): ContainerView => ({
  ...{ id, name: id, managed: true, hostId: 'h', hostName: 'h1', image: 'nginx:1', command: '' },
  ...{ state: 'running', health: 'none', exitCode: 0, createdAt: 0, startedAt: 0, ports: [] },
  ...more,
});
const all = [
  container('web1', { service: { stack: 'shop', name: 'web' }, health: 'healthy' }),
  container('api1', { service: { stack: 'shop', name: 'api' }, health: 'unhealthy', hostName: 'h2' }),
  container('web2', { service: { stack: 'blog', name: 'web' }, state: 'exited' }),
  container('plain1', { managed: false, image: 'busybox' }),
  container('router1', { managed: false, router: true }),
];
const stateOf = ({ state }: ContainerView) => state;
const found = (search: Parameters<typeof filterOf>[0]) =>
  all.filter(finderOf(filterOf(search), stateOf)).map(({ id }) => id);

it.each([
  [{}, ['web1', 'api1', 'web2', 'plain1', 'router1']],
  [{ stack: 'shop' }, ['web1', 'api1']],
  [{ stack: 'shop', service: 'web' }, ['web1']],
  [{ service: 'web' }, ['web1', 'api1', 'web2', 'plain1', 'router1']],
  [{ health: 'unhealthy' }, ['api1']],
  [{ health: 'none', made: 'cluster' }, ['web2']],
  [{ made: 'plain' }, ['plain1']],
  [{ made: 'system' }, ['router1']],
  [{ state: 'exited', host: 'h1' }, ['web2']],
  [{ q: ' WEB nginx ' }, ['web1', 'web2']],
  [{ q: 'pla bus' }, ['plain1']],
])('finds what %o asks for', (search, ids) => {
  expect(found(search)).toEqual(ids);
});

it('offers what there is, and services of the stack that is chosen', () => {
  expect(choicesOf(all, stateOf, 'shop')).toEqual({
    states: ['exited', 'running'],
    healths: ['healthy', 'none', 'unhealthy'],
    stacks: ['blog', 'shop'],
    services: ['api', 'web'],
  });
  expect(choicesOf(all, stateOf, '').services).toEqual([]);
  expect(withChosen(['a'], 'gone')).toEqual(['a', 'gone']);
});

it('has in an address what is chosen, and nothing else', () => {
  expect(searchOf(filterOf({ q: 'x', stack: 'shop', service: 'web' }))).toEqual({
    ...{ q: 'x', stack: 'shop', service: 'web' },
  });
  expect(isFiltered(filterOf({ service: 'web' }))).toBe(false);
  expect(isFiltered(filterOf({ made: 'plain' }))).toBe(true);
});
