import { expect, it } from 'vitest';
import type { ContainerView } from '../../../../src/contract/v1/containers.ts';
import { curlText } from '../../parts/copy.tsx';
import { stepsOf, wayOf } from './bulk.ts';

const t = (key: string) => key;
const container = (id: string, state: string): ContainerView => ({
  ...{ id, name: `name-${id}`, managed: true, hostId: 'h', hostName: 'h1', image: 'nginx:1', command: '' },
  ...{ state, health: 'none', exitCode: 0, createdAt: 0, startedAt: 0, ports: [] },
});
const all = [container('a', 'running'), container('b', 'exited'), container('c', 'paused')];
const names = (id: Parameters<typeof stepsOf>[0]) => {
  const { steps, skipped } = stepsOf(id, all, t);
  return [skipped, ...steps.map((step) => step.container.id)];
};

it('does to each what can be done to it as it is', () => {
  expect(names('start')).toEqual([2, 'b']);
  expect(names('stop')).toEqual([1, 'a', 'c']);
  expect(names('restart')).toEqual([1, 'a', 'c']);
  expect(names('remove')).toEqual([0, 'a', 'b', 'c']);
});

it('says the same on one command line, and as a call for each', () => {
  const of = (id: Parameters<typeof stepsOf>[0]) => wayOf(id, stepsOf(id, all, t).steps);
  expect(of('stop')?.cli).toBe('docker stop name-a name-c');
  expect(of('remove')?.cli).toBe('docker rm -f name-a name-b name-c');
  expect(wayOf('start', [])).toBeUndefined();
  const way = of('remove');
  const lines = way === undefined ? [] : curlText(way, 'https://berth').split('\n');
  expect(lines.map((line) => /containers\/\S+/.exec(line)?.[0])).toEqual([
    ...["containers/a?force=true'", 'containers/b', "containers/c?force=true'"],
  ]);
});
