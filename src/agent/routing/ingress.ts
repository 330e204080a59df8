import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { AgentFrame, EngineEvent, ManagerFrame } from '../../contract/link.ts';
import type { Engine } from '../../engine/index.ts';
import { backoffDelay } from '../../kit/backoff.ts';
import type { Clock } from '../../kit/clock.ts';
import { BerthError, messageOf } from '../../kit/errors.ts';
import type { Logger } from '../../kit/logger.ts';
import { LABEL_ROUTER } from '../../model/labels.ts';
import type { RouterState } from '../../model/router.ts';
import { say } from '../../model/said/index.ts';
import { Router } from '../../router/index.ts';
import { NamedServers } from './named-servers.ts';
import { FOLDER_INSIDE, RouterContainer } from './router-container.ts';
import { changedRouter, readRouter, routerStateOf, type WantedRouter, writeRouter } from './router-record.ts';
import { TrafficReports } from './traffic-reports.ts';

type Routed = AgentFrame & { t: 'routed' };
/** What the manager hears of a router. */
type Told = AgentFrame & { t: 'routed' | 'traffic' };

export type IngressOptions = Readonly<{
  /** For what the router is to be, and HAProxy's own folder; made where missing. */
  dir: string;
}>;

type IngressDeps = IngressOptions &
  Readonly<{
    engine: Engine;
    identity: Readonly<{ clusterId: string; hostId: string }>;
    clock: Clock;
    logger: Logger;
  }>;

/** HAProxy has been started, and should answer by then: milliseconds. */
const START_MS = 5_000;
const LOOK_MS = 50;
/** After HAProxy has ended by itself its engine starts it again: that comes first. */
const ENDED_MS = 1_000;
/** What is kept of changes that come one after the other, milliseconds. */
const SAVE_MS = 500;
const MOST_ERROR = 1_000;
const BACKOFF = { baseMs: 1_000, maxMs: 30_000 };

/** This host's router: held to what the manager has said last, with or without it. */
export class Ingress {
  private readonly router: Router;
  private readonly container: RouterContainer;
  private readonly reports: TrafficReports;
  private readonly named: NamedServers;
  private readonly stop = new AbortController();
  /** With further parts still to come. */
  private gathering: WantedRouter | undefined;
  private send: ((frame: Routed) => void) | undefined;
  /** Number of the change that `wanted` is; undefined where no manager has said it on this connection. */
  private seq: number | undefined;
  /** Number of the change that was carried out last, or not. */
  private handled: number | undefined;
  private running: Promise<void> | undefined;
  private again: NodeJS.Timeout | undefined;
  private saving: NodeJS.Timeout | undefined;
  private failures = 0;
  /** A name leads elsewhere than when the state was carried out that is wanted. */
  private moved = false;
  private serving = false;
  /** The image of the container that ran when the engine was asked last, and has not been heard of since. */
  private runs: string | undefined;
  private error = '';
  /** Servers that are leaving, and still have connections. */
  private readonly draining = new Map<string, AbortController>();
  /** Those that have none any more. */
  private readonly drained = new Set<string>();

  private constructor(
    private readonly deps: IngressDeps,
    private wanted: WantedRouter | undefined,
    /** There may be a container though none is wanted. */
    private mayRun: boolean,
  ) {
    const { dir, engine, identity, clock, logger } = deps;
    const folder = join(dir, 'haproxy');
    this.router = new Router({ folder, folderInside: FOLDER_INSIDE, clock, logger });
    this.container = new RouterContainer({ engine, clusterId: identity.clusterId, folder });
    this.named = new NamedServers({
      ...{ clock, logger },
      onChange: () => {
        this.moved = true;
        this.kick();
      },
    });
    const take = async () => {
      const { wanted } = this;
      if (!this.serving || wanted === undefined) return undefined;
      const { failing, ...taken } = await this.router.takeTraffic();
      return { ...taken, failing: this.named.named(failing, routerStateOf(wanted)) };
    };
    this.reports = new TrafficReports({ take, clock, logger });
  }

  /** @throws the file system's error where the folder cannot be used */
  static async open(deps: IngressDeps): Promise<Ingress> {
    await mkdir(deps.dir, { recursive: true, mode: 0o700 });
    const wanted = await readRouter(deps.dir, deps.identity.hostId, deps.logger);
    return new Ingress(deps, wanted, wanted !== undefined);
  }

  /** The engine answers, and what is on it is known. */
  onListed(): void {
    this.runs = undefined;
    if (this.wanted !== undefined) this.kick();
  }

  onEvents(events: readonly EngineEvent[]): void {
    const ended = events.some(
      ({ Action, Actor }) =>
        (Action === 'die' || Action === 'destroy') && Actor.Attributes?.[LABEL_ROUTER] !== undefined,
    );
    if (ended) this.runs = undefined;
    if (ended && this.wanted !== undefined) this.later(ENDED_MS);
  }

  /** A manager of that link version listens from now on; it says first what the router is to be. */
  attach(send: (frame: Told) => void, version: number): void {
    this.seq = undefined;
    this.handled = undefined;
    this.gathering = undefined;
    this.send = send;
    this.reports.attach(send, version);
  }

  detach(): void {
    this.reports.detach();
    this.send = undefined;
    this.seq = undefined;
    this.handled = undefined;
  }

  onFrame(frame: ManagerFrame & { t: 'router' | 'no-router' }): void {
    if (frame.t === 'no-router') {
      this.gathering = undefined;
      this.want(undefined, frame.seq);
      return;
    }
    const { change } = frame;
    const next = changedRouter(this.gathering ?? this.wanted, change);
    this.gathering = change.more === true ? next : undefined;
    if (this.gathering === undefined) this.want(next, change.seq);
  }

  /** Ends what is under way; HAProxy runs on. */
  async close(): Promise<void> {
    this.stop.abort(new Error('the agent is stopping'));
    clearTimeout(this.again);
    this.reports.detach();
    this.named.close();
    for (const waiting of this.draining.values()) waiting.abort();
    await this.running;
    this.router.close();
    if (this.saving !== undefined) await this.save();
  }

  private want(wanted: WantedRouter | undefined, seq: number): void {
    this.wanted = wanted;
    this.seq = seq;
    this.deps.logger.debug({ seq }, 'router: told');
    this.saving ??= setTimeout(() => void this.save(), SAVE_MS);
    this.kick();
  }

  private kick(): void {
    if (this.stop.signal.aborted) return;
    clearTimeout(this.again);
    this.again = undefined;
    this.running ??= this.run().finally(() => {
      this.running = undefined;
    });
  }

  private later(ms: number): void {
    if (this.stop.signal.aborted) return;
    this.again ??= setTimeout(() => {
      this.again = undefined;
      this.kick();
    }, ms);
  }

  /** Levels what is with what is wanted, until that is the newest. */
  private async run(): Promise<void> {
    for (;;) {
      const { wanted, seq } = this;
      this.moved = false;
      try {
        if (wanted === undefined) await this.end();
        else await this.level(wanted);
        this.failures = 0;
        this.error = '';
      } catch (thrown) {
        if (this.stop.signal.aborted) return;
        await this.failed(thrown);
      }
      // Of a manager before this one it says nothing.
      if (seq !== undefined && this.seq !== undefined && seq <= this.seq) this.handled = seq;
      this.tell();
      if (this.stop.signal.aborted || (this.wanted === wanted && !this.moved)) return;
    }
  }

  private async level(wanted: WantedRouter): Promise<void> {
    const { signal } = this.stop;
    const state = this.named.resolve(routerStateOf(wanted));
    this.mayRun = true;
    // An HAProxy that starts reads them.
    if (!this.serving) {
      this.runs = undefined;
      await this.router.write(state);
    }
    let trusted = this.runs === wanted.base.image;
    const { clock, logger } = this.deps;
    const until = clock.now() + START_MS;
    for (;;) {
      await this.ensure(wanted.base.image);
      try {
        const applied = await this.router.apply(state);
        if (applied.kind === 'reload') logger.info({ because: applied.because }, 'router reloaded');
        break;
      } catch (thrown) {
        const starting = thrown instanceof BerthError && thrown.code === 'unavailable';
        if (!starting || clock.now() > until) throw thrown;
        // It may have been removed, and its engine has not told yet.
        if (trusted) this.runs = undefined;
        trusted = false;
        await clock.sleep(LOOK_MS, signal);
      }
    }
    this.serving = true;
    this.watchLeaving(state);
  }

  /** Asks the engine only where there is doubt: a busy one takes longer to answer than HAProxy to be told a change. */
  private async ensure(image: string): Promise<void> {
    if (this.runs === image) return;
    await this.container.ensure(image, this.stop.signal);
    this.runs = image;
  }

  private async end(): Promise<void> {
    this.serving = false;
    this.runs = undefined;
    for (const waiting of this.draining.values()) waiting.abort();
    if (!this.mayRun) return;
    await this.container.remove(this.stop.signal);
    this.mayRun = false;
  }

  private async failed(thrown: unknown): Promise<void> {
    const refused = thrown instanceof BerthError && thrown.code === 'bad_request';
    this.serving = refused && this.serving;
    const complaint = await this.container.complaint(this.stop.signal);
    const why = complaint === '' ? messageOf(thrown) : say('hosts.router.haproxy', { words: complaint });
    const what = say(this.serving ? 'hosts.router.kept' : 'hosts.router.not', { why });
    this.error = what.slice(0, MOST_ERROR);
    this.deps.logger.warn({ error: this.error }, 'router');
    this.later(backoffDelay(BACKOFF, this.failures++));
  }

  /** What gets nothing new is told once it has no connection any more: its container may stop then. */
  private watchLeaving({ routes, tcpRoutes }: RouterState): void {
    const leaving = new Map(
      [...routes, ...tcpRoutes]
        .flatMap(({ pools }) => pools)
        .flatMap(({ servers }) => servers)
        .filter(({ state }) => state === 'maint')
        .map((server) => [`${server.address} ${server.port}`, server]),
    );
    for (const [key, waiting] of this.draining) if (!leaving.has(key)) waiting.abort();
    for (const key of this.drained) if (!leaving.has(key)) this.drained.delete(key);
    for (const [key, { address, port }] of leaving) {
      if (this.draining.has(key) || this.drained.has(key)) continue;
      const waiting = new AbortController();
      this.draining.set(key, waiting);
      this.router
        .whenDrained(address, port, waiting.signal)
        // Not running, or wanted no more: it has no connections that anybody knows of.
        .catch(() => undefined)
        .then(() => {
          if (this.draining.get(key) !== waiting) return;
          this.draining.delete(key);
          if (!waiting.signal.aborted) this.drained.add(key);
          if (this.running === undefined) this.tell();
        });
    }
  }

  private tell(): void {
    const { handled: seq, serving, error } = this;
    if (seq === undefined) return;
    try {
      this.send?.({ t: 'routed', seq, serving, error, draining: [...this.draining.keys()] });
    } catch (thrown) {
      this.deps.logger.error({ error: messageOf(thrown) }, 'the router is not told of');
    }
  }

  private async save(): Promise<void> {
    clearTimeout(this.saving);
    this.saving = undefined;
    const { dir, identity, logger } = this.deps;
    try {
      await writeRouter(dir, identity.hostId, this.wanted);
    } catch (thrown) {
      logger.warn(
        { error: messageOf(thrown) },
        'what the router is to be is not written: tried again with the next change',
      );
    }
  }
}
