import { BerthError } from '../../kit/errors.ts';
import type { AuditEntry } from '../../model/access.ts';
import { type CliContext, command } from '../command.ts';
import { printList } from '../list.ts';
import { localTime } from '../terminal/format.ts';
import { type Parse, parseCount, parseDuration } from '../values.ts';

type Flags = { since?: SincePoint; user?: string; action?: string; limit?: number };
type SincePoint = Readonly<{ ago: number }> | Readonly<{ at: number }>;

/** A duration before now, or a point in time (ISO 8601). */
const parseSince: Parse = (text, _, flag) => {
  if (/^\d{4}-\d\d-\d\d/.test(text)) {
    const at = Date.parse(text);
    if (!Number.isNaN(at)) return { at };
    throw new BerthError('bad_request', `${flag}: "${text}" is not a time`, {
      hint: 'write it as 2026-11-20, or 2026-11-20T14:00:00Z',
    });
  }
  return { ago: Number(parseDuration(text, undefined, flag)) * 1000 };
};

const PAGE = 1000;
const DEFAULT_LIMIT = 50;

export const audit = command<Flags>({
  name: 'audit',
  heading: 'Cluster:',
  summary: 'Show who changed what, the newest first',
  options: [
    { flags: '--since <TIME>', summary: 'from then on: 2h, 7d, 2026-11-20', parse: parseSince },
    { flags: '--user <USER>', summary: 'changes of one user' },
    {
      flags: '--action <ACTION>',
      summary: 'one kind of change: container.create, or all of a noun: container.*',
    },
    {
      flags: '-n, --limit <N>',
      summary: 'at most so many',
      parse: parseCount(1, 1_000_000),
      fallback: String(DEFAULT_LIMIT),
    },
  ],
  examples: [
    ['berth audit', 'the last changes'],
    ["berth audit --since 1d --action 'container.*'", 'what happened to containers today'],
  ],
  async run(context, flags) {
    const entries = await read(context, flags);
    printList(context, entries, {
      quiet: false,
      id: ({ id }) => id,
      empty: 'no changes',
      columns: [
        { header: 'TIME', cell: ({ at }) => localTime(at) },
        { header: 'USER', cell: ({ user }) => user },
        { header: 'VIA', cell: ({ via, from }) => (from === '' ? via : `${via} ${from}`) },
        { header: 'ACTION', cell: ({ action }) => action },
        { header: 'TARGET', cell: ({ target }) => target },
        {
          header: 'OUTCOME',
          cell: ({ outcome }) => ({ text: outcome, style: outcome === 'ok' ? 'green' : 'red' }),
        },
      ],
    });
  },
});

async function read(
  { call, clock }: CliContext,
  { since, user, action, limit = DEFAULT_LIMIT }: Flags,
): Promise<AuditEntry[]> {
  const from = since === undefined ? undefined : 'at' in since ? since.at : clock.now() - since.ago;
  const found: AuditEntry[] = [];
  let cursor: string | undefined;
  do {
    const page = await call('audit.list', {
      ...(from === undefined ? {} : { since: Math.max(0, from) }),
      ...(user === undefined ? {} : { user }),
      ...(action === undefined ? {} : { action }),
      ...(cursor === undefined ? {} : { cursor }),
      limit: Math.min(PAGE, limit - found.length),
    });
    found.push(...page.entries);
    cursor = page.next;
  } while (cursor !== undefined && found.length < limit);
  return found;
}
