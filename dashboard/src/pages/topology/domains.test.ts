import { expect, it } from 'vitest';
import { domainsOf, figuresOf, hostsIn, wayTo } from './domains.ts';
import { hostOf } from './fixture.ts';
import { treeRows } from './tree-rows.ts';

const LABELS = ['datacenter', 'switch', 'rack'];
const hosts = [
  hostOf('h10', { datacenter: 'east', rack: 'r1' }),
  hostOf('h2', { datacenter: 'east', rack: 'r1' }),
  hostOf('h3', { datacenter: 'west', rack: 'r1' }),
  hostOf('h4', { datacenter: 'west' }),
];

it('has a level for each label that a host has, widest first, and one domain for those without', () => {
  const root = domainsOf(hosts, LABELS);
  const shape = root.children.map(({ label, value, children }) => [
    `${label}=${value}`,
    ...children.map((one) => `${one.label}=${one.value}: ${one.hosts.map(({ name }) => name)}`),
  ]);
  expect(shape).toEqual([
    ['datacenter=east', 'rack=r1: h2,h10'],
    ['datacenter=west', 'rack=r1: h3', 'rack=: h4'],
  ]);
  // Two racks of one name are two.
  expect(root.children[0]?.children[0]?.key).not.toBe(root.children[1]?.children[0]?.key);
  expect(domainsOf([hostOf('h1')], LABELS)).toMatchObject({ children: [], hosts: [{ name: 'h1' }] });
});

it('is listed as it is drawn, without what is in closed domains', () => {
  const root = domainsOf(hosts, LABELS);
  const names = (isOpen: (key: string) => boolean) =>
    treeRows(root, ({ key }) => isOpen(key)).map(({ level, domain, node, place, of }) =>
      [level, node?.name ?? domain?.value, `${place}/${of}`].join(' '),
    );
  expect(names(() => true)).toEqual([
    ...['0  1/1', '1 east 1/2', '2 r1 1/1', '3 h2 1/2', '3 h10 2/2'],
    ...['1 west 2/2', '2 r1 1/2', '3 h3 1/1', '2  2/2', '3 h4 1/1'],
  ]);
  expect(names((key) => key === '' || key === '/west')).toEqual([
    ...['0  1/1', '1 east 1/2', '1 west 2/2', '2 r1 1/2', '2  2/2'],
  ]);
});

it('finds the way to a host, and sums what is in a domain', () => {
  const engine = { cpus: 4, memory: 1000 } as never;
  const loaded = [
    hostOf('a', {}, { engine, reserved: { cpuMilli: 500, memory: 100 } }),
    hostOf('b', {}, { state: 'down', containers: { managed: 2, unmanaged: 1, running: 1 } }),
  ];
  const root = domainsOf(hosts, LABELS);
  const way = wayTo(root, (one) => one.hosts.some(({ name }) => name === 'h4'));
  expect(way.map(({ value }) => value)).toEqual(['', 'west', '']);
  expect(wayTo(root, () => false)).toEqual([]);
  expect(hostsIn(root).length).toBe(4);
  expect(figuresOf(loaded)).toEqual({
    ...{ hosts: 2, ready: 1, containers: 3, running: 1 },
    ...{ reserved: { cpuMilli: 500, memory: 100 }, capacity: { cpuMilli: 4000, memory: 1000 } },
  });
});
