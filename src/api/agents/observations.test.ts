import { describe, expect, it } from 'vitest';
import { observedContainer } from '../../model/records.fixture.ts';
import { containerRecord } from '../../store/contract.suite.ts';
import { newMemoryStore } from '../../store/index.ts';
import type { WriteTx } from '../../store/store.ts';
import { applyFull, applyReport, endRecords, type Known } from './observations.ts';

const seen = (engineId: string, clusterId?: string) => observedContainer('h1', engineId, { clusterId });
/** A host that has acted on the first generation of everything. */
const FIRST: Known = { acted: () => 1, complete: true };
/** As `HostSessions` does it. */
const full = (tx: WriteTx, frame: Parameters<typeof applyFull>[2], known = FIRST) =>
  endRecords(tx, applyFull(tx, 'h1', frame, known), 0);
const report = (tx: WriteTx, frame: Parameters<typeof applyReport>[2], known = FIRST) =>
  endRecords(tx, applyReport(tx, 'h1', frame, known), 0);
const empty = { t: 'full' as const, containers: [], images: [], networks: [], volumes: [] };
const removed = (id: string) => {
  const record = containerRecord(id, id);
  return { ...record, desired: { ...record.desired, generation: 2, state: 'removed' as const } };
};

describe('observations', () => {
  it('a full report replaces what was known of that host and of no other', async () => {
    const store = newMemoryStore();
    await store.update((tx) => {
      tx.put('observedContainers', seen('old'));
      tx.put('observedContainers', { ...seen('other'), hostId: 'h2' });
      full(tx, { ...empty, containers: [seen('new')] });
    });
    expect(store.view((tx) => [...tx.all('observedContainers')].map((c) => c.engineId)).sort()).toEqual([
      'new',
      'other',
    ]);
  });

  it('an agent cannot speak for another host', async () => {
    const store = newMemoryStore();
    await store.update((tx) => report(tx, { t: 'report', containers: [{ ...seen('x'), hostId: 'h2' }] }));
    expect(store.view((tx) => [...tx.all('observedContainers')].map((c) => c.hostId))).toEqual(['h1']);
  });

  it('a removal that was carried out ends the record; one that failed, or is of another generation, does not', async () => {
    const store = newMemoryStore();
    await store.update((tx) => {
      for (const id of ['a', 'b', 'c']) tx.put('containers', removed(id));
      report(tx, {
        t: 'report',
        results: [
          { id: 'a', generation: 2 },
          { id: 'b', generation: 2, error: { status: 409, message: 'in use' } },
          { id: 'c', generation: 1 },
        ],
      });
    });
    expect(store.view((tx) => [...tx.all('containers')].map((c) => c.id)).sort()).toEqual(['b', 'c']);
  });

  it('a removal asked for while the host was away ends when it comes back without the container', async () => {
    const store = newMemoryStore();
    await store.update((tx) => {
      tx.put('containers', removed('a'));
      tx.put('containers', removed('b'));
      full(tx, { ...empty, containers: [seen('e', 'b')] });
    });
    expect(store.view((tx) => [...tx.all('containers')].map((c) => c.id))).toEqual(['b']);
  });

  it('a container that was run with --rm takes its record along, in a report and while the host was away', async () => {
    const store = newMemoryStore();
    const autoRemoved = (id: string, state: 'created' | 'running') => {
      const record = containerRecord(id, id);
      const spec = { ...record.desired.spec, HostConfig: { AutoRemove: true } };
      return { ...record, desired: { ...record.desired, state, spec } };
    };
    const left = () => store.view((tx) => [...tx.all('containers')].map((c) => c.id)).sort();
    await store.update((tx) => {
      tx.put('containers', autoRemoved('a', 'running'));
      tx.put('containers', autoRemoved('b', 'running'));
      tx.put('containers', autoRemoved('new', 'created'));
      tx.put('containers', containerRecord('kept', 'kept'));
      for (const id of ['a', 'kept']) tx.put('observedContainers', seen(`e-${id}`, id));
      report(tx, { t: 'report', gone: { containers: ['e-a', 'e-kept'] } });
    });
    expect(left()).toEqual(['b', 'kept', 'new']);
    await store.update((tx) => full(tx, empty));
    expect(left()).toEqual(['kept', 'new']);
  });

  it('a container that was run with --rm and has moved here keeps its record until it was started and has ended', async () => {
    const store = newMemoryStore();
    const record = containerRecord('a', 'a');
    const spec = { ...record.desired.spec, HostConfig: { AutoRemove: true } };
    const desired = { ...record.desired, state: 'running' as const, generation: 2, spec };
    const there = () => store.view((tx) => tx.get('containers', 'a') !== undefined);
    const put = (assigned = record.assigned) =>
      store.update((tx) => tx.put('containers', { ...record, desired, assigned }));
    await put();
    // It comes back, and has not been told of it yet; nor does the end of an earlier copy say anything.
    await store.update((tx) => full(tx, empty));
    await store.update((tx) => report(tx, { t: 'report', containers: [seen('old', 'a')] }));
    await store.update((tx) => report(tx, { t: 'report', gone: { containers: ['old'] } }));
    expect(there()).toBe(true);
    // Parts of a report say nothing of what is not in them.
    const results = [{ id: 'a', generation: 2 }];
    await store.update((tx) => report(tx, { t: 'report', results }, { acted: () => 0, complete: false }));
    expect(there()).toBe(true);
    await store.update((tx) => report(tx, { t: 'report', results }));
    expect(there()).toBe(false);
    await put({ ...record.assigned, moving: { hostId: 'h2', phase: 'stop' } });
    await store.update((tx) => full(tx, empty, { acted: () => 2, complete: false }));
    expect(there()).toBe(true);
  });
});
