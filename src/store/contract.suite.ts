import { describe, expect, it } from 'vitest';
import type { Container } from '../model/container.ts';
import type { HostStatus } from '../model/host.ts';
import type { ChangeSet, Store } from './store.ts';

/** A container's record, for tests of the store. */
export function containerRecord(id: string, name: string, hostId = 'h1'): Container {
  return {
    kind: 'container',
    id,
    name,
    createdAt: 1,
    createdBy: 'admin',
    apiVersion: '1.41',
    desired: { generation: 1, state: 'created', spec: { Image: 'busybox' }, starts: 0 },
    assigned: { hostId, at: 1 },
  };
}

export function hostStatusRecord(id: string, state: HostStatus['state']): HostStatus {
  return {
    kind: 'host-status',
    id,
    state,
    reason: '',
    address: '',
    dataAddress: '',
    agentVersion: '',
    engine: undefined,
    lastHeardAt: 0,
    connectedAt: 0,
  };
}

/** What every implementation of `Store` must do. */
export function storeContract(name: string, open: () => Promise<Store>): void {
  describe(`store contract: ${name}`, () => {
    it('reads back what was put, by key and by index', async () => {
      const store = await open();
      await store.update((tx) => {
        tx.put('containers', containerRecord('a', 'web', 'h1'));
        tx.put('containers', containerRecord('b', 'db', 'h2'));
      });
      store.view((tx) => {
        expect(tx.get('containers', 'a')?.name).toBe('web');
        expect([...tx.by('containers', 'host', 'h2')].map((c) => c.id)).toEqual(['b']);
        expect([...tx.by('containers', 'name', 'nobody')]).toEqual([]);
        expect(tx.count('containers')).toBe(2);
      });
      await store.close();
    });

    it('moves a record between index entries when it changes', async () => {
      const store = await open();
      await store.update((tx) => tx.put('containers', containerRecord('a', 'web', 'h1')));
      await store.update((tx) => tx.put('containers', containerRecord('a', 'web2', 'h2')));
      store.view((tx) => {
        expect([...tx.by('containers', 'host', 'h1')]).toEqual([]);
        expect([...tx.by('containers', 'name', 'web')]).toEqual([]);
        expect([...tx.by('containers', 'name', 'web2')]).toHaveLength(1);
      });
      await store.update((tx) => tx.delete('containers', 'a'));
      expect(store.view((tx) => [...tx.by('containers', 'name', 'web2')])).toEqual([]);
      await store.close();
    });

    it('lets a loop over an index put what it reads', async () => {
      const store = await open();
      await store.update((tx) => {
        for (const id of ['a', 'b', 'c']) tx.put('containers', containerRecord(id, id));
      });
      const seen = await store.update((tx) => {
        let count = 0;
        for (const container of tx.by('containers', 'host', 'h1')) {
          tx.put('containers', { ...container, createdAt: 2 });
          count += 1;
        }
        return count;
      });
      expect(seen).toBe(3);
      await store.close();
    });

    it('freezes records all the way down', async () => {
      const store = await open();
      await store.update((tx) => tx.put('containers', containerRecord('a', 'web')));
      const record = store.view((tx) => tx.get('containers', 'a'));
      expect(Object.isFrozen(record)).toBe(true);
      expect(Object.isFrozen(record?.desired.spec)).toBe(true);
      await store.close();
    });

    it('changes nothing where the callback throws, and says what it threw', async () => {
      const store = await open();
      await store.update((tx) => tx.put('containers', containerRecord('a', 'web')));
      const failed = store.update((tx) => {
        tx.put('containers', containerRecord('a', 'other'));
        tx.put('containers', containerRecord('b', 'new'));
        tx.delete('containers', 'a');
        throw new Error('no');
      });
      await expect(failed).rejects.toThrow('no');
      store.view((tx) => {
        expect(tx.get('containers', 'a')?.name).toBe('web');
        expect(tx.get('containers', 'b')).toBeUndefined();
        expect([...tx.by('containers', 'name', 'web')]).toHaveLength(1);
      });
      await store.close();
    });

    it('refuses a callback that awaits', async () => {
      const store = await open();
      const awaited = store.update(async (tx) => tx.put('containers', containerRecord('a', 'web')));
      await expect(awaited).rejects.toThrow('never await');
      expect(store.view((tx) => tx.count('containers'))).toBe(0);
      await store.close();
    });

    it('shows a later transaction what an earlier one did, before it is durable', async () => {
      const store = await open();
      const first = store.update((tx) => tx.put('containers', containerRecord('a', 'web')));
      const taken = store.update((tx) => {
        for (const container of tx.by('containers', 'name', 'web'))
          throw new Error(`taken by ${container.id}`);
      });
      await expect(taken).rejects.toThrow('taken by a');
      await first;
      await store.close();
    });

    it('tells watchers each change set in order, after it is durable, observations too', async () => {
      const store = await open();
      const sets: ChangeSet[] = [];
      const stop = store.watch((set) => sets.push(set));
      const writes = [
        store.update((tx) => tx.put('containers', containerRecord('a', 'web'))),
        store.update((tx) => tx.put('hostStatus', hostStatusRecord('h1', 'ready'))),
        store.update((tx) => tx.delete('containers', 'a')),
      ];
      expect(sets).toEqual([]);
      await Promise.all(writes);
      expect(
        sets.map((set) => set.changes.map((c) => `${c.table} ${c.key} ${c.after === undefined}`)),
      ).toEqual([['containers a false'], ['hostStatus h1 false'], ['containers a true']]);
      stop();
      await store.update((tx) => tx.put('containers', containerRecord('b', 'db')));
      expect(sets).toHaveLength(3);
      await store.close();
    });

    it('keeps a watcher that throws from harming the others', async () => {
      const store = await open();
      const warned = new Promise((resolve) => process.once('warning', resolve));
      let heard = 0;
      store.watch(() => {
        throw new Error('bug in a watcher');
      });
      store.watch(() => {
        heard += 1;
      });
      await store.update((tx) => tx.put('containers', containerRecord('a', 'web')));
      expect(heard).toBe(1);
      await warned;
      await store.close();
    });

    it('refuses writes after close', async () => {
      const store = await open();
      await store.close();
      await expect(store.update((tx) => tx.delete('containers', 'a'))).rejects.toMatchObject({
        code: 'unavailable',
      });
    });
  });
}
