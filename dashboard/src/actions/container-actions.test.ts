import { expect, it } from 'vitest';
import type { ContainerView } from '../../../src/contract/v1/containers.ts';
import { containerActions, rareContainerActions } from './container-actions.ts';

const t = (key: string) => key;
const container = (state: string): ContainerView => ({
  ...{ id: 'c1', name: 'web', managed: true, hostId: 'h3', hostName: 'h3', image: 'web:1', command: '' },
  ...{ state, health: 'none', exitCode: 0, createdAt: 1, startedAt: 0, ports: [] },
});
const ids = (state: string) => containerActions(container(state), t).map(({ id }) => id);

it('offers what the state allows', () => {
  expect(ids('running')).toEqual(['restart', 'stop', 'remove']);
  expect(ids('exited')).toEqual(['start', 'remove']);
  expect(ids('created')).toEqual(['start', 'remove']);
});

it('does not offer to start what may run, as its host has not reported it', () => {
  expect(ids('pending')).toEqual(['remove']);
  expect(rareContainerActions(container('pending'), t)).toEqual([]);
});
