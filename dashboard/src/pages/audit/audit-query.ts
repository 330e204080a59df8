import type { AuditEntry } from '../../../../src/contract/v1/cluster.ts';
import { client } from '../../cluster/client.ts';
import { csvLine } from '../../parts/csv.ts';
import { shellWord } from '../../parts/format.ts';

/** As the page's address has it. */
export type AuditFilter = Readonly<{
  user?: string;
  action?: string;
  target?: string;
  result?: string;
  /** As a field of day and time has them, in the browser's time: `2026-01-31T12:00`. */
  since?: string;
  until?: string;
}>;

/** What is asked of the manager; a time that is none is not asked for. */
export function queryOf({ user, action, target, result, since, until }: AuditFilter) {
  const at = (text: string | undefined) => {
    const ms = Date.parse(text ?? '');
    return Number.isNaN(ms) || ms < 0 ? undefined : ms;
  };
  return {
    user: user || undefined,
    action: action || undefined,
    target: target || undefined,
    result: result === 'ok' || result === 'failed' ? result : undefined,
    since: at(since),
    until: at(until),
  } as const;
}

/** The command line that shows the same, as far as it has a word for it: not of targets, results and ends. */
export function auditCommand(filter: AuditFilter): string {
  const { user, action, since } = queryOf(filter);
  return [
    'berth audit',
    ...(since === undefined ? [] : [`--since ${new Date(since).toISOString()}`]),
    ...(user === undefined ? [] : [`--user ${shellWord(user)}`]),
    ...(action === undefined ? [] : [`--action ${shellWord(action)}`]),
  ].join(' ');
}

const PAGE = 1_000;

/** All entries of that filter, newest first, a page of them at a time. */
export async function* entriesOf(
  filter: AuditFilter,
  signal: AbortSignal,
): AsyncGenerator<readonly AuditEntry[]> {
  let cursor: string | undefined;
  do {
    const page = await client.call('audit.list', { ...queryOf(filter), limit: PAGE, cursor }, { signal });
    yield page.entries;
    cursor = page.next;
  } while (cursor !== undefined);
}

export const CSV_HEAD = csvLine(['time', 'user', 'via', 'from', 'action', 'target', 'outcome']);

export function entryCsv({ at, user, via, from, action, target, outcome }: AuditEntry): string {
  return csvLine([new Date(at).toISOString(), user, via, from, action, target, outcome]);
}

export function entryJson({ kind: _, ...entry }: AuditEntry): string {
  return `${JSON.stringify({ ...entry, time: new Date(entry.at).toISOString() })}\n`;
}
