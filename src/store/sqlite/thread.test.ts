import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { SqliteThread } from './thread.ts';

const folder = mkdtempSync(join(tmpdir(), 'berth-sqlite-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function opened(name: string): SqliteThread {
  const thread = new SqliteThread();
  thread.ask('open', join(folder, name), { timeout: 0 });
  thread.ask('exec', 'CREATE TABLE records (tbl TEXT, key TEXT, json TEXT, PRIMARY KEY (tbl, key))');
  return thread;
}

function keys(thread: SqliteThread): string[] {
  const rows = thread.ask('read', 100) as string[][];
  thread.ask('endRead');
  return rows.map(([, key]) => key ?? '');
}

describe('the thread of a SQLite connection', () => {
  it('writes while the event loop goes on, each batch whole, in order', async () => {
    const thread = opened('order.db');
    let turns = 0;
    const timer = setInterval(() => turns++, 0);
    const rows = Array.from({ length: 20_000 }, (_, i) => ['t', `k${i}`, '{}']).flat();
    await Promise.all([thread.write(rows), thread.write(['t', 'k0', '{"new":1}', 't', 'k1', null])]);
    clearInterval(timer);
    expect(turns).toBeGreaterThan(0);
    const found = thread.ask('read', 30_000) as string[][];
    thread.ask('endRead');
    expect(found).toHaveLength(19_999);
    expect(found.find(([, key]) => key === 'k0')?.[2]).toBe('{"new":1}');
    thread.close();
  });

  it('leaves nothing of a batch that has no room, says so by code, and writes again once there is some', async () => {
    const thread = opened('full.db');
    await thread.write(['t', 'first', '{}']);
    thread.ask('pragma', 'max_page_count = 8');
    const large = ['t', 'small', '{}', 't', 'large', 'x'.repeat(100_000)];
    await expect(thread.write(large)).rejects.toMatchObject({ code: 'SQLITE_FULL' });
    expect(keys(thread)).toEqual(['first']);
    thread.ask('pragma', 'max_page_count = 1000');
    await thread.write(large);
    expect(keys(thread).sort()).toEqual(['first', 'large', 'small']);
    thread.close();
  });

  it('throws what SQLite refuses, and refuses everything itself once it has ended', async () => {
    const thread = opened('ended.db');
    expect(() => thread.ask('exec', 'NONSENSE')).toThrow(/syntax error/);
    const late = thread.write(['t', 'a', '{}']);
    expect(() => thread.ask('pragma', 'user_version')).toThrow(/on its way/);
    await late;
    thread.close();
    await expect(thread.write(['t', 'b', '{}'])).rejects.toThrow(/restart the manager/);
    expect(() => thread.ask('pragma', 'user_version')).toThrow(/the database was closed/);
  });
});
