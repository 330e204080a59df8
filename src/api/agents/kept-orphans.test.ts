import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../kit/clock.ts';
import { silentLogger } from '../../kit/logger.ts';
import type { Orphan } from '../../model/life.ts';
import { defaultSettings } from '../../model/settings.ts';
import { FakeDisk } from '../../store/fake-disk.fixture.ts';
import { newJournalledStore } from '../../store/memory/store.ts';
import type { Store } from '../../store/store.ts';
import { networkId, networkStore, putContainer, putHost, putNetwork } from '../networks/networks.fixture.ts';
import { assignmentOf } from './assignment-of.ts';
import { KeptOrphans } from './kept-orphans.ts';
import { ToldOrphans } from './told-orphans.ts';

let disk: FakeDisk;
let store: Store;
let kept: KeptOrphans;
/** With 10.1.0.2 on x1, which was made after the backup as well. */
let web: Orphan;

function start(): void {
  store = newJournalledStore(disk);
  kept = new KeptOrphans({ store, logger: silentLogger });
}
async function restart(): Promise<void> {
  kept.close();
  await store.close();
  start();
}
/** As a connection of its host does it. */
async function tell(...orphans: readonly Orphan[]): Promise<void> {
  const events = { add: () => {}, subscribe: () => () => {} };
  const told = new ToldOrphans(
    { store, events, clock: systemClock, logger: silentLogger },
    { hostId: 'h1', hostName: 'h1' },
  );
  await told.add(orphans.map(({ kind: _, hostId: __, ...orphan }) => orphan));
  await told.end();
  await settled();
}
const settled = async () => {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
};
const known = () => store.view((tx) => [...tx.all('orphans')].map(({ hostId, name }) => `${hostId}/${name}`));
/** What a network of the same kind gets that is made now. */
const made = () =>
  store.update((tx) => {
    const { vni, pools } = putNetwork(tx, 'x2', []).span;
    return { vni, subnet: pools[0]?.subnet };
  });

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const later = await networkStore();
  web = await later.update((tx) => {
    putNetwork(tx, 'x1', []);
    const { id, name, ...held } = assignmentOf(tx, putContainer(tx, 'web', 'h1', ['x1']));
    return { kind: 'orphan', id, name, hostId: 'h1', held };
  });
  disk = new FakeDisk();
  start();
  await store.update((tx) => {
    tx.put('settings', { kind: 'settings', clusterId: 'c', settings: defaultSettings });
    for (const id of ['h1', 'h2']) putHost(tx, id);
  });
});
afterEach(async () => {
  kept.close();
  await store.close();
  vi.useRealTimers();
});

describe('what an orphan holds', () => {
  it('is nobody else’s from the start of the manager on', async () => {
    const { vni, pools } = web.held?.needs.networks[0]?.span ?? expect.fail();
    await tell(web);
    await restart();
    expect(known()).toEqual(['h1/web']);
    const other = await made();
    expect(other.vni).toBe((vni ?? 0) + 1);
    expect(other.subnet).not.toBe(pools[0]?.subnet);
    await store.update((tx) => {
      // The network is known again, by another orphan that was taken in.
      const span = web.held?.needs.networks[0]?.span ?? expect.fail();
      const base = { createdAt: 0, createdBy: 'root', spec: { Name: 'x1' } };
      tx.put('networks', { kind: 'network', id: networkId('x1'), name: 'x1', ...base, span });
      putContainer(tx, 'db', 'h2', ['x1']);
      const ips = [...tx.by('addresses', 'network', networkId('x1'))].map(({ ip }) => ip);
      expect(ips).not.toContain(web.held?.needs.networks[0]?.endpoint?.ipv4);
    });
  });

  it('stays so through another start, and is forgotten once its host tells that it has none', async () => {
    await tell(web);
    await restart();
    await restart();
    expect(known()).toEqual(['h1/web']);
    await tell();
    await restart();
    expect(known()).toEqual([]);
    expect(store.view((tx) => tx.count('keptOrphans'))).toBe(0);
  });

  it('is written once, however often it is told', async () => {
    await tell(web);
    const before = disk.commits;
    await tell(web);
    await tell(web);
    expect(disk.commits).toBe(before);
    await tell({ ...web, name: 'renamed' });
    expect(disk.commits).toBe(before + 1);
    await restart();
    expect(known()).toEqual(['h1/renamed']);
  });
});

describe('an orphan', () => {
  it('is known while the disk is full, and written as soon as there is room', async () => {
    disk.full = true;
    await tell(web);
    expect(known()).toEqual(['h1/web']);
    await vi.advanceTimersByTimeAsync(5_000);
    await settled();
    expect(disk.rows.has(`keptOrphans/h1/${web.id}`)).toBe(false);
    disk.full = false;
    await vi.advanceTimersByTimeAsync(5_000);
    await settled();
    await restart();
    expect(known()).toEqual(['h1/web']);
  });

  it('is known though the disk is full when the manager starts', async () => {
    await tell(web, { ...web, id: 'f'.repeat(64), name: 'taken-in' });
    kept.close();
    await store.update((tx) => {
      tx.put('containers', { ...putContainer(tx, 'other', 'h1', []), id: 'f'.repeat(64), name: 'taken-in' });
    });
    await store.close();
    disk.full = true;
    start();
    await settled();
    expect(known()).toEqual(['h1/web']);
    disk.full = false;
  });

  it('that was taken in is none after the start, also where the manager ended at once', async () => {
    await tell(web);
    kept.close();
    await store.update((tx) => {
      tx.put('containers', { ...putContainer(tx, 'web', 'h1', []), id: web.id });
      tx.delete('orphans', `h1/${web.id}`);
    });
    await store.close();
    start();
    expect(known()).toEqual([]);
    await settled();
    expect(store.view((tx) => tx.count('keptOrphans'))).toBe(0);
  });

  it('of a host that was taken out of the cluster is none any more', async () => {
    await tell(web);
    await store.update((tx) => {
      tx.delete('orphans', `h1/${web.id}`);
      tx.delete('hosts', 'h1');
    });
    await settled();
    expect(store.view((tx) => tx.count('keptOrphans'))).toBe(0);
  });

  it('whose host went while the manager was not there is none any more', async () => {
    await tell(web);
    kept.close();
    await store.update((tx) => tx.delete('hosts', 'h1'));
    await store.close();
    start();
    await settled();
    expect(known()).toEqual([]);
    expect(store.view((tx) => tx.count('keptOrphans'))).toBe(0);
  });
});
