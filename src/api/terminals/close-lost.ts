import type { AuditEntry } from '../../model/access.ts';
import type { WriteTx } from '../../store/store.ts';
import { putAudit } from '../auth/audit-log.ts';

/**
 * Writes down the ends of terminals that were open when the manager was killed: of each beginning in the audit log there is an
 * end. To be called before the first one is opened. @param now milliseconds since the epoch
 */
export function closeLostTerminals(tx: WriteTx, now: number): void {
  const open = new Map<string, AuditEntry[]>();
  const entries = [...tx.all('audit')].filter(({ action }) => action.startsWith('terminal.'));
  entries.sort((a, b) => (a.id < b.id ? -1 : 1));
  for (const entry of entries) {
    // Behind the target of an end stands how long it was, and how it ended.
    const key = `${entry.user} ${entry.target.replace(/, \d+ s(?:, exit -?\d+)?$/, '')}`;
    const own = open.get(key) ?? [];
    if (entry.action === 'terminal.open' && entry.outcome === 'ok') open.set(key, [...own, entry]);
    // Which of several that are alike has ended does not matter.
    if (entry.action === 'terminal.close') open.set(key, own.slice(1));
  }
  for (const { user, via, from, target } of [...open.values()].flat())
    putAudit(
      tx,
      now,
      { user, from, role: 'viewer', via: viaOf(via) },
      { action: 'terminal.close', target, outcome: 'the manager ended' },
    );
}

const VIAS = ['socket', 'docker', 'api', 'agent', 'system'] as const;

function viaOf(text: string): (typeof VIAS)[number] {
  return VIAS.find((one) => one === text) ?? 'api';
}
