import { afterEach, beforeEach, expect, it } from 'vitest';
import type { HostTrust } from '../../model/host.ts';
import { type ApiFixture, containerRecord, hostRecord, startApi } from './api.fixture.ts';

let api: ApiFixture;
beforeEach(async () => {
  api = await startApi();
  await api.store.update((tx) => {
    tx.put('hosts', hostRecord('h1', 'alpha'));
    tx.put('hosts', hostRecord('h2', 'beta'));
    tx.put('containers', containerRecord('c1', 'web', 'h1'));
    tx.put('containers', containerRecord('c2', 'held', 'h1'));
  });
});
afterEach(() => api.close());

const stays = [{ id: 'c2', name: 'held', from: 'alpha', reason: 'is held' }];
const web = [{ id: 'c1', name: 'web', from: 'alpha', to: 'beta' }];

it('shows a drain before it is done, then how far it has come, hosts by name', async () => {
  const { call } = api.root;
  expect(await call('node.drained', { node: 'alpha' })).toMatchObject({ state: 'none' });
  const planned = await call('node.drain', { node: 'alpha', dryRun: true });
  expect(planned).toEqual({ state: 'planned', waiting: web, moved: [], stays });
  expect(await call('node.drain', { node: 'alpha' })).toMatchObject({ state: 'running', waiting: web });
  expect(await call('node.drained', { node: 'alpha' })).toEqual({
    state: 'done',
    waiting: [],
    moved: web,
    stays,
  });
  const { entries } = await call('audit.list', { action: 'node.drain' });
  expect(entries.map(({ target }) => target)).toEqual(['alpha', 'alpha (dry run)']);
});

it('rebalances, and lets an operator say that a host is gone', async () => {
  const { call } = api.root;
  expect(await call('cluster.rebalance', { dryRun: true })).toMatchObject({ state: 'planned' });
  await call('cluster.rebalance', {});
  expect(await call('cluster.rebalanced')).toMatchObject({ state: 'done' });
  expect(await call('node.failover', { node: 'beta' })).toMatchObject({ name: 'beta' });
  const { entries } = await call('audit.list', {});
  expect(entries.map(({ action, target }) => `${action} ${target}`)).toContain('cluster.rebalance (dry run)');
  expect(entries.map(({ action, target }) => `${action} ${target}`)).toContain('cluster.rebalance ');
  await expect(call('node.failover', { node: 'alpha' })).rejects.toThrow(/is not down/);
});

it('shows in node and status what fail-over and flapping have to say', async () => {
  await api.store.update((tx) => {
    const reason = '2 containers not moved: db: no room';
    tx.put('hostFailovers', { kind: 'host-failover', id: 'h1', held: false, reason, waiting: [] });
    const rest: HostTrust = {
      kind: 'host-trust',
      id: 'h2',
      downs: [1, 2],
      restUntil: 9,
      reason: 'was down 2 times within an hour',
    };
    tx.put('hostTrust', rest);
  });
  expect(await api.root.call('node.get', { node: 'alpha' })).toMatchObject({
    reason: '2 containers not moved: db: no room',
    failover: { held: false, waiting: [] },
  });
  expect((await api.root.call('node.get', { node: 'beta' })).reason).toBe('was down 2 times within an hour');
  const { warnings } = await api.root.call('cluster.status');
  expect(warnings).toEqual(
    expect.arrayContaining([
      'host alpha: 2 containers not moved: db: no room',
      'host beta was down 2 times within an hour',
    ]),
  );
});

it('asks for an admin', async () => {
  const { call } = api.client(api.tokens.operator);
  await expect(call('node.drain', { node: 'alpha' })).rejects.toMatchObject({ code: 'forbidden' });
  await expect(call('cluster.rebalance', {})).rejects.toMatchObject({ code: 'forbidden' });
});
