import type { LogItem } from '../../contract/v1/services.ts';
import { linkedSignal } from '../../kit/linked-signal.ts';
import type { Container } from '../../model/container.ts';
import { serviceKey } from '../../model/deployment.ts';
import type { ReadTx } from '../../store/store.ts';
import { type Target, targetOfRecord, targetOfSeen } from '../docker/containers/find.ts';
import type { DockerDeps } from '../docker/deps.ts';
import type { LogQuery as TextQuery } from '../v1/stack-logs.ts';
import { type LogLine, type LogPart, type LogSource, readLog, textOf } from './container-log.ts';
import type { LoggedLine } from './log-frames.ts';

export type LogQuery = TextQuery &
  Readonly<{
    /** Only of the container of this ID. */
    container?: string | undefined;
    /** Only what was written there; to both, if left out. */
    stream?: LoggedLine['stream'] | undefined;
  }>;

/** As much of a query as is the same whatever containers it is of. */
type When = Pick<TextQuery, 'follow' | 'tail' | 'since' | 'until'>;
type Sources = Readonly<{ sources: LogSource[]; notes: string[] }>;

/** A log that broke off is asked for again after this, milliseconds. */
const AGAIN_MS = 2_000;
/** So many lines wait for a reader before the engines have to. */
const AHEAD = 256;

/** What containers of stacks have written, from all of their hosts. */
export class StackLogs {
  constructor(private readonly deps: DockerDeps) {}

  /** As `lines`, in text: what is no UTF-8 is replaced. */
  async *read(query: TextQuery, signal: AbortSignal): AsyncGenerator<LogItem> {
    for await (const item of this.lines(query, signal)) yield textOf(item);
  }

  /** What there is, in the order of time; then, with `follow`, what comes, also of containers that are made later. */
  lines(query: LogQuery, signal: AbortSignal): AsyncGenerator<LogPart> {
    return this.merged(query, () => this.sources(query), signal);
  }

  /**
   * As `read`, of containers of any kind.
   * @param raw by their IDs, whether they have a terminal
   */
  async *readThese(
    raw: ReadonlyMap<string, boolean>,
    when: When,
    signal: AbortSignal,
  ): AsyncGenerator<LogItem> {
    for await (const item of this.merged(when, () => this.sourcesOf(raw), signal)) yield textOf(item);
  }

  private async *merged(query: When, find: () => Sources, signal: AbortSignal): AsyncGenerator<LogPart> {
    const link = linkedSignal([signal]);
    /** By the container's ID, the time of the last line that was told. */
    const told = new Map<string, string>();
    try {
      const { sources, notes } = find();
      for (const text of notes) yield { kind: 'note', text };
      const past = sources.map((source) => readLog(this.deps, source, pastOf(query), link.signal));
      for await (const item of inOrder(past)) {
        if (item.kind === 'line') told.set(item.source.id, item.at);
        yield item;
      }
      if (query.follow === true) yield* this.follow(query, find, sources, told, link.signal);
    } finally {
      link.fire(new Error('the reader has left'));
    }
  }

  private async *follow(
    query: When,
    find: () => Sources,
    known: readonly LogSource[],
    told: Map<string, string>,
    signal: AbortSignal,
  ): AsyncGenerator<LogPart> {
    const queue: LogPart[] = [];
    let wake = () => {};
    /** Readers of hosts that wait until what they have brought is taken. */
    const held = new Set<() => void>();
    const go = () => {
      for (const resolve of held) resolve();
      held.clear();
    };
    /** Container to when it was started as it is read now. */
    const under = new Map<string, number>();
    /** IDs of those whose log has been followed before. */
    const begun = new Set<string>();
    const timers = new Set<NodeJS.Timeout>();
    const start = new Set(known.map(({ target }) => target.id));
    const pump = async (source: LogSource) => {
      const { id } = source.target;
      const again = begun.has(id);
      begun.add(id);
      under.set(id, source.startedAt);
      let isBroken = false;
      const params = {
        follow: '1',
        ...this.from(query, told.get(id), start.has(id), again ? source : undefined),
      };
      for await (const item of readLog(this.deps, source, params, signal)) {
        if (item.kind === 'line') {
          // Engines tell the line of `since` itself once more.
          if (item.at <= (told.get(id) ?? '')) continue;
          told.set(id, item.at);
        } else if (item.isLost === true) isBroken = true;
        queue.push(item);
        wake();
        if (queue.length > AHEAD && !signal.aborted) await new Promise<void>((resolve) => held.add(resolve));
      }
      // It runs on, out of sight: its host was lost, and may be back.
      if (!isBroken || signal.aborted || under.get(id) !== source.startedAt) return;
      const timer = setTimeout(() => {
        timers.delete(timer);
        if (under.get(id) === source.startedAt) under.delete(id);
        look();
      }, AGAIN_MS);
      timers.add(timer);
    };
    const look = () => {
      for (const source of find().sources)
        if (under.get(source.target.id) !== source.startedAt) void pump(source);
    };
    const unwatch = this.deps.store.watch(({ changes }) => {
      if (changes.some(({ table }) => table === 'observedContainers' || table === 'hostStatus')) look();
    });
    signal.addEventListener('abort', () => wake(), { once: true });
    try {
      look();
      while (!signal.aborted) {
        const items = queue.splice(0);
        go();
        yield* items;
        if (queue.length === 0 && !signal.aborted) await new Promise<void>((resolve) => (wake = resolve));
      }
    } finally {
      unwatch();
      for (const timer of timers) clearTimeout(timer);
      go();
    }
  }

  /** Where a log that is followed begins: nothing is left out, and nothing told twice. */
  private from(
    { tail, since, until }: When,
    told: string | undefined,
    known: boolean,
    again: LogSource | undefined,
  ): Readonly<Record<string, string>> {
    const end: Readonly<Record<string, string>> = until === undefined ? {} : { until };
    if (told !== undefined) return { ...end, since: secondsOf(told) };
    if (again !== undefined) return { ...end, since: (again.startedAt / 1000).toFixed(3) };
    if (known && tail === 0) return { ...end, tail: '0' };
    return { ...end, ...(since === undefined ? {} : { since }) };
  }

  private sources({ stack, service, container: only, stream }: LogQuery): Sources {
    return this.deps.store.view((tx) => {
      const found: Found[] = [];
      for (const container of containersOf(tx, stack, service)) {
        if (only !== undefined && container.id !== only) continue;
        const raw = container.desired.spec.Tty === true;
        found.push({ target: targetOfRecord(tx, container), raw, stream });
      }
      return this.readable(found);
    });
  }

  private sourcesOf(raw: ReadonlyMap<string, boolean>): Sources {
    return this.deps.store.view((tx) => {
      const found: Found[] = [];
      for (const [id, isRaw] of raw) {
        const target = targetOfId(tx, id);
        if (target !== undefined) found.push({ target, raw: isRaw, stream: undefined });
      }
      return this.readable(found);
    });
  }

  private readable(found: readonly Found[]): Sources {
    const sources: LogSource[] = [];
    const notes: string[] = [];
    for (const { target, raw, stream } of found) {
      const { name, hostId, hostName, seen, record } = target;
      if (!this.deps.engines.connected(hostId))
        notes.push(`container ${name}: its host ${hostName} is not connected`);
      // One that is not made yet has written nothing.
      else if (seen !== undefined) {
        const service = record?.service?.name ?? '';
        sources.push({ target, service, raw, stream, startedAt: seen.state.startedAt });
      }
    }
    return { sources, notes };
  }
}

type Found = Pick<LogSource, 'target' | 'raw' | 'stream'>;

/** Undefined once it is gone. */
function targetOfId(tx: ReadTx, id: string): Target | undefined {
  const record = tx.get('containers', id);
  if (record !== undefined) return targetOfRecord(tx, record);
  const [seen] = tx.by('observedContainers', 'engineId', id);
  return seen === undefined ? undefined : targetOfSeen(tx, seen);
}

function containersOf(tx: ReadTx, stack: string, service: string | undefined): readonly Container[] {
  const names =
    service === undefined ? [...tx.by('services', 'stack', stack)].map(({ name }) => name).sort() : [service];
  return names.flatMap((name) =>
    [...tx.by('containers', 'stackService', serviceKey(stack, name))]
      .filter(({ desired }) => desired.state !== 'removed')
      .sort((a, b) => (a.service?.index ?? 0) - (b.service?.index ?? 0)),
  );
}

function pastOf({ tail, since, until }: When): Readonly<Record<string, string>> {
  return {
    ...(tail === undefined ? {} : { tail: String(tail) }),
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
  };
}

/** RFC 3339 with nanoseconds as engines take it: seconds since the epoch with nine decimals. */
function secondsOf(at: string): string {
  const [, whole = '', fraction = ''] = /^([^.]+)(?:\.(\d+))?Z$/.exec(at) ?? [];
  return `${Math.floor(Date.parse(`${whole}Z`) / 1000)}.${fraction.padEnd(9, '0')}`;
}

/** One line of each is held: the oldest of them comes first. Notes come when they do. */
async function* inOrder(sources: readonly AsyncGenerator<LogPart>[]): AsyncGenerator<LogPart> {
  const heads: { source: AsyncGenerator<LogPart>; line: LogLine }[] = [];
  const notes: LogPart[] = [];
  const advance = async (source: AsyncGenerator<LogPart>) => {
    for (;;) {
      const { value, done } = await source.next();
      if (done === true) return;
      if (value.kind === 'line') {
        heads.push({ source, line: value });
        return;
      }
      notes.push(value);
    }
  };
  await Promise.all(sources.map(advance));
  for (;;) {
    yield* notes.splice(0);
    const first = heads.reduce<(typeof heads)[number] | undefined>(
      (least, one) => (least === undefined || one.line.at < least.line.at ? one : least),
      undefined,
    );
    if (first === undefined) return;
    heads.splice(heads.indexOf(first), 1);
    yield first.line;
    await advance(first.source);
  }
}
