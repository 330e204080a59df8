import type { Clock } from '../kit/clock.ts';
import type { Logger } from '../kit/logger.ts';
import { type Layout, routeIn, type SpareRoutes } from './layout.ts';
import { Looks } from './looks.ts';
import { askMaster, parseWorkers } from './master.ts';
import { askOnce } from './runtime-socket.ts';

/** Streams with a server: their IDs, and which one, `BACKEND/SERVER`. Of `show sess`. */
export function parseStreams(answer: string): readonly Readonly<{ id: string; at: string }>[] {
  return answer.split('\n').flatMap((line) => {
    const [, id, backend, server] = /^(0x[0-9a-f]+): .* be=(\S+) srv=(\S+) /.exec(line) ?? [];
    return id === undefined ? [] : [{ id, at: `${backend}/${server}` }];
  });
}

/** How many may be kept beside each other: each has the whole configuration, some 20 KiB for a route. */
export function mostOldWorkers(backends: number): number {
  if (backends < 500) return 20;
  if (backends < 2_000) return 10;
  return backends < 5_000 ? 5 : 3;
}

/** The same for a server in all workers, whichever backend its route is in; undefined for what is no route's. */
function serverKey(at: string, spares: SpareRoutes): string | undefined {
  const slash = at.indexOf('/');
  const found = routeIn(at.slice(0, slash), spares);
  return found === undefined ? undefined : `${found.kind} ${found.route} ${at.slice(slash + 1)}`;
}

/** Whether a route has a server now. */
export type IsThere = (kind: 'http' | 'tcp', route: string, server: string) => boolean;

/**
 * Workers that a reload has replaced, and that go on with the connections that they have. They take no orders about servers
 * ("Proxy is disabled"), so the streams of a server that has left are ended one by one when the limit is over.
 */
export class OldWorkers {
  /** When servers left, by `serverKey`. */
  private readonly left = new Map<string, number>();
  /** Where routes are in them, by process ID; those of before our own start are not known. */
  private readonly spares = new Map<number, SpareRoutes>();
  private limitMs = 300_000;
  private readonly looks: Looks;

  constructor(
    private readonly layout: Layout,
    private readonly clock: Clock,
    private readonly logger: Logger,
    /** What is done in there is done while no state is applied. */
    private readonly inTurn: <R>(task: () => Promise<R>) => Promise<R>,
  ) {
    this.looks = new Looks({
      ...{ clock, logger, what: 'old workers' },
      isNeeded: () => this.left.size > 0,
      look: () => this.cutDue(),
    });
  }

  limit(milliseconds: number): void {
    this.limitMs = milliseconds;
  }

  /** A worker is about to be replaced, which has routes there. */
  ending(pid: number, spares: SpareRoutes): void {
    this.spares.set(pid, spares);
  }

  /** Servers that leave now, `BACKEND/SERVER` of the worker that serves; and which are there, those too that have come back. */
  leave(all: readonly string[], spares: SpareRoutes, isThere: IsThere): void {
    for (const key of this.left.keys()) if (isKeyThere(key, isThere)) this.left.delete(key);
    for (const at of all) this.note(serverKey(at, spares));
    this.looks.begin();
  }

  /**
   * Notes the servers that only they have. They get no new streams, so that those which are there now are all.
   * @param most so many of them are kept; the streams of older ones are ended at once
   */
  async look(isThere: IsThere, most: number): Promise<void> {
    const old = await this.workers();
    for (const pid of this.spares.keys()) if (!old.all.includes(pid)) this.spares.delete(pid);
    for (const [i, pid] of old.ending.entries()) {
      const streams = parseStreams(await this.ask(pid, 'show sess'));
      if (i >= most) {
        this.logger.warn(
          { pid, connections: streams.length },
          'router: an old worker ends, as there are too many',
        );
        for (const { id } of streams) await this.ask(pid, `shutdown session ${id}`);
        continue;
      }
      for (const { at } of streams) {
        const key = serverKey(at, this.spares.get(pid) ?? new Map());
        if (key !== undefined && !isKeyThere(key, isThere)) this.note(key);
      }
    }
    this.looks.begin();
  }

  close(): void {
    this.looks.close();
    this.left.clear();
  }

  private note(key: string | undefined): void {
    if (key !== undefined && !this.left.has(key)) this.left.set(key, this.clock.now());
  }

  private async cutDue(): Promise<void> {
    const due = [...this.left].filter(([, since]) => this.clock.now() - since > this.limitMs);
    if (due.length > 0) await this.inTurn(() => this.cut(due.map(([key]) => key)));
  }

  /** @throws BerthError `unavailable`, `timeout`: it is tried again then */
  private async cut(keys: readonly string[]): Promise<void> {
    // One that has come back meanwhile is none of them any more.
    const due = new Set(keys.filter((key) => this.left.has(key)));
    for (const pid of (await this.workers()).ending) {
      const spares = this.spares.get(pid) ?? new Map();
      for (const { id, at } of parseStreams(await this.ask(pid, 'show sess')))
        if (due.has(serverKey(at, spares) ?? '')) await this.ask(pid, `shutdown session ${id}`);
    }
    for (const key of due) this.left.delete(key);
  }

  /** No stream is in the answer where the worker has ended meanwhile. */
  private ask(pid: number, command: string): Promise<string> {
    return askOnce(this.layout.masterSocket, `@!${pid} ${command}`);
  }

  private async workers() {
    const { current, old } = parseWorkers(await askMaster(this.layout.masterSocket, 'show proc', this.clock));
    return { all: [...current, ...old], ending: old };
  }
}

function isKeyThere(key: string, isThere: IsThere): boolean {
  const [kind, route = '', server = ''] = key.split(' ');
  return isThere(kind === 'tcp' ? 'tcp' : 'http', route, server);
}
