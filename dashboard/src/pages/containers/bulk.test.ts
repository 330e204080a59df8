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
  const { steps, skipped } = stepsOf(id, all, t, () => ({ state: 'ready' }));
  return [skipped, ...steps.map((step) => step.container.id)];
};

it('does to each what can be done to it as it is', () => {
  expect(names('start')).toEqual([2, 'b']);
  expect(names('stop')).toEqual([1, 'a', 'c']);
  expect(names('restart')).toEqual([1, 'a', 'c']);
  expect(names('remove')).toEqual([0, 'a', 'b', 'c']);
});

it('says the same on one command line, and as a call for each', () => {
  const of = (id: Parameters<typeof stepsOf>[0]) => wayOf(id, stepsOf(id, all, t, () => undefined).steps);
  expect(of('stop')?.cli).toBe('docker stop name-a name-c');
  expect(of('remove')?.cli).toBe('docker rm -f name-a name-b name-c');
  expect(wayOf('start', [])).toBeUndefined();
  const way = of('remove');
  const lines = way === undefined ? [] : curlText(way, 'https://berth').split('\n');
  expect(lines.map((line) => /containers\/\S+/.exec(line)?.[0])).toEqual([
    ...["containers/a?force=true'", 'containers/b', "containers/c?force=true'"],
  ]);
});

it('leaves out, and counts, those that a host which is down would have to do', () => {
  const down = { ...container('d', 'exited'), hostId: 'h2' };
  const plain = { ...container('p', 'running'), hostId: 'h2', managed: false };
  const of = (id: Parameters<typeof stepsOf>[0]) => {
    const { steps, skipped, away } = stepsOf(id, [...all, down, plain], t, ({ hostId }) => ({
      state: hostId === 'h2' ? 'down' : 'ready',
    }));
    return { skipped, away, steps: steps.map((one) => `${one.container.id}${one.isAway ? ' away' : ''}`) };
  };
  expect(of('start')).toEqual({ skipped: 3, away: 1, steps: ['b'] });
  expect(of('stop')).toEqual({ skipped: 2, away: 1, steps: ['a', 'c'] });
  expect(of('remove')).toEqual({ skipped: 0, away: 1, steps: ['a', 'b', 'c', 'd away'] });
});
