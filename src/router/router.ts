import type { Clock } from '../kit/clock.ts';
import { BerthError, messageOf } from '../kit/errors.ts';
import { newKeyedQueue } from '../kit/keyed-queue.ts';
import { type Logger, silentLogger } from '../kit/logger.ts';
import type { RouterState } from '../model/router.ts';
import type { FailingServer, Traffic } from '../model/traffic.ts';
import { Drained } from './drained.ts';
import { failingServers } from './failing-servers.ts';
import { ConfigurationFiles } from './files.ts';
import { httpBackend, layoutOf, type SpareRoutes, tcpBackend } from './layout.ts';
import { Leaving } from './leaving.ts';
import { reload } from './master.ts';
import { readTables, readWorker, type Worker } from './observe.ts';
import { type IsThere, mostOldWorkers, OldWorkers } from './old-workers.ts';
import { perform } from './perform.ts';
import { plan } from './plan.ts';
import { type Rendered, Renderer, SPARES_FILE } from './render.ts';
import { TimesReader } from './response-times.ts';
import { RuntimeSocket } from './runtime-socket.ts';
import { readKept, spareRoutes } from './spares.ts';
import type { FoundTables, Servers, WantedTables } from './tables.ts';
import { TrafficMeter } from './traffic-meter.ts';

export type RouterOptions = Readonly<{
  /** Absolute; made where it is missing. HAProxy's configuration, and its sockets in `run/`. */
  folder: string;
  /** The same one as HAProxy sees it, where that is in a container. */
  folderInside?: string;
  clock: Clock;
  logger?: Logger;
}>;

/** What was done: by the runtime socket alone, or by a reload. */
export type Applied = Readonly<{ kind: 'commands'; commands: number } | { kind: 'reload'; because: string }>;

/** Routes and pools whose traffic was read before reloads, and not yet asked for. */
const MOST_METERED = 100_000;

/** One HAProxy, held to one state after the other. */
export class Router {
  private readonly files: ConfigurationFiles;
  private renderer: Renderer | undefined;
  private readonly layout;
  private readonly inside;
  private readonly inTurn = newKeyedQueue();
  private readonly leaving: Leaving;
  private readonly oldWorkers: OldWorkers;
  private readonly drained: Drained;
  private readonly logger: Logger;
  private readonly times: TimesReader;
  private readonly meter = new TrafficMeter();
  /** Read before a reload, which begins the counters anew. */
  private readonly metered: Traffic[] = [];
  /** What a worker has, as this process has told it; undefined until it was looked at, and after a failure. */
  private known: Readonly<{ worker: Worker; tables: FoundTables }> | undefined;
  /** As the worker has it. */
  private spares: SpareRoutes = new Map();

  constructor(private readonly options: RouterOptions) {
    this.logger = options.logger ?? silentLogger;
    this.files = new ConfigurationFiles(options.folder);
    this.layout = layoutOf(options.folder);
    this.inside = layoutOf(options.folderInside ?? options.folder);
    this.times = new TimesReader(this.layout.runtimeSocket);
    const { clock } = options;
    const inTurn = <R>(task: () => Promise<R>) => this.inTurn('', task);
    this.leaving = new Leaving(this.layout, clock, this.logger, inTurn, (at) => this.forget(at));
    this.oldWorkers = new OldWorkers(this.layout, clock, this.logger, inTurn);
    this.drained = new Drained(this.layout, clock);
  }

  /**
   * The state's files, before HAProxy is started: those of the first one, or of one that came while it did not run.
   * @throws BerthError `bad_request`, the file system's error
   */
  write(state: RouterState): Promise<void> {
    return this.inTurn('', async () => this.files.write((await this.render(state)).files));
  }

  /**
   * Holds a running HAProxy to the state. First the files, so that one which starts anew by itself reads the same; then
   * commands, or a reload. What an earlier process of ours has left half way is found by looking at what HAProxy has.
   * Routes that have not changed should be the same objects as last time: 10,000 of them cost nothing then.
   * @throws BerthError `bad_request` for a state that HAProxy does not take, `unavailable` where it does not run,
   *   `timeout`, `internal` with its answer. The files are written then: what is missing comes with the next state.
   */
  apply(state: RouterState): Promise<Applied> {
    return this.inTurn('', async () => {
      const begun = performance.now();
      const rendered = await this.render(state);
      for (const one of [this.leaving, this.oldWorkers]) one.limit(state.drainSeconds * 1000);
      const socket = RuntimeSocket.open(this.layout.runtimeSocket);
      try {
        // It says who it is meanwhile.
        const [worker, written] = await Promise.allSettled([
          readWorker(socket),
          this.files.write(rendered.files),
        ]);
        if (written.status === 'rejected') throw written.reason;
        if (worker.status === 'rejected') throw worker.reason;
        const applied = await this.level(socket, worker.value, rendered);
        this.logger.debug({ applied, ms: Math.round(performance.now() - begun) }, 'router: state applied');
        return applied;
      } catch (thrown) {
        this.known = undefined;
        throw thrown;
      } finally {
        socket.close();
      }
    });
  }

  /** Resolves once no request and no connection is with that address any more, in old workers as well. */
  whenDrained(address: string, port: number, signal?: AbortSignal): Promise<void> {
    return this.drained.whenDrained(address, port, signal);
  }

  /**
   * Servers that fail their checks now, and what has gone through each route and pool since it was asked last; several of one route and pool are to be added up.
   * @returns with the milliseconds that it took, not those that it waited for a state that is applied
   * @throws BerthError `unavailable` where HAProxy does not run, `timeout`
   */
  takeTraffic(): Promise<
    Readonly<{ traffic: readonly Traffic[]; failing: readonly FailingServer[]; tookMs: number }>
  > {
    return this.inTurn('', async () => {
      const begun = performance.now();
      const failing = await this.meterAll();
      return { traffic: this.metered.splice(0), failing, tookMs: performance.now() - begun };
    });
  }

  close(): void {
    this.leaving.close();
    this.oldWorkers.close();
    this.times.close();
  }

  private async render(state: RouterState): Promise<Rendered> {
    if (this.renderer === undefined) {
      const kept = readKept(await this.files.earlier(SPARES_FILE));
      this.renderer = new Renderer(this.inside, kept);
      this.spares = spareRoutes(kept.placed);
    }
    return this.renderer.render(state);
  }

  private async level(socket: RuntimeSocket, worker: Worker, rendered: Rendered): Promise<Applied> {
    if (worker.digest !== rendered.digest)
      return this.reload(worker, rendered, 'what is fixed in its configuration has changed');
    const { tables } = rendered;
    const same = this.known?.worker.life === worker.life && this.known.worker.digest === worker.digest;
    if (!same) this.times.connect();
    const isUnknown = this.known === undefined;
    const found =
      same && this.known !== undefined
        ? this.known.tables
        : await readTables(
            socket,
            tables.maps.keys(),
            tables.certificates.size > 0 ? tables.certificateList : undefined,
          );
    const next = plan(found, tables);
    if (next.kind === 'reload') return this.reload(worker, rendered, next.because);
    await perform(socket, next);
    const named = new Map([...this.spares, ...rendered.spares]);
    this.spares = rendered.spares;
    this.known = { worker, tables: afterwards(tables, next.leaving) };
    this.oldWorkers.leave(this.leaving.watch(next.leaving), named, isThereIn(rendered));
    // What was to be ended in old workers is not known.
    if (isUnknown) await this.lookAtOld(rendered);
    const { enter, entries, leave, replace } = next;
    return { kind: 'commands', commands: enter.length + entries.length + leave.length + replace.size };
  }

  /** @returns servers that fail their checks */
  private async meterAll(): Promise<readonly FailingServer[]> {
    const socket = RuntimeSocket.open(this.layout.runtimeSocket);
    try {
      const { life } = await readWorker(socket);
      // Nobody asks: then nobody needs it.
      if (this.metered.length > MOST_METERED) this.metered.length = 0;
      // all proxies; 2 and 4: backends and servers
      const answer = await socket.ask('show stat -1 6 -1');
      this.metered.push(...this.meter.take(life, answer, this.times.read(), this.spares));
      return failingServers(answer, this.spares);
    } finally {
      socket.close();
    }
  }

  private async reload(worker: Worker, rendered: Rendered, because: string): Promise<Applied> {
    await this.meterAll().catch((thrown) =>
      this.logger.warn(
        { reason: messageOf(thrown) },
        'router: what went through is not read before a reload',
      ),
    );
    this.oldWorkers.ending(worker.pid, this.spares);
    await reload(this.layout.masterSocket, this.options.clock);
    const socket = RuntimeSocket.open(this.layout.runtimeSocket);
    try {
      const next = await readWorker(socket);
      if (next.digest !== rendered.digest)
        throw new BerthError('internal', `HAProxy has read another configuration than ${rendered.digest}`);
      this.known = { worker: next, tables: afterwards(rendered.tables, []) };
      this.spares = rendered.spares;
    } finally {
      socket.close();
    }
    this.times.connect();
    // It begins with nothing that leaves.
    this.leaving.watch([]);
    await this.lookAtOld(rendered);
    return { kind: 'reload', because };
  }

  /** Nothing depends on it now: what is not done is done with the next reload, or by the end of a container. */
  private async lookAtOld(rendered: Rendered): Promise<void> {
    const most = mostOldWorkers(rendered.tables.backends.size);
    await this.oldWorkers
      .look(isThereIn(rendered), most)
      .catch((thrown) =>
        this.logger.warn({ reason: messageOf(thrown) }, 'router: cannot look at old workers'),
      );
  }

  /** A server that has left was deleted. */
  private forget(at: string): void {
    const [backend = '', server = ''] = at.split('/');
    const servers = this.known?.tables.backends.get(backend);
    if (this.known === undefined || servers === undefined) return;
    const rest = new Map([...servers].filter(([name]) => name !== server));
    const backends = new Map(this.known.tables.backends).set(backend, rest);
    this.known = { ...this.known, tables: { ...this.known.tables, backends } };
  }
}

function isThereIn({ tables, spares }: Rendered): IsThere {
  const spareOf = new Map([...spares].map(([backend, route]) => [route, backend]));
  return (kind, route, server) => {
    const backend = spareOf.get(route) ?? (kind === 'tcp' ? tcpBackend(route) : httpBackend(route));
    return tables.backends.get(backend)?.servers.has(server) === true;
  };
}

/** What a worker has once it was brought to `wanted`: that, and the servers that are still leaving. */
function afterwards(wanted: WantedTables, leaving: readonly string[]): FoundTables {
  const backends = new Map<string, Servers>();
  for (const [name, { servers }] of wanted.backends) backends.set(name, servers);
  for (const at of leaving) {
    const [backend = '', server = ''] = at.split('/');
    backends.set(backend, new Map(backends.get(backend)).set(server, { weight: 0, out: true }));
  }
  const certificates = new Map(
    [...wanted.certificates].map(([file, one]) => [file, { ...one, listed: true }]),
  );
  return { backends, maps: wanted.maps, certificates };
}
