import type { Calls } from '../../../src/contract/client-over.ts';
import { BerthError } from '../../../src/contract/page-client.ts';
import type { ChangeEvent } from '../../../src/contract/v1/cluster.ts';
import { viewsOf } from '../../../src/contract/v1/container-columns.ts';
import type { ContainerView } from '../../../src/contract/v1/containers.ts';
import type { Node } from '../../../src/contract/v1/nodes.ts';
import { ByHost } from './by-host.ts';
import { Table } from './table.ts';

/** connecting: nothing is known yet · live · lost: what is known is from `since`. */
export type Connection = Readonly<{ state: 'connecting' | 'live' | 'lost'; since: number }>;
type Told = Exclude<ChangeEvent, { kind: 'reset' }>;
export type Happened = Readonly<{ key: string; at: number; event: Told }>;

/** The cluster as the page knows it; another object whenever something of it is another. */
export type Picture = Readonly<{
  connection: Connection;
  /** False: nobody has seen the page for a while, and it is to hold no connection. */
  isSeen: boolean;
  nodes: readonly Node[];
  containers: readonly ContainerView[];
  /** All that there is was read. */
  complete: boolean;
  /** Newest first. */
  happened: readonly Happened[];
  /** How often all was read again: what the stream has not told may be another since. */
  reads: number;
}>;

/** The picture is made anew at most this often, milliseconds: well within the second in which a change is to be seen. */
const DRAW_MS = 120;
/** What the stream does not tell is asked for this long after a change, so that one question answers for many. */
const ASK_MS = 400;
/** More changed containers than these are read with their whole hosts. */
const ASK_SINGLY = 12;
/** More hosts than these are read with all others. */
const ASK_HOSTS = 40;
const HAPPENED = 60;
/** The manager sends a comment every 15 s. */
const QUIET_MS = 40_000;
const AGAIN_MS = 2_000;
const BACKOFF = { baseMs: 250, maxMs: AGAIN_MS };
/** Between two questions are so many times as long as the first one took: many open pages are no load on a manager. */
const REST = 4;
/** A page that nobody sees gives its connection back: browsers have six for all of a manager's pages. */
const HIDDEN_MS = 30_000;

export class LiveCluster {
  private readonly nodes = new Table<Node>();
  private readonly byHost = new ByHost();
  private readonly containers = new Table<ContainerView>((before, after) =>
    this.byHost.change(before, after),
  );
  private connection: Connection = { state: 'connecting', since: Date.now() };
  private happened: readonly Happened[] = [];
  private complete = false;
  private reads = 0;
  private isSeen = true;
  private picture: Picture;
  private readonly listeners = new Set<() => void>();
  private drawing: ReturnType<typeof setTimeout> | undefined;
  private asking: ReturnType<typeof setTimeout> | undefined;
  /** Containers of which more is to be read than the stream has told. */
  private readonly unread = new Set<string>();
  private areNodesUnread = false;
  /** While everything is read anew: what the stream has told meanwhile. */
  private meanwhile: Told[] | undefined;
  /** What is known, or just being read, may lack something that was never told. */
  private isAllWanted = true;
  private run: AbortController | undefined;
  private reconnecting: ReturnType<typeof setTimeout> | undefined;
  private lastId: string | undefined;
  private count = 0;

  constructor(
    private readonly client: Calls,
    /** The session has ended. */
    private readonly onLogOut: () => void,
  ) {
    this.picture = this.draw();
  }

  readonly snapshot = (): Picture => this.picture;

  /** As it is now, also where the picture is yet to be drawn. */
  container(id: string): ContainerView | undefined {
    return this.containers.get(id);
  }

  /** What is on a host, in the order of their names: another list whenever one of them is another. */
  containersOn(hostId: string): readonly ContainerView[] {
    return this.byHost.list(hostId);
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** Begins; what is returned ends it. */
  start(): () => void {
    let hiding: ReturnType<typeof setTimeout> | undefined;
    const onVisibility = () => {
      clearTimeout(hiding);
      if (document.visibilityState === 'visible') {
        this.setSeen(true);
        this.connect();
      } else
        hiding = setTimeout(() => {
          this.setSeen(false);
          this.disconnect();
        }, HIDDEN_MS);
    };
    document.addEventListener('visibilitychange', onVisibility);
    window.addEventListener('online', this.retry);
    this.connect();
    // A tab that was opened behind another one.
    if (document.visibilityState !== 'visible') onVisibility();
    return () => {
      clearTimeout(hiding);
      document.removeEventListener('visibilitychange', onVisibility);
      window.removeEventListener('online', this.retry);
      this.disconnect();
      clearTimeout(this.asking);
      clearTimeout(this.drawing);
      this.asking = undefined;
      this.drawing = undefined;
    };
  }

  /** Does not wait for the next try. */
  readonly retry = (): void => {
    if (this.connection.state !== 'lost') return;
    this.disconnect();
    this.connect();
  };

  private connect(): void {
    if (this.run !== undefined) return;
    clearTimeout(this.reconnecting);
    const run = new AbortController();
    this.run = run;
    void this.follow(run.signal).catch((thrown: unknown) => {
      if (run.signal.aborted) return;
      this.run = undefined;
      this.setConnection('lost');
      if (isLogOut(thrown)) this.onLogOut();
      // Whatever it was, such as a proxy that has no manager behind it: it may be over by then.
      else this.reconnecting = setTimeout(() => this.connect(), AGAIN_MS);
    });
  }

  private disconnect(): void {
    clearTimeout(this.reconnecting);
    this.run?.abort(new Error('the page is not looked at'));
    this.run = undefined;
  }

  private setSeen(isSeen: boolean): void {
    if (this.isSeen === isSeen) return;
    this.isSeen = isSeen;
    this.redraw(true);
  }

  private async follow(signal: AbortSignal): Promise<void> {
    const events = this.client.events({
      signal,
      ...(this.lastId === undefined ? {} : { after: this.lastId }),
      quietMs: QUIET_MS,
      backoff: BACKOFF,
      onState: (state) => {
        this.setConnection(state === 'open' ? 'live' : 'lost');
        if (state !== 'open') return;
        // The stream stands first, so that nothing falls between it and what is read.
        if (this.isAllWanted || this.lastId === undefined) void this.readAll();
        this.askSoon();
      },
      onPosition: (id) => {
        this.lastId = id;
      },
    });
    for await (const { id, event } of events) {
      this.lastId = id;
      if (event.kind !== 'reset') this.take(event);
      else {
        if (this.meanwhile !== undefined) this.meanwhile = [];
        void this.readAll();
      }
    }
  }

  private setConnection(state: Connection['state']): void {
    if (this.connection.state === state) return;
    this.connection = { state, since: Date.now() };
    this.redraw(true);
  }

  private async readAll(): Promise<void> {
    this.isAllWanted = true;
    const { run } = this;
    if (this.meanwhile !== undefined || run === undefined) return;
    this.meanwhile = [];
    try {
      while (this.isAllWanted) {
        this.isAllWanted = false;
        await this.readOnce(run.signal);
      }
    } catch (thrown) {
      this.isAllWanted = true;
      if (this.run !== run) return;
      if (isLogOut(thrown)) this.onLogOut();
      else setTimeout(() => void (this.isAllWanted && this.readAll()), AGAIN_MS);
    } finally {
      const told = this.meanwhile ?? [];
      this.meanwhile = undefined;
      for (const event of told) this.take(event);
      this.redraw();
      // Another connection has asked for it while this one was given up.
      if (this.isAllWanted && this.run !== run && this.connection.state === 'live') void this.readAll();
    }
  }

  private async readOnce(signal: AbortSignal): Promise<void> {
    const { nodes } = await this.client.call('node.list', undefined, { signal });
    this.nodes.replace(nodes);
    this.redraw();
    const ids = new Set<string>();
    for await (const columns of this.client.lines('container.columns', {}, { signal })) {
      for (const view of viewsOf(columns)) {
        ids.add(view.id);
        this.containers.put(view);
      }
      this.redraw();
    }
    this.containers.keep(ids);
    if (this.complete) this.reads++;
    this.complete = true;
  }

  private take(event: Told): void {
    if (this.meanwhile !== undefined) {
      this.meanwhile.push(event);
      return;
    }
    const key = `${++this.count}`;
    this.happened = [{ key, at: Date.now(), event }, ...this.happened].slice(0, HAPPENED);
    if (event.kind === 'container') this.takeContainer(event);
    else if (event.kind === 'node') this.takeNode(event);
    this.redraw();
  }

  private takeContainer(event: Extract<Told, { kind: 'container' }>): void {
    const { id, name, managed, hostId, state, health = 'none', image, change } = event;
    const { startedAt = this.containers.get(id)?.startedAt ?? 0 } = event;
    this.areNodesUnread = true;
    if (change === 'removed') {
      this.containers.delete(id);
      this.unread.delete(id);
    } else {
      const before = this.containers.get(id);
      const hostName = this.nodes.get(hostId)?.name ?? hostId;
      const fresh = { command: '', exitCode: 0, createdAt: Date.now(), ports: [] };
      const told = { id, name, managed, hostId, hostName, state, health, image, startedAt };
      this.containers.put({ ...fresh, ...before, ...told });
      this.unread.add(id);
    }
    this.askSoon();
  }

  private takeNode({ id, name, state, cordoned, reason, change }: Extract<Told, { kind: 'node' }>): void {
    const before = this.nodes.get(id);
    if (change === 'removed') this.nodes.delete(id);
    else if (before !== undefined) this.nodes.put({ ...before, name, state, cordoned, reason });
    this.areNodesUnread = true;
    this.askSoon();
  }

  /** Asks for what is unread; without a connection, once there is one. */
  private askSoon(afterMs = ASK_MS): void {
    const isAsked = this.unread.size > 0 || this.areNodesUnread;
    if (!isAsked || this.run === undefined || this.connection.state !== 'live') return;
    this.asking ??= setTimeout(() => {
      const began = Date.now();
      void this.ask().then((isRead) => {
        this.asking = undefined;
        this.askSoon(Math.max(isRead ? ASK_MS : AGAIN_MS, REST * (Date.now() - began)));
      });
    }, afterMs);
  }

  /** False: not all of it was to be had. */
  private async ask(): Promise<boolean> {
    const signal = this.run?.signal;
    if (signal === undefined) return false;
    const ids = [...this.unread];
    this.unread.clear();
    const areNodes = this.areNodesUnread;
    this.areNodesUnread = false;
    try {
      if (areNodes) this.nodes.replace((await this.client.call('node.list', undefined, { signal })).nodes);
      if (ids.length <= ASK_SINGLY) for (const id of ids) await this.readContainer(id, signal);
      else await this.readHosts(new Set(ids.flatMap((id) => this.containers.get(id)?.hostId ?? [])), signal);
      return true;
    } catch {
      for (const id of ids) if (this.containers.get(id) !== undefined) this.unread.add(id);
      this.areNodesUnread ||= areNodes;
      return false;
    } finally {
      this.redraw();
    }
  }

  private async readContainer(id: string, signal: AbortSignal): Promise<void> {
    try {
      const view = await this.client.call('container.get', { container: id }, { signal });
      // Under another ID it is another one: what was asked for is gone.
      if (view.id === id && this.containers.get(id) !== undefined) this.containers.put(view);
    } catch (thrown) {
      if (!isRefusal(thrown)) throw thrown;
    }
  }

  /** What is on these hosts; where they are many, what is on all of them is sooner read. */
  private async readHosts(hostIds: ReadonlySet<string>, signal: AbortSignal): Promise<void> {
    const put = (views: readonly ContainerView[]) => {
      for (const view of views) if (this.containers.get(view.id) !== undefined) this.containers.put(view);
    };
    if (hostIds.size > ASK_HOSTS) {
      for await (const columns of this.client.lines('container.columns', {}, { signal }))
        if (hostIds.has(columns.hostId)) put(viewsOf(columns));
      return;
    }
    for (const node of hostIds) {
      try {
        put((await this.client.call('container.list', { node }, { signal })).containers);
      } catch (thrown) {
        if (!isRefusal(thrown)) throw thrown;
      }
    }
  }

  private redraw(now = false): void {
    if (now) {
      clearTimeout(this.drawing);
      this.drawing = undefined;
      this.tell();
    } else this.drawing ??= setTimeout(() => this.tell(), DRAW_MS);
  }

  private tell(): void {
    this.drawing = undefined;
    this.picture = this.draw();
    for (const listener of [...this.listeners]) listener();
  }

  private draw(): Picture {
    const { connection, isSeen, complete, happened, reads } = this;
    return {
      ...{ connection, isSeen, complete, happened, reads },
      nodes: this.nodes.list(),
      containers: this.containers.list(),
    };
  }
}

function isLogOut(thrown: unknown): boolean {
  return thrown instanceof BerthError && thrown.code === 'unauthenticated';
}

/** It is not to be had, now or later: the stream has told the most of it. */
function isRefusal(thrown: unknown): boolean {
  return thrown instanceof BerthError && !thrown.retryable;
}
