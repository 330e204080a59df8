import type { Mark } from '../../contract/v1/metrics.ts';
import type { Clock } from '../../kit/clock.ts';
import { serviceKey } from '../../model/deployment.ts';
import { MOST_FIGURES_MS } from '../../model/figures.ts';
import type { Change, ChangeSet, ReadTx, Store } from '../../store/store.ts';

/** What a mark is of: it is shown on the charts of all of these. */
type Noted = Readonly<{ mark: Mark; of: readonly string[] }>;

/** So many are kept, the newest. */
const KEPT = 2_000;

export const CLUSTER_MARKS = 'cluster';
export const hostMarks = (id: string) => `host ${id}`;
export const serviceMarks = (stack: string, name: string) => `service ${serviceKey(stack, name)}`;
export const containerMarks = (id: string) => `container ${id}`;

/**
 * Moments that explain what figures do: releases, scalings, containers that move, hosts that go down and come back. In
 * memory, from what changes in the store; releases and scalings of before the manager's start are read from their history.
 */
export class Marks {
  private noted: Noted[] = [];
  private readonly unwatch: () => void;

  constructor(private readonly deps: Readonly<{ store: Store; clock: Clock }>) {
    const { store, clock } = deps;
    const since = clock.now() - MOST_FIGURES_MS;
    this.noted = store.view((tx) => history(tx)).filter(({ mark }) => mark.at >= since);
    this.noted.sort((a, b) => a.mark.at - b.mark.at);
    this.unwatch = store.watch((set) => this.onChange(set));
  }

  close(): void {
    this.unwatch();
  }

  /** Since then, of one of `containerMarks` and its like; oldest first. */
  of(subject: string, since: number): Mark[] {
    return this.noted.flatMap(({ mark, of }) => (mark.at >= since && of.includes(subject) ? mark : []));
  }

  private onChange({ changes }: ChangeSet): void {
    const now = this.deps.clock.now();
    const found = this.deps.store.view((tx) => changes.flatMap((change) => marksOf(tx, change, now)));
    if (found.length > 0) this.noted = [...this.noted, ...found].slice(-KEPT);
  }
}

function history(tx: ReadTx): Noted[] {
  const releases = [...tx.all('releases')].map(releaseMark);
  const scalings = [...tx.all('scaleHistory')].flatMap((history) =>
    history.changes.map((change) => scaleMark(history, change)),
  );
  return [...releases, ...scalings];
}

function marksOf(tx: ReadTx, change: Change, now: number): Noted[] {
  switch (change.table) {
    case 'releases':
      return releaseMarks(change, now);
    case 'scaleHistory': {
      const { before, after } = change;
      const last = after?.changes.at(-1);
      if (after === undefined || last === undefined || last === before?.changes.at(-1)) return [];
      return [scaleMark(after, last)];
    }
    case 'containers':
      return moveMarks(tx, change, now);
    case 'hostStatus':
      return hostStateMarks(tx, change, now);
    default:
      return [];
  }
}

type Release = NonNullable<Extract<Change, { table: 'releases' }>['after']>;
type Scale = NonNullable<Extract<Change, { table: 'scaleHistory' }>['after']>;

function releaseMark({ stack, service, number, cause, at }: Release): Noted {
  const subject = serviceKey(stack, service);
  const mark = { at, kind: cause.kind === 'rollback' ? 'rollback' : 'release', subject, number } as const;
  return { mark, of: [CLUSTER_MARKS, serviceMarks(stack, service)] };
}

function releaseMarks({ before, after }: Extract<Change, { table: 'releases' }>, now: number): Noted[] {
  if (after === undefined) return [];
  if (before === undefined) return [releaseMark(after)];
  const { stack, service, number, state, reason, shift } = after;
  const noted = (mark: Pick<Mark, 'kind' | 'to' | 'reason'>): Noted => ({
    mark: { at: now, subject: serviceKey(stack, service), number, ...mark },
    of: [serviceMarks(stack, service)],
  });
  const isOther = before.state !== state;
  return [
    ...(shift !== undefined && (before.shift?.weight ?? 0) !== shift.weight
      ? [noted({ kind: 'weight', to: shift.weight })]
      : []),
    ...(isOther && state === 'confirmed' ? [noted({ kind: 'confirmed' })] : []),
    ...(isOther && (state === 'paused' || state === 'failed') ? [noted({ kind: 'stopped', reason })] : []),
  ];
}

function scaleMark({ stack, service }: Scale, { at, from, to, by }: Scale['changes'][number]): Noted {
  const mark = { at, kind: 'scaling', subject: serviceKey(stack, service), from, to, by } as const;
  return { mark, of: [CLUSTER_MARKS, serviceMarks(stack, service)] };
}

function moveMarks(
  tx: ReadTx,
  { before, after }: Extract<Change, { table: 'containers' }>,
  now: number,
): Noted[] {
  if (before === undefined || after === undefined) return [];
  const [from, to] = [before.assigned.hostId, after.assigned.hostId];
  if (from === to) return [];
  const isDown = tx.get('hostStatus', from)?.state === 'down';
  const { id, name, service } = after;
  const nameOf = (host: string) => tx.get('hosts', host)?.name ?? host;
  const mark = {
    ...({ at: now, kind: isDown ? 'failover' : 'move', subject: name } as const),
    ...{ fromHost: nameOf(from), toHost: nameOf(to) },
  };
  const of = [containerMarks(id), hostMarks(from), hostMarks(to)];
  return [{ mark, of: service === undefined ? of : [...of, serviceMarks(service.stack, service.name)] }];
}

function hostStateMarks(
  tx: ReadTx,
  { key, before, after }: Extract<Change, { table: 'hostStatus' }>,
  now: number,
): Noted[] {
  const host = tx.get('hosts', key);
  if (host === undefined || before === undefined || after === undefined || before.state === after.state)
    return [];
  const kind =
    after.state === 'down'
      ? 'host-down'
      : before.state === 'down' && after.state === 'ready'
        ? 'host-back'
        : undefined;
  if (kind === undefined) return [];
  return [{ mark: { at: now, kind, subject: host.name }, of: [CLUSTER_MARKS, hostMarks(key)] }];
}
