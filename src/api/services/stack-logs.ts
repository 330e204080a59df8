import { messageOf } from '../../kit/errors.ts';
import { linkedSignal } from '../../kit/linked-signal.ts';
import type { Container } from '../../model/container.ts';
import { serviceKey } from '../../model/deployment.ts';
import type { ReadTx } from '../../store/store.ts';
import { containerPath, type Target, targetOfRecord } from '../docker/containers/find.ts';
import type { DockerDeps } from '../docker/deps.ts';
import { ask } from '../docker/passthrough.ts';
import { servedVersions } from '../docker/version.ts';
import type { LogQuery } from '../v1/stack-logs.ts';
import { type LoggedLine, linesOf } from './log-frames.ts';

type Line = LoggedLine & Readonly<{ kind: 'line'; container: string; service: string; hostName: string }>;
type Item = Line | Readonly<{ kind: 'note'; text: string }>;

/** A container whose log can be read now. */
type Source = Readonly<{ target: Target; service: string; raw: boolean; startedAt: number }>;

/** So many lines wait for a reader before the engines have to. */
const AHEAD = 256;

/** What containers of stacks have written, from all of their hosts. */
export class StackLogs {
  constructor(private readonly deps: DockerDeps) {}

  /** What there is, in the order of time; then, with `follow`, what comes, also of containers that are made later. */
  async *read(query: LogQuery, signal: AbortSignal): AsyncGenerator<Item> {
    const link = linkedSignal([signal]);
    /** By container, the time of the last line that was told. */
    const told = new Map<string, string>();
    try {
      const { sources, notes } = this.sources(query);
      for (const text of notes) yield { kind: 'note', text };
      const past = sources.map((source) => this.open(source, pastOf(query), link.signal));
      for await (const item of inOrder(past)) {
        if (item.kind === 'line') told.set(item.container, item.at);
        yield item;
      }
      if (query.follow === true) yield* this.follow(query, sources, told, link.signal);
    } finally {
      link.fire(new Error('the reader has left'));
    }
  }

  private async *follow(
    query: LogQuery,
    known: readonly Source[],
    told: Map<string, string>,
    signal: AbortSignal,
  ): AsyncGenerator<Item> {
    const queue: Item[] = [];
    let wake = () => {};
    /** Readers of hosts that wait until what they have brought is taken. */
    const held = new Set<() => void>();
    const go = () => {
      for (const resolve of held) resolve();
      held.clear();
    };
    /** Container to when it was started as it is read now. */
    const under = new Map<string, number>();
    const start = new Set(known.map(({ target }) => target.id));
    const pump = async (source: Source) => {
      const { id, name } = source.target;
      const again = under.has(id);
      under.set(id, source.startedAt);
      const params = {
        follow: '1',
        ...this.from(query, told.get(name), start.has(id), again ? source : undefined),
      };
      for await (const item of this.open(source, params, signal)) {
        if (item.kind === 'line') {
          // Engines tell the line of `since` itself once more.
          if (item.at <= (told.get(name) ?? '')) continue;
          told.set(name, item.at);
        }
        queue.push(item);
        wake();
        if (queue.length > AHEAD && !signal.aborted) await new Promise<void>((resolve) => held.add(resolve));
      }
    };
    const look = () => {
      for (const source of this.sources(query).sources)
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
      go();
    }
  }

  /** Where a log that is followed begins: nothing is left out, and nothing told twice. */
  private from(
    { tail, since, until }: LogQuery,
    told: string | undefined,
    known: boolean,
    again: Source | undefined,
  ): Readonly<Record<string, string>> {
    const end: Readonly<Record<string, string>> = until === undefined ? {} : { until };
    if (told !== undefined) return { ...end, since: secondsOf(told) };
    if (again !== undefined) return { ...end, since: (again.startedAt / 1000).toFixed(3) };
    if (known && tail === 0) return { ...end, tail: '0' };
    return { ...end, ...(since === undefined ? {} : { since }) };
  }

  private sources({ stack, service }: LogQuery): { sources: Source[]; notes: string[] } {
    const { store, engines } = this.deps;
    return store.view((tx) => {
      const sources: Source[] = [];
      const notes: string[] = [];
      for (const container of containersOf(tx, stack, service)) {
        const target = targetOfRecord(tx, container);
        if (!engines.connected(target.hostId))
          notes.push(`container ${target.name}: its host ${target.hostName} is not connected`);
        // One that is not made yet has written nothing.
        else if (target.seen !== undefined)
          sources.push({
            target,
            service: container.service?.name ?? '',
            raw: container.desired.spec.Tty === true,
            startedAt: target.seen.state.startedAt,
          });
      }
      return { sources, notes };
    });
  }

  private async *open(
    { target, service, raw }: Source,
    params: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): AsyncGenerator<Item> {
    const query = new URLSearchParams({ stdout: '1', stderr: '1', timestamps: '1', ...params });
    const path = `/v${servedVersions(this.deps.store).api}${containerPath(target, '/logs')}?${query}`;
    const { name: container, hostName, hostId } = target;
    try {
      const { body } = await ask({ deps: this.deps }, hostId, { method: 'GET', path, signal });
      for await (const line of linesOf(body, raw))
        yield { kind: 'line', container, service, hostName, ...line };
    } catch (thrown) {
      if (!signal.aborted) yield { kind: 'note', text: `container ${container}: ${messageOf(thrown)}` };
    }
  }
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

function pastOf({ tail, since, until }: LogQuery): Readonly<Record<string, string>> {
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
async function* inOrder(sources: readonly AsyncGenerator<Item>[]): AsyncGenerator<Item> {
  const heads: { source: AsyncGenerator<Item>; line: Line }[] = [];
  const notes: Item[] = [];
  const advance = async (source: AsyncGenerator<Item>) => {
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
