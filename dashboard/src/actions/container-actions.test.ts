import { expect, it } from 'vitest';
import type { ContainerView } from '../../../src/contract/v1/containers.ts';
import { waysAtOnce } from './action.ts';
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

it('says of what a host that is down would have to do that it cannot', () => {
  const down = { state: 'down' } as const;
  const shut = (state: string, host?: { state: 'down' | 'suspect' }, managed = true) =>
    [containerActions, rareContainerActions].flatMap((of) =>
      of({ ...container(state), managed }, t, host)
        .filter(({ whyNot }) => whyNot !== undefined)
        .map(({ id, whyNot }) => `${id} ${whyNot}`),
    );
  expect(shut('exited', down)).toEqual(['start action.away']);
  expect(shut('paused', down)).toEqual(['restart action.away', 'stop action.away', 'unpause action.away']);
  expect(shut('running', down).map((one) => one.split(' ')[0])).toEqual([
    ...['restart', 'stop', 'pause', 'kill'],
    ...['TERM', 'INT', 'HUP', 'QUIT', 'USR1', 'USR2'].map((signal) => `kill-${signal}`),
  ]);
  expect(shut('exited', down, false)).toEqual(['start action.away', 'remove action.away']);
  for (const host of [undefined, { state: 'suspect' } as const])
    expect([...shut('running', host), ...shut('exited', host, false)]).toEqual([]);
});

it('gives up what is on a host that is down by force, as it is not removed otherwise', () => {
  const removal = (state: string, host?: { state: 'down' }) =>
    containerActions(container(state), t, host).find(({ id }) => id === 'remove');
  expect(removal('exited')?.way).toMatchObject({ cli: 'docker rm web', input: { container: 'c1' } });
  expect(removal('running')?.confirm?.texts).toContain('action.remove.running');
  for (const state of ['exited', 'running', 'pending']) {
    const { way, confirm } = removal(state, { state: 'down' }) ?? {};
    expect(way).toMatchObject({ cli: 'docker rm -f web', input: { container: 'c1', force: true } });
    expect(confirm?.texts).toEqual(['action.remove.away', 'action.remove.text']);
  }
});

it('has no way to copy of what cannot be done now', () => {
  const ways = (host?: { state: 'down' }) =>
    waysAtOnce(containerActions(container('exited'), t, host)).map(({ title }) => title);
  expect(ways()).toEqual(['action.start']);
  expect(ways({ state: 'down' })).toEqual([]);
});
