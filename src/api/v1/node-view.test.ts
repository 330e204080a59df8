import { expect, it } from 'vitest';
import { notePaths } from '../agents/host-paths.ts';
import { networkStore, putContainer, putNetwork } from '../networks/networks.fixture.ts';
import type { ApiDeps } from './deps.ts';
import { nodeList, nodeView } from './node-view.ts';
import { clusterStatus } from './status.ts';

const HOSTS = 12;
const deps = { version: '', ca: { fingerprint: '' }, clock: { now: () => 0 } } as ApiDeps;

async function talkative() {
  const store = await networkStore(HOSTS);
  const ids = Array.from({ length: HOSTS }, (_, i) => `h${i + 1}`);
  await store.update((tx) => {
    putNetwork(tx, 'x1', ['10.1.0.0/24']);
    for (const id of ids) putContainer(tx, `c-${id}`, id, ['x1']);
    const paths = Object.fromEntries(
      ids.map((id) => [id, id === 'h3' ? { ms: null, reason: 'no answer' } : { ms: 1, reason: '' }]),
    );
    for (const id of ids) notePaths(tx, id, { t: 'paths', paths }, 0);
  });
  return store;
}

it('looks once at what is on each host, however many paths the hosts have told', async () => {
  const store = await talkative();
  store.view((tx) => {
    let looks = 0;
    const counting: typeof tx = {
      get: tx.get.bind(tx),
      all: tx.all.bind(tx),
      count: tx.count.bind(tx),
      by: (table, index, value) => {
        // Asked for by nothing but the networks of a host.
        if (table === 'addresses' && index === 'host') looks++;
        return tx.by(table, index, value);
      },
    };
    nodeList(counting);
    expect(looks).toBe(HOSTS);
    clusterStatus(counting, deps);
    expect(looks).toBe(2 * HOSTS);
  });
});

it('gives all paths of one host, and of a list of hosts how many are broken', async () => {
  const store = await talkative();
  store.view((tx) => {
    const h1 = tx.get('hosts', 'h1') ?? expect.fail();
    expect(nodeView(tx, h1).paths).toHaveLength(HOSTS);
    const listed = nodeList(tx).find(({ id }) => id === 'h1');
    expect(listed?.paths).toBeUndefined();
    expect(listed?.brokenPaths).toBe(1);
    expect(listed?.reason).toContain('has a broken data path to h3 (192.0.2.3)');
  });
});

it('tells of a router where one runs or should, and of none where an agent has none', async () => {
  const store = await networkStore(1);
  const said = async (serving: boolean, error: string) => {
    await store.update((tx) =>
      tx.put('hostRouters', { kind: 'host-router', id: 'h1', seq: 1, serving, error, draining: [] }),
    );
    return store.view((tx) => {
      const host = tx.get('hosts', 'h1');
      return host && nodeView(tx, host).router;
    });
  };
  expect(await said(false, '')).toBeUndefined();
  expect(await said(true, '')).toEqual({ serving: true, error: '' });
  expect(await said(false, 'no image')).toEqual({ serving: false, error: 'no image' });
});
