import { expect, it } from 'vitest';
import { newMemoryStore } from '../../store/index.ts';
import { AUDIT_KEPT, listAudit, putAudit } from './audit-log.ts';
import type { Principal } from './principal.ts';
import { RefusalBudget } from './refusal-budget.ts';

const ann: Principal = { user: 'ann', role: 'admin', via: 'api', from: '10.0.0.1' };
const fact = { action: 'node.cordon', target: 'h1', outcome: 'ok' };

it('the audit log keeps the order of what happened within one millisecond', async () => {
  const store = newMemoryStore();
  await store.update((tx) => {
    for (let i = 0; i < 50; i++) putAudit(tx, 7, ann, { ...fact, target: String(i) });
  });
  const { entries } = store.view((tx) => listAudit(tx, { limit: 1000 }));
  expect(entries.map((entry) => entry.target)).toEqual(Array.from({ length: 50 }, (_, i) => String(49 - i)));
});

it('the audit log cuts what is too long and drops the oldest where there are too many', async () => {
  const store = newMemoryStore();
  await store.update((tx) => {
    putAudit(tx, 0, ann, { action: 'a', target: 'x'.repeat(9999), outcome: 'y'.repeat(9999) });
    const [first] = tx.all('audit');
    expect([first?.target.length, first?.outcome.length]).toEqual([512, 1024]);
    for (let i = 1; i <= AUDIT_KEPT + 1000; i++) putAudit(tx, i, ann, fact);
    expect(tx.count('audit')).toBe(AUDIT_KEPT);
    expect(listAudit(tx, { limit: 1 }).entries[0]?.at).toBe(AUDIT_KEPT + 1000);
    expect(Math.min(...[...tx.all('audit')].map((entry) => entry.at))).toBe(1001);
  });
});

it('the audit log is searched by time, target and what came of it', async () => {
  const store = newMemoryStore();
  await store.update((tx) => {
    putAudit(tx, 1, ann, { ...fact, target: 'Shop/web' });
    putAudit(tx, 2, ann, { ...fact, target: 'shop/db', outcome: 'no such host' });
    putAudit(tx, 3, ann, fact);
  });
  const times = (query: Omit<Parameters<typeof listAudit>[1], 'limit'>) =>
    store.view((tx) => listAudit(tx, { limit: 10, ...query })).entries.map(({ at }) => at);
  expect(times({ target: 'shop' })).toEqual([2, 1]);
  expect(times({ result: 'failed' })).toEqual([2]);
  expect(times({ result: 'ok', until: 3 })).toEqual([1]);
});

it('refusals have a budget per user, and strangers one together', () => {
  const budget = new RefusalBudget();
  const taken = (user: string, times: number, now: number) =>
    Array.from({ length: times }, () => budget.take(user, now)).filter(Boolean).length;
  expect(taken('', 500, 0)).toBe(100);
  expect(taken('ann', 1500, 0)).toBe(1000);
  expect(taken('bob', 1, 0)).toBe(1);
  expect(taken('', 500, 599_999)).toBe(0);
  expect(taken('', 500, 600_000)).toBe(100);
});
