import { beforeEach, describe, expect, it } from 'vitest';
import { agentFrameSchema } from '../../contract/link.ts';
import type { Store } from '../../store/index.ts';
import { brokenPaths, brokenTexts, dataPaths } from '../broken-paths.ts';
import { networkStore, putContainer, putHost, putNetwork } from '../networks/networks.fixture.ts';
import { notePaths } from './host-paths.ts';

let store: Store;
beforeEach(async () => {
  store = await networkStore(6);
  await store.update((tx) => {
    putNetwork(tx, 'x1', ['10.1.0.0/24']);
    for (const i of [1, 2, 3, 4, 5]) putContainer(tx, `c${i}`, `h${i}`, ['x1']);
  });
});

const NOON = Date.UTC(2026, 0, 1, 12, 1);
const silent = { ms: null, reason: 'no answer within 1 s' };
const tell = (paths: Record<string, { ms: number | null; reason: string }>, now: number) =>
  store.update((tx) => notePaths(tx, 'h1', { t: 'paths', paths }, now));
const broken = () => store.view((tx) => brokenTexts(brokenPaths(tx, 'h1', dataPaths(tx, 'h1'))));

describe('data paths of a host', () => {
  it('are told with the time since when they are broken', async () => {
    await tell({ h2: { ms: 0.3, reason: '' }, h3: silent }, NOON);
    await tell({ h3: silent }, NOON + 600_000);
    expect(broken()).toEqual([
      'has a broken data path to h3 (192.0.2.3) since 12:01 UTC: no answer within 1 s',
    ]);
    expect(store.view((tx) => dataPaths(tx, 'h1'))).toMatchObject([
      { name: 'h2', address: '192.0.2.2', ms: 0.3, since: NOON },
      { name: 'h3', ms: null, since: NOON },
    ]);
    await tell({ h3: { ms: 1, reason: '' } }, NOON + 700_000);
    expect(broken()).toEqual([]);
  });

  it('say nothing of hosts that are down, or that share no network with it', async () => {
    await tell({ h2: silent, h3: silent, h6: silent, gone: silent }, NOON);
    await store.update((tx) => putHost(tx, 'h2', { dataAddress: '192.0.2.2', state: 'down' }));
    expect(broken()).toHaveLength(1);
    expect(broken()[0]).toContain('h3');
  });

  it('are kept for hosts of the cluster only, with a reason that is no novel', async () => {
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`nobody${i}`, silent]));
    await tell({ ...many, h2: { ms: null, reason: 'x'.repeat(5_000) }, h3: silent }, NOON);
    const told = () => store.view((tx) => tx.get('hostPaths', 'h1')?.paths ?? {});
    expect(Object.keys(told())).toEqual(['h2', 'h3']);
    expect(told().h2?.reason).toHaveLength(200);
    const read = (paths: object) => agentFrameSchema.safeParse({ t: 'paths', paths }).success;
    expect([read({ h2: silent }), read({ h2: { ms: null, reason: 'x'.repeat(2_001) } })]).toEqual([
      true,
      false,
    ]);
    expect(read({ ['h'.repeat(129)]: silent })).toBe(false);
    await store.update((tx) => tx.delete('hosts', 'h3'));
    await tell({}, NOON);
    expect(Object.keys(told())).toEqual(['h2']);
  });

  it('are counted where they are many', async () => {
    await tell({ h2: silent, h3: silent, h4: silent, h5: silent }, NOON);
    expect(broken().at(-1)).toBe('and to 1 more hosts');
  });
});
