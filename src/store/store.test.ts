import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { containerRecord, hostStatusRecord, storeContract } from './contract.suite.ts';
import { newMemoryStore, openSqliteStore } from './index.ts';
import type { Journal, Row } from './journal.ts';
import { newJournalledStore } from './memory/store.ts';
import type { WriteTx } from './store.ts';

const folder = mkdtempSync(join(tmpdir(), 'berth-store-'));
let files = 0;
const newPath = () => join(folder, `${files++}.db`);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

storeContract('memory', async () => newMemoryStore());
storeContract('sqlite', async () => openSqliteStore(newPath()));

describe('a change that nobody waits for', () => {
  /** A journal that counts what it is given, and is done when it is told. */
  function counting() {
    const commits: Row[][] = [];
    let finish = () => {};
    const journal: Journal = {
      load: () => [],
      commit: (rows) => {
        commits.push([...rows]);
        return new Promise<void>((resolve) => {
          finish = resolve;
        });
      },
      wipe: () => {},
      close: () => {},
    };
    return { commits, journal, finish: () => finish() };
  }
  const put = (id: string) => (tx: WriteTx) => tx.put('containers', containerRecord(id, id));
  const ids = (rows: readonly Row[] | undefined) => rows?.flatMap(({ key }) => key || []);

  it('is there at once, and goes to the disk with the next one', async () => {
    const { commits, journal, finish } = counting();
    const store = newJournalledStore(journal);
    const soon = store.update(put('a'), 'soon');
    expect(store.view((tx) => tx.count('containers'))).toBe(1);
    const now = store.update(put('b'));
    await new Promise(setImmediate);
    expect(commits.map(ids)).toEqual([['a', 'b']]);
    finish();
    await Promise.all([soon, now]);
    await setTimeout(60);
    expect(commits).toHaveLength(1);
  });

  it('does not follow a commit at once: the next change need not wait for it', async () => {
    const { commits, journal, finish } = counting();
    const store = newJournalledStore(journal);
    const first = store.update(put('a'));
    await new Promise(setImmediate);
    const soon = store.update(put('b'), 'soon');
    finish();
    await first;
    await new Promise(setImmediate);
    expect(commits).toHaveLength(1);
    await expect.poll(() => commits.map(ids)).toEqual([['a'], ['b']]);
    finish();
    await soon;
  });

  it('goes by itself, again and again, and with the end', async () => {
    const { commits, journal, finish } = counting();
    const store = newJournalledStore(journal);
    for (const id of ['a', 'b']) {
      const soon = store.update(put(id), 'soon');
      await expect.poll(() => ids(commits.at(-1))).toEqual([id]);
      finish();
      await soon;
    }
    const last = store.update(put('c'), 'soon');
    const closed = store.close();
    finish();
    await Promise.all([last, closed]);
    expect(ids(commits.at(-1))).toEqual(['c']);
  });
});

describe('sqlite', () => {
  it('keeps durable tables through a restart, and forgets observations', async () => {
    const path = newPath();
    const first = openSqliteStore(path);
    await first.update((tx) => {
      tx.put('containers', containerRecord('a', 'web'));
      tx.put('containers', containerRecord('b', 'db'));
      tx.put('hostStatus', hostStatusRecord('h1', 'ready'));
    });
    await first.update((tx) => tx.delete('containers', 'b'));
    await first.close();
    const second = openSqliteStore(path);
    second.view((tx) => {
      expect(tx.get('containers', 'a')).toEqual(containerRecord('a', 'web'));
      expect(tx.count('containers')).toBe(1);
      expect(tx.count('hostStatus')).toBe(0);
      expect([...tx.by('containers', 'name', 'web')]).toHaveLength(1);
    });
    await second.close();
  });

  it('counts commits over restarts, so that a backup that was put back shows', async () => {
    const path = newPath();
    const first = openSqliteStore(path);
    for (const id of ['a', 'b']) await first.update((tx) => tx.put('containers', containerRecord(id, id)));
    await first.update((tx) => tx.put('hostStatus', hostStatusRecord('h1', 'ready')));
    expect(first.revision).toBe(2);
    await first.close();
    const second = openSqliteStore(path);
    expect(second.revision).toBe(2);
    await second.update((tx) => tx.delete('containers', 'a'));
    expect(second.revision).toBe(3);
    await second.close();
  });

  it('is its owner’s alone, the files beside it too, whatever it was before', async () => {
    const modes = (path: string) =>
      ['', '-wal', '-shm'].flatMap((end) => {
        const found = statSync(`${path}${end}`, { throwIfNoEntry: false });
        return found === undefined ? [] : [(found.mode & 0o777).toString(8)];
      });
    const path = newPath();
    const first = openSqliteStore(path);
    await first.update((tx) => tx.put('containers', containerRecord('a', 'web')));
    expect(new Set(modes(path))).toEqual(new Set(['600']));
    expect(modes(path).length).toBeGreaterThan(1);
    await first.close();
    chmodSync(path, 0o644);
    const second = openSqliteStore(path);
    await second.update((tx) => tx.delete('containers', 'a'));
    expect(new Set(modes(path))).toEqual(new Set(['600']));
    await second.close();
  });

  it('refuses a second manager on the same file', async () => {
    const path = newPath();
    const store = openSqliteStore(path);
    expect(() => openSqliteStore(path)).toThrow(/in use by another manager/);
    await store.close();
  });

  it('refuses a damaged file and leaves it as it is', () => {
    const path = newPath();
    const bytes = Buffer.alloc(8192, 'not a database ');
    writeFileSync(path, bytes);
    expect(() => openSqliteStore(path)).toThrow(/cannot be used/);
    expect(readFileSync(path).equals(bytes)).toBe(true);
  });

  it('refuses a file of a newer release', () => {
    const path = newPath();
    const db = new Database(path);
    db.pragma('user_version = 99');
    db.close();
    expect(() => openSqliteStore(path)).toThrow(/newer Berth/);
  });
});

/** A journal whose disk can be full; a slow one tells later, and the event loop goes on meanwhile. */
function fullDisk(slow: boolean): Journal & { full: boolean; rows: Row[] } {
  const write = (rows: readonly Row[]) => {
    if (journal.full) throw new Error('database or disk is full');
    journal.rows.push(...rows);
  };
  const journal = {
    full: false,
    rows: [] as Row[],
    load: () => [],
    commit: (rows: readonly Row[]) => (slow ? setTimeout(5).then(() => write(rows)) : write(rows)),
    wipe: () => {},
    close: () => {},
  };
  return journal;
}

describe.each([
  ['that answers at once', false],
  ['that takes its time', true],
])('a full disk %s', (_, slow) => {
  it('lets who waits for what was written hear that it was undone, and counts no commit', async () => {
    const journal = fullDisk(slow);
    const store = newJournalledStore(journal);
    await store.settled();
    await store.update((tx) => tx.put('containers', containerRecord('a', 'web')));
    expect(store.revision).toBe(1);
    journal.full = true;
    const write = store.update((tx) => tx.put('containers', containerRecord('b', 'db')));
    const [undone, settled] = await Promise.allSettled([write, store.settled()]);
    expect([undone.status, settled.status]).toEqual(['rejected', 'rejected']);
    expect(store.revision).toBe(1);
    await store.settled();
    journal.full = false;
    const heard: number[] = [];
    store.watch(() => heard.push(store.revision));
    const last = store.update((tx) => tx.put('containers', containerRecord('b', 'db')));
    await Promise.all([last, store.settled()]);
    expect(heard).toEqual([2]);
    await store.close();
  });

  it('undoes what could not be written and all that was built on it, keeps observations, and recovers', async () => {
    const journal = fullDisk(slow);
    const store = newJournalledStore(journal);
    await store.update((tx) => tx.put('containers', containerRecord('a', 'web')));
    journal.full = true;
    const results = await Promise.allSettled([
      store.update((tx) => tx.put('containers', containerRecord('a', 'renamed'))),
      store.update((tx) => tx.put('hostStatus', hostStatusRecord('h1', 'ready'))),
      store.update((tx) => tx.put('containers', { ...containerRecord('b', 'built-on-it') })),
    ]);
    expect(results.map((r) => r.status)).toEqual(['rejected', 'fulfilled', 'rejected']);
    expect(results[0]).toMatchObject({
      reason: { code: 'unavailable', message: expect.stringContaining('disk is full') },
    });
    store.view((tx) => {
      expect(tx.get('containers', 'a')?.name).toBe('web');
      expect(tx.get('containers', 'b')).toBeUndefined();
      expect(tx.get('hostStatus', 'h1')?.state).toBe('ready');
    });
    journal.full = false;
    await store.update((tx) => tx.put('containers', containerRecord('b', 'db')));
    expect(journal.rows.filter(({ table }) => table === 'containers').map((row) => row.key)).toEqual([
      'a',
      'b',
    ]);
    await store.close();
  });
});

describe('group commit', () => {
  it('commits together what comes while the disk writes, and tells nobody before', async () => {
    const commits: (readonly Row[])[] = [];
    let finish: ((error?: Error) => void) | undefined;
    const journal: Journal = {
      load: () => [],
      commit: (rows) => {
        commits.push(rows);
        return new Promise((resolve, reject) => {
          finish = (error) => (error === undefined ? resolve() : reject(error));
        });
      },
      wipe: () => {},
      close: () => {},
    };
    const committing = async (count: number) => {
      while (commits.length < count) await setTimeout(1);
      return finish as NonNullable<typeof finish>;
    };
    const keysOf = (rows: readonly Row[] = []) => rows.map(({ key }) => key).filter((key) => key !== '');
    const store = newJournalledStore(journal);
    const heard: string[] = [];
    store.watch(({ changes }) => heard.push(...changes.map(({ key }) => key)));
    const put = (id: string) => store.update((tx) => tx.put('containers', containerRecord(id, id)));
    const first = put('a');
    const done = await committing(1);
    const later = [put('b'), put('c'), store.settled()];
    await setTimeout(20);
    expect([heard, commits.length]).toEqual([[], 1]);
    expect(store.view((tx) => tx.get('containers', 'c')?.name)).toBe('c');
    done();
    await first;
    expect(heard).toEqual(['a']);
    const second = await committing(2);
    expect(keysOf(commits[1])).toEqual(['b', 'c']);
    const built = Promise.allSettled([...later, put('d')]);
    second(new Error('disk full'));
    expect((await built).map(({ status }) => status)).toEqual(Array(4).fill('rejected'));
    expect([heard, store.view((tx) => tx.count('containers')), store.revision]).toEqual([['a'], 1, 1]);
    const closed = store.close();
    await closed;
  });

  it('leaves on disk what is in memory, for any history of transactions', async () => {
    const step = fc.record({
      key: fc.constantFrom('a', 'b', 'c'),
      name: fc.option(fc.string({ maxLength: 3 })),
      fail: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(step, { maxLength: 4 }), { maxLength: 8 }), async (history) => {
        const path = newPath();
        const store = openSqliteStore(path);
        await Promise.allSettled(
          history.map((steps) =>
            store.update((tx) => {
              for (const { key, name, fail } of steps) {
                if (name === null) tx.delete('containers', key);
                else tx.put('containers', containerRecord(key, name));
                if (fail) throw new Error('fails half way');
              }
            }),
          ),
        );
        const before = store.view((tx) => [...tx.all('containers')].map((c) => [c.id, c.name]).sort());
        await store.close();
        const again = openSqliteStore(path);
        expect(again.view((tx) => [...tx.all('containers')].map((c) => [c.id, c.name]).sort())).toEqual(
          before,
        );
        await again.close();
      }),
      { numRuns: 40 },
    );
    // Each history starts two threads.
  }, 60_000);
});
