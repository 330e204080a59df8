import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Orphan } from '../../model/life.ts';
import { assignmentOf } from '../agents/assignment-of.ts';
import { networkId, networkStore, putContainer, putHost, putNetwork } from '../networks/networks.fixture.ts';
import { endpointIn } from '../networks/spanning.ts';
import { type ApiFixture, startApi } from './api.fixture.ts';

let api: ApiFixture;
beforeEach(async () => {
  api = await startApi();
});
afterEach(() => api.close());

/** Containers of a state that is newer than this one. */
async function orphans(names: readonly string[]): Promise<Orphan[]> {
  const later = await networkStore();
  return later.update((tx) => {
    putNetwork(tx, 'x1', ['10.1.0.0/24']);
    return names.map((name): Orphan => {
      const { id, name: _, ...held } = assignmentOf(tx, putContainer(tx, name, 'h1', ['x1']));
      return { kind: 'orphan', id, name, hostId: 'h1', held };
    });
  });
}

it('an orphan that is being removed keeps its address until its host has done so', async () => {
  const [web] = await orphans(['web']);
  if (web === undefined) expect.fail();
  await api.store.update((tx) => {
    putHost(tx, 'h1');
    tx.put('orphans', web);
  });
  await api.root.call('orphan.remove', { orphan: 'web' });
  api.store.view((tx) => {
    expect(tx.get('containers', web.id)?.desired.state).toBe('removed');
    expect(tx.count('orphans')).toBe(0);
    expect(endpointIn(tx, web.id, networkId('x1'))?.ipv4).toBe('10.1.0.2');
  });
});

it('of a host that has not reported since the manager started is in an unknown state', async () => {
  const [web] = await orphans(['web']);
  if (web === undefined) expect.fail();
  await api.store.update((tx) => {
    putHost(tx, 'h1', { reported: false });
    tx.put('orphans', web);
  });
  expect((await api.root.call('orphan.list')).orphans).toMatchObject([{ state: 'unknown' }]);
  await api.store.update((tx) => putHost(tx, 'h1'));
  expect((await api.root.call('orphan.list')).orphans).toMatchObject([{ state: 'gone' }]);
});

it('one of two copies can be removed: the other one keeps the address', async () => {
  const [web] = await orphans(['web']);
  if (web === undefined) expect.fail();
  await api.store.update((tx) => {
    for (const hostId of ['h1', 'h2']) {
      putHost(tx, hostId);
      tx.put('orphans', { ...web, hostId });
    }
  });
  await api.root.call('orphan.remove', { orphan: 'h1/web' });
  api.store.view((tx) => {
    expect(tx.get('orphans', `h2/${web.id}`)).toBeDefined();
    expect(tx.get('containers', web.id)?.desired.state).toBe('removed');
  });
});
