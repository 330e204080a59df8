import type { AuditEntry } from '../../model/access.ts';
import type { ReadTx, WriteTx } from '../../store/store.ts';
import type { Principal } from './principal.ts';

/** Entries that are kept; the oldest go first. */
export const AUDIT_KEPT = 100_000;
/** The oldest are taken away this many at a time. */
const TRIM = 1000;

/** What is told of one change. */
export type AuditFact = Readonly<{
  action: string;
  target: string;
  /** `ok`, or the error in one line. */
  outcome: string;
}>;

let count = 0;

/** Adds an entry, in a transaction of its own or in that of the change. */
export function putAudit(tx: WriteTx, at: number, who: Principal, fact: AuditFact): void {
  let id = auditId(at);
  // A process that started within the same millisecond has counted from the same beginning.
  while (tx.get('audit', id) !== undefined) id = auditId(at);
  tx.put('audit', {
    kind: 'audit',
    id,
    at,
    user: who.user,
    via: who.via,
    from: who.from,
    action: fact.action,
    target: fact.target.slice(0, 512),
    outcome: fact.outcome.slice(0, 1024),
  });
  if (tx.count('audit') <= AUDIT_KEPT + TRIM) return;
  let spare = tx.count('audit') - AUDIT_KEPT;
  // In the order in which they were written, and after a start in that of their IDs, which is the same.
  for (const { id: old } of tx.all('audit')) {
    if (spare-- <= 0) break;
    tx.delete('audit', old);
  }
}

function auditId(at: number): string {
  count = (count + 1) % 1_000_000;
  return `${String(at).padStart(15, '0')}-${String(count).padStart(6, '0')}`;
}

export type AuditQuery = Readonly<{
  /** Milliseconds since the epoch. */
  since?: number | undefined;
  until?: number | undefined;
  user?: string | undefined;
  /** A part of it, in any case. */
  target?: string | undefined;
  result?: 'ok' | 'failed' | undefined;
  /** The whole action, or its beginning with `*` behind it. */
  action?: string | undefined;
  limit: number;
  /** ID of the last entry of the page before. */
  cursor?: string | undefined;
}>;

/** A page of entries, newest first; `next` is the cursor of the page behind it, if there is one. */
export function listAudit(tx: ReadTx, query: AuditQuery): { entries: AuditEntry[]; next?: string } {
  const found = [...tx.all('audit')].filter((entry) => matches(entry, query));
  found.sort((a, b) => (a.id < b.id ? 1 : -1));
  const entries = found.slice(0, query.limit);
  const last = entries.at(-1);
  return found.length > entries.length && last !== undefined ? { entries, next: last.id } : { entries };
}

function matches(entry: AuditEntry, query: AuditQuery): boolean {
  const { since, until, user, target, result, action, cursor } = query;
  if (cursor !== undefined && entry.id >= cursor) return false;
  if (since !== undefined && entry.at < since) return false;
  if (until !== undefined && entry.at >= until) return false;
  if (user !== undefined && entry.user !== user) return false;
  if (target !== undefined && !entry.target.toLowerCase().includes(target.toLowerCase())) return false;
  if (result !== undefined && (entry.outcome === 'ok') !== (result === 'ok')) return false;
  if (action === undefined) return true;
  return action.endsWith('*') ? entry.action.startsWith(action.slice(0, -1)) : entry.action === action;
}
