import { uptime } from 'node:os';
import type { Engine } from '../engine/index.ts';
import { type Clock, systemClock } from '../kit/clock.ts';
import { type KeyedQueue, newKeyedQueue } from '../kit/keyed-queue.ts';
import type { Logger } from '../kit/logger.ts';
import type { HostEngine } from '../link/ports.ts';
import type { ObservedContainer } from '../model/container.ts';
import { say } from '../model/said/index.ts';
import { AssignmentFiles } from './assignment-files.ts';
import type { KnownContainer } from './container-picture.ts';
import { type AgentLink, Conversation } from './conversation.ts';
import { type FileOptions, HostFiles } from './files/host-files.ts';
import type { Group } from './frame-groups.ts';
import { HangUps } from './hang-up.ts';
import { Intake } from './intake.ts';
import { isFenced, type Lease, newLease } from './lease.ts';
import { FigureReports, type LastFigures } from './loads/figure-reports.ts';
import { LoadReports } from './loads/load-reports.ts';
import { Machine } from './loads/machine-figures.ts';
import { Readings } from './loads/readings.ts';
import { readEtcMachineId } from './machine-id.ts';
import { PatientEngine } from './mute.ts';
import { HostNetworks, type NetworkOptions } from './networks/host-networks.ts';
import { type EngineHealth, OBSERVER_TIMINGS, Observer, type ObserverTimings } from './observer.ts';
import { Orphans } from './orphans.ts';
import { Outbox } from './outbox.ts';
import { OwnEngine } from './own-engine.ts';
import { Prober } from './probes/prober.ts';
import { Reconciler } from './reconciler.ts';
import { coresOfShares } from './reservation.ts';
import { Ingress, type IngressOptions } from './routing/ingress.ts';
import { saidOf } from './said-of.ts';

export type AgentOptions = Readonly<{
  engine: Engine;
  /** For assignments; made where missing. One agent at a time. */
  dir: string;
  /** Whose host this is, as it joined. */
  identity: Readonly<{ clusterId: string; hostId: string }>;
  agentVersion: string;
  /** Address at which others reach ports published on this host. */
  dataAddress: string;
  logger: Logger;
  clock?: Clock;
  timings?: ObserverTimings;
  /** Instead of what `/etc/machine-id` has. */
  etcMachineId?: string;
  /** Take any engine for this host's, as the manager does which vouches for its own machine. */
  anyEngine?: boolean;
  /** For networks that span hosts; without it this host takes part in none. */
  networks?: NetworkOptions;
  /** For a router; without it this host cannot be an ingress host. */
  ingress?: IngressOptions;
  /** For configs and secrets of containers; without it none are put into them. */
  files?: FileOptions;
  /** Measures all containers every few seconds and, with `machine`, the machine: it is the engine's own. Without it, nothing. */
  figures?: Readonly<{ machine: boolean }>;
  /** How long the engine is waited for before the one that was seen last counts; milliseconds. */
  engineGraceMs?: number;
}>;

export interface Agent {
  /** Takes over a new connection to a manager: the one before it counts no more. */
  attach(session: AgentLink): void;
  /**
   * This machine: as its engine says or, where that does not answer for some seconds, as it was when it last did. Waits
   * where it never has.
   */
  readonly machineId: Promise<string>;
  /**
   * Resolves, with the reason in one sentence, where the engine is another one than the one that the data directory
   * belongs to. Nothing is done on it, and no manager is talked to any more.
   */
  readonly refused: Promise<string>;
  readonly engineHealth: EngineHealth;
  /** What was measured last; undefined where nothing is. */
  readonly figures: LastFigures | undefined;
  /** This host's engine for the manager's calls. */
  readonly calls: HostEngine;
  /** Resolves when nothing is being done to a container. */
  idle(): Promise<void>;
  /** Breaks off what is being done; containers run on. */
  close(): Promise<void>;
}

const NO_NAMES: ReadonlySet<string> = new Set();
const ENGINE_GRACE_MS = 3_000;
/** How long before it is gone an engine begins to stop its containers, and a machine before it runs again; generous. */
const SHUTDOWN_MS = 60_000;
const BOOT_MS = 300_000;

/**
 * Starts holding this host to its assignments, with or without a manager.
 * @throws the file system's error where `dir` cannot be used
 */
export async function startAgent(options: AgentOptions): Promise<Agent> {
  const files = await AssignmentFiles.open(options.dir, options.identity, options.logger);
  const etcMachineId = options.etcMachineId ?? (await readEtcMachineId());
  const exclusive = newKeyedQueue();
  const networks = await openNetworks(options, files, exclusive);
  const ingress = await openIngress(options);
  const hostFiles = await openFiles(options, files);
  return new HostAgent(options, files, { etcMachineId, exclusive, networks, ingress, hostFiles });
}

async function openNetworks(
  { networks, identity, dataAddress, logger, engine, clock = systemClock }: AgentOptions,
  files: AssignmentFiles,
  exclusive: KeyedQueue,
): Promise<HostNetworks | undefined> {
  if (networks === undefined) return undefined;
  const holdings = () => files.all();
  return HostNetworks.open({
    ...networks,
    identity,
    dataAddress,
    logger,
    clock,
    engine,
    exclusive,
    holdings,
  });
}

async function openIngress(options: AgentOptions): Promise<Ingress | undefined> {
  const { ingress, engine, identity, logger, clock = systemClock } = options;
  return ingress && Ingress.open({ ...ingress, engine, identity, clock, logger });
}

async function openFiles(
  { files, identity, logger }: AgentOptions,
  assignments: AssignmentFiles,
): Promise<HostFiles | undefined> {
  const holdings = () => assignments.all();
  return files && HostFiles.open({ ...files, hostId: identity.hostId, holdings, logger });
}

type Parts = Readonly<{
  etcMachineId: string;
  exclusive: KeyedQueue;
  networks: HostNetworks | undefined;
  ingress: Ingress | undefined;
  hostFiles: HostFiles | undefined;
}>;

class HostAgent implements Agent {
  readonly calls: HostEngine;
  private readonly patient: PatientEngine;
  private readonly clock: Clock;
  private readonly own: OwnEngine;
  private readonly observer: Observer;
  private readonly outbox = new Outbox();
  private readonly reconciler: Reconciler;
  private readonly prober: Prober;
  private readonly lease: Lease;
  private readonly orphans: Orphans;
  private readonly intake: Intake<AgentLink>;
  private readonly conversation: Conversation;
  private readonly reports: FigureReports | undefined;
  private readonly bootedAt: number;
  private readonly networks: HostNetworks | undefined;
  private readonly ingress: Ingress | undefined;
  private readonly hostFiles: HostFiles | undefined;

  constructor(
    private readonly options: AgentOptions,
    private readonly files: AssignmentFiles,
    { etcMachineId, exclusive, networks, ingress, hostFiles }: Parts,
  ) {
    this.networks = networks;
    this.ingress = ingress;
    this.hostFiles = hostFiles;
    const { engine, identity, logger, dir } = options;
    const clock = options.clock ?? systemClock;
    this.clock = clock;
    this.patient = new PatientEngine(engine);
    this.calls = new HangUps({ calls: this.patient, engine, logger });
    this.bootedAt = clock.now() - uptime() * 1000;
    this.own = new OwnEngine({
      ...{ files, logger, etcMachineId, hostId: identity.hostId },
      anyEngine: options.anyEngine === true,
      graceMs: options.engineGraceMs ?? ENGINE_GRACE_MS,
    });
    this.observer = this.newObserver(options);
    this.lease = newLease(() => {
      for (const id of this.fencedIds()) this.reconciler.kick(id);
    });
    this.reconciler = new Reconciler({
      fence: (assignment) => (isFenced(assignment) ? this.lease.state : 'held'),
      engine,
      files,
      observer: this.observer,
      clock,
      logger,
      exclusive,
      hostFiles,
      networks: {
        names: () => networks?.engineNames() ?? NO_NAMES,
        adopt: async (id, engineId) => networks?.adopt(id, engineId),
        dns: () => networks?.dns(),
      },
      onResult: (result) => this.outbox.addResult(result),
    });
    const { observer, reconciler, outbox, lease } = this;
    this.prober = new Prober({
      ...{ engine, files, observer, clock, logger },
      onDead: (id) => reconciler.kick(id),
      onEvent: (event) => outbox.addEvents([event]),
    });
    this.orphans = new Orphans({ files, observer, reconciler, logger });
    this.intake = new Intake({
      ...{ files, observer, clock, logger, dir },
      session: () => this.conversation.session,
      onTaken: (session, group, ids) => this.onTaken(session, group, ids),
      refuse: (assignment, reason) => reconciler.refuse(assignment, reason),
      onWritable: () => this.conversation.beatNow(),
    });
    const readings = new Readings(engine);
    this.reports = this.newReports(readings);
    const { orphans, intake, machineId } = this;
    this.conversation = new Conversation({
      ...{
        identity,
        machineId,
        files,
        observer,
        outbox,
        intake,
        orphans,
        lease,
        networks,
        ingress,
        hostFiles,
        loads: new LoadReports({ readings, picture: observer.picture, clock, logger }),
        figures: this.reports,
        clock,
        logger,
      },
      ...{ agentVersion: options.agentVersion, dataAddress: options.dataAddress },
      hasFenced: () => this.fencedIds().length > 0,
    });
    this.observer.start();
    this.reports?.start();
  }

  get machineId(): Promise<string> {
    return this.own.machineId;
  }

  get refused(): Promise<string> {
    return this.own.refused;
  }

  get figures(): LastFigures | undefined {
    return this.reports?.latest;
  }

  get engineHealth(): EngineHealth {
    return this.observer.health;
  }

  attach(session: AgentLink): void {
    if (this.own.refusal === undefined) this.conversation.attach(session);
    else session.close(this.own.refusal);
  }

  idle(): Promise<void> {
    return this.reconciler.idle();
  }

  async close(): Promise<void> {
    this.own.close();
    this.lease.close();
    this.prober.close();
    this.reports?.close();
    this.conversation.end(say('hosts.closed.stopping'));
    this.observer.close();
    await this.intake.settled();
    await this.reconciler.close();
    this.outbox.close();
    this.hostFiles?.close();
    await this.ingress?.close();
    await this.networks?.close();
    await this.files.settled();
  }

  private newObserver({ engine, identity, logger, timings }: AgentOptions): Observer {
    return new Observer({
      engine,
      clock: this.clock,
      logger,
      identity: () => identity,
      known: (clusterId) => this.known(clusterId),
      onDifference: (difference) => {
        this.outbox.add(difference);
        if (difference.kind === 'networks') this.networks?.onListed(this.observer.networks.all());
      },
      onContainer: (clusterId) => {
        this.reconciler.kick(clusterId);
        this.prober.look(clusterId);
      },
      onEvents: (events) => {
        this.ingress?.onEvents(events);
        this.outbox.addEvents(events.filter((event) => !this.prober.execs.isOwn(event)));
      },
      onInfo: (info) => this.onInfo(info.engineId),
      onListed: () => this.onListed(),
      onHealth: () => {
        if (this.observer.health.state === 'down') this.reconciler.engineDown();
        this.conversation.beatNow();
      },
      onMute: (reason) => {
        this.patient.mute(reason);
        this.reconciler.mute(reason);
      },
      timings: timings ?? OBSERVER_TIMINGS,
    });
  }

  private newReports(readings: Readings): FigureReports | undefined {
    const { figures, logger } = this.options;
    if (figures === undefined) return undefined;
    return new FigureReports({
      ...{ readings, clock: this.clock, logger },
      machine: figures.machine ? new Machine(() => this.observer.dockerRoot) : undefined,
      containers: () => this.observer.picture.containers.all(),
    });
  }

  private onInfo(engineId: string): void {
    if (this.own.isOwn(engineId)) {
      this.conversation.onInfo();
      return;
    }
    this.observer.close();
    this.prober.close();
    this.conversation.end(this.own.refusal ?? '');
    void this.reconciler.close();
  }

  private fencedIds(): string[] {
    return [...this.files.all()].flatMap((holding) =>
      holding.kind === 'hold' && isFenced(holding.assignment) ? [holding.assignment.id] : [],
    );
  }

  private onListed(): void {
    const { lostAt } = this.observer;
    if (lostAt === undefined) this.reconciler.engineWent(this.bootedAt, BOOT_MS);
    else this.reconciler.engineWent(lostAt, SHUTDOWN_MS);
    this.conversation.onListed();
    this.orphans.remove();
    this.orphans.spare();
    this.networks?.onListed(this.observer.networks.all());
    this.ingress?.onListed();
    this.reconciler.kickAll();
    this.prober.lookAll();
  }

  private onTaken(session: AgentLink, { t, restored }: Group, ids: readonly string[]): void {
    if (t === 'snapshot') {
      if (restored)
        this.options.logger.warn(
          {},
          'the manager was put back to an older state: what it does not know runs on',
        );
      this.orphans.remove();
      this.orphans.spare();
      this.orphans.tell(session);
    }
    this.reconciler.assigned(ids);
    for (const id of ids) this.prober.look(id);
    this.networks?.assigned();
    this.hostFiles?.sweepSoon();
    this.conversation.askForLease();
  }

  private known(clusterId: string): KnownContainer | undefined {
    const holding = this.files.get(clusterId);
    if (holding?.kind !== 'hold') return undefined;
    const { acted, assignment } = holding;
    const cores = coresOfShares(assignment.desired.spec.HostConfig ?? {});
    const said = (observed: ObservedContainer) => saidOf(holding, observed);
    return { generation: acted.generation, engineId: acted.engineId, cores, said };
  }
}
