import { uptime } from 'node:os';
import { type AgentFrame, type Assignment, LINK_VERSION, type ManagerFrame } from '../contract/link.ts';
import type { Engine } from '../engine/index.ts';
import { type Clock, systemClock } from '../kit/clock.ts';
import { messageOf } from '../kit/errors.ts';
import { type KeyedQueue, newKeyedQueue } from '../kit/keyed-queue.ts';
import type { Logger } from '../kit/logger.ts';
import type { ManagerSession } from '../link/ports.ts';
import { reach } from '../link/reach.ts';
import type { ObservedContainer } from '../model/container.ts';
import { AssignmentFiles } from './assignment-files.ts';
import { saidOfComeback } from './comeback.ts';
import type { KnownContainer } from './container-picture.ts';
import { type AssignmentFrame, type Group, grouped, isPut } from './frame-groups.ts';
import { isFenced, type Lease, newLease } from './lease.ts';
import { machineIdOf, readEtcMachineId } from './machine-id.ts';
import { PatientEngine } from './mute.ts';
import { HostNetworks, type NetworkOptions } from './networks/host-networks.ts';
import { type EngineHealth, OBSERVER_TIMINGS, Observer, type ObserverTimings } from './observer.ts';
import { Orphans } from './orphans.ts';
import { Outbox } from './outbox.ts';
import { Reconciler } from './reconciler.ts';
import { coresOfShares } from './reservation.ts';

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
  /** How long the engine is waited for before the one that was seen last counts; milliseconds. */
  engineGraceMs?: number;
}>;

/** What a manager's session must be able to do; `LinkClient` gives one for each connection. */
export type AgentLink = Pick<ManagerSession, 'send' | 'onFrame' | 'onClose' | 'close'>;

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
  /** This host's engine for the manager's calls. */
  readonly calls: Pick<Engine, 'request' | 'upgrade'>;
  /** Resolves when nothing is being done to a container. */
  idle(): Promise<void>;
  /** Breaks off what is being done; containers run on. */
  close(): Promise<void>;
}

const NO_NAMES: ReadonlySet<string> = new Set();
const HEARTBEAT_MS = 1_000;
const ENGINE_GRACE_MS = 3_000;
/** How often what the disk did not take is written again. */
const DISK_RETRY_MS = 1_000;
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
  return new HostAgent(options, files, etcMachineId, exclusive, networks);
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

class HostAgent implements Agent {
  readonly machineId: Promise<string>;
  readonly refused: Promise<string>;
  readonly calls: PatientEngine;
  private readonly clock: Clock;
  private readonly observer: Observer;
  private readonly outbox = new Outbox();
  private readonly reconciler: Reconciler;
  private readonly lease: Lease;
  private readonly orphans: Orphans;
  private session: AgentLink | undefined;
  private greeted = false;
  private heartbeat: NodeJS.Timeout | undefined;
  private frames: AssignmentFrame[] = [];
  /** Of a snapshot whose last part has not come yet. */
  private snapshot: Assignment[] = [];
  private applying: Promise<void> | undefined;
  private foundMachineId: (engineId: string) => void = () => {};
  private tellRefused: (reason: string) => void = () => {};
  private refusal: string | undefined;
  /** Why what the manager sends cannot be written down; empty while it can. */
  private unwritable = '';
  private readonly grace: NodeJS.Timeout | undefined;
  private readonly bootedAt: number;

  constructor(
    private readonly options: AgentOptions,
    private readonly files: AssignmentFiles,
    etcMachineId: string,
    exclusive: KeyedQueue,
    private readonly networks: HostNetworks | undefined,
  ) {
    const { engine, identity, logger } = options;
    this.clock = options.clock ?? systemClock;
    this.calls = new PatientEngine(engine);
    this.bootedAt = this.clock.now() - uptime() * 1000;
    this.machineId = new Promise((resolve) => {
      this.foundMachineId = (engineId) => resolve(machineIdOf(etcMachineId, engineId));
    });
    this.refused = new Promise((resolve) => {
      this.tellRefused = resolve;
    });
    const { engineId } = files.state;
    if (engineId !== undefined) {
      const graceMs = options.engineGraceMs ?? ENGINE_GRACE_MS;
      this.grace = setTimeout(() => this.foundMachineId(engineId), graceMs);
    }
    this.observer = new Observer({
      engine,
      clock: this.clock,
      logger,
      identity: () => identity,
      known: (clusterId) => this.known(clusterId),
      onDifference: (difference) => {
        this.outbox.add(difference);
        if (difference.kind === 'networks') networks?.onListed(this.observer.networks.all());
      },
      onContainer: (clusterId) => this.reconciler.kick(clusterId),
      onEvents: (events) => this.outbox.addEvents(events),
      onInfo: (info) => this.onInfo(info.engineId),
      onListed: () => this.onListed(),
      onHealth: () => {
        if (this.observer.health.state === 'down') this.reconciler.engineDown();
        if (this.session !== undefined && this.greeted) this.beat(this.session);
      },
      onMute: (reason) => {
        this.calls.mute(reason);
        this.reconciler.mute(reason);
      },
      timings: options.timings ?? OBSERVER_TIMINGS,
    });
    this.lease = newLease(() => {
      for (const id of this.fencedIds()) this.reconciler.kick(id);
    });
    this.reconciler = new Reconciler({
      fence: (assignment) => (isFenced(assignment) ? this.lease.state : 'held'),
      engine,
      files,
      observer: this.observer,
      clock: this.clock,
      logger,
      exclusive,
      networks: {
        names: () => networks?.engineNames() ?? NO_NAMES,
        adopt: async (id, engineId) => networks?.adopt(id, engineId),
        dns: () => networks?.dns(),
      },
      onResult: (result) => this.outbox.addResult(result),
    });
    this.orphans = new Orphans({ files, observer: this.observer, reconciler: this.reconciler, logger });
    this.observer.start();
  }

  get engineHealth(): EngineHealth {
    return this.observer.health;
  }

  attach(session: AgentLink): void {
    if (this.refusal !== undefined) {
      session.close(this.refusal);
      return;
    }
    this.session?.close('a newer connection took its place');
    this.detach();
    this.session = session;
    session.onClose((reason) => {
      if (this.session !== session) return;
      this.options.logger.info({ reason }, 'session ended');
      this.detach();
    });
    session.onFrame((frame) => {
      if (this.session !== session) return;
      if (frame.t === 'welcome') {
        this.welcome(session, frame).catch((thrown) => session.close(messageOf(thrown)));
        return;
      }
      if (frame.t === 'lease') {
        // What came before it may say that the container runs elsewhere now.
        void Promise.resolve(this.applying).then(() => this.lease.granted(frame.now, frame.ms));
        return;
      }
      if (frame.t === 'probe') {
        void this.look(session, frame);
        return;
      }
      if (frame.t === 'members') {
        this.networks?.onMembers(frame);
        return;
      }
      if (frame.t === 'answer') {
        this.networks?.onAnswer(frame);
        return;
      }
      if (frame.t === 'held') {
        this.networks?.onHeld(frame);
        return;
      }
      if (frame.t === 'snapshot') {
        // A large one comes in parts: only all of them together say what is not there.
        this.snapshot.push(...frame.assignments);
        if (frame.more === true) return;
        this.frames.push({ ...frame, assignments: this.snapshot });
        this.snapshot = [];
      } else {
        this.frames.push(frame);
      }
      this.applying ??= this.applyAll(session);
    });
  }

  idle(): Promise<void> {
    return this.reconciler.idle();
  }

  async close(): Promise<void> {
    clearTimeout(this.grace);
    this.lease.close();
    this.session?.close('the agent is stopping');
    this.detach();
    this.observer.close();
    await this.applying;
    await this.reconciler.close();
    this.outbox.close();
    await this.networks?.close();
    await this.files.settled();
  }

  private detach(): void {
    clearInterval(this.heartbeat);
    this.session = undefined;
    this.greeted = false;
    this.frames = [];
    this.snapshot = [];
    this.outbox.shut();
    this.networks?.detach();
  }

  private async welcome(session: AgentLink, frame: ManagerFrame & { t: 'welcome' }): Promise<void> {
    const { identity, agentVersion, dataAddress } = this.options;
    if (frame.clusterId !== identity.clusterId || frame.hostId !== identity.hostId) {
      session.close(
        `this is host ${identity.hostId} of cluster ${identity.clusterId}, and the manager takes it for ${frame.hostId} of ${frame.clusterId}: join it again`,
      );
      return;
    }
    // Deltas that are still on their way to the disk count for where the manager goes on.
    await this.applying;
    const machineId = await this.machineId;
    const network = await this.networks?.hello();
    if (this.session !== session) return;
    const { resume, seen } = this.files.state;
    const hello = {
      t: 'hello',
      version: LINK_VERSION,
      agentVersion,
      machineId,
      now: this.clock.now(),
      dataAddress,
    } as const;
    session.send({
      ...hello,
      ...(resume === undefined ? {} : { resume }),
      ...(seen === undefined ? {} : { seen }),
      ...(network === undefined ? {} : { network }),
    });
    this.greeted = true;
    this.networks?.attach((asked) => session.send(asked), frame.version);
    this.beat(session);
    this.heartbeat = setInterval(() => this.beat(session), HEARTBEAT_MS);
    if (this.observer.ready) this.tellAll(session);
  }

  /** For the manager, which does not hear another host: is its machine still there? */
  private async look(session: AgentLink, { id, targets, ms }: ManagerFrame & { t: 'probe' }): Promise<void> {
    const answers = await Promise.all(targets.map((target) => reach(target, ms)));
    if (this.session === session)
      session.send({ t: 'probed', id, answers: answers.map((answer) => answer ?? null) });
  }

  private beat(session: AgentLink): void {
    const { state, reason } = this.observer.health;
    const engine = state === 'down' ? `its Docker Engine does not answer: ${reason}` : '';
    const trouble = [engine, this.unwritable].filter((one) => one !== '').join('; ');
    const now = this.clock.now();
    const lease = this.fencedIds().length > 0;
    if (lease) this.lease.asked(now);
    session.send({
      t: 'heartbeat',
      now,
      ...(lease ? { lease } : {}),
      engine: trouble === '',
      reason: trouble,
    });
  }

  private tellAll(session: AgentLink): void {
    const { info, picture, images, networks, volumes } = this.observer;
    if (info !== undefined) session.send({ t: 'engine', info });
    const send = (frame: AgentFrame) => {
      try {
        session.send(frame);
      } catch (thrown) {
        // One object of over 16 MiB: the others must not suffer from it, and the host must not.
        this.options.logger.error({ frame: frame.t, error: messageOf(thrown) }, 'frame not sent');
      }
    };
    this.outbox.open(send, {
      containers: picture.containers.all(),
      images: images.all(),
      networks: networks.all(),
      volumes: volumes.all(),
    });
    this.tellEnded();
    this.orphans.tell(session);
  }

  /** What was started with --rm and is gone: without this its end and a start that is still to come look the same. */
  private tellEnded(): void {
    for (const holding of this.files.all()) {
      if (holding.kind !== 'hold') continue;
      const { id, desired } = holding.assignment;
      if (desired.generation > holding.acted.generation) continue;
      if (desired.spec.HostConfig?.AutoRemove !== true || this.observer.picture.find(id) !== undefined)
        continue;
      const { generation, refused } = holding.acted;
      this.outbox.addResult({ id, generation, ...(refused === undefined ? {} : { error: refused }) });
    }
  }

  private onInfo(engineId: string): void {
    const known = this.files.state.engineId;
    if (known !== undefined && known !== engineId && this.options.anyEngine !== true) {
      this.refuseEngine(engineId, known);
      return;
    }
    this.foundMachineId(engineId);
    if (known !== engineId) {
      this.files
        .setState({ engineId })
        .catch((thrown) => this.options.logger.warn({ error: messageOf(thrown) }, 'engine ID not written'));
    }
    const { info } = this.observer;
    if (this.greeted && this.observer.ready && info !== undefined) this.session?.send({ t: 'engine', info });
  }

  /** A copied data directory: acting on it would make its containers twice, and remove those of this machine's host. */
  private refuseEngine(engineId: string, known: string): void {
    if (this.refusal !== undefined) return;
    this.refusal =
      `the data directory of host ${this.options.identity.hostId} belongs to another machine: the Docker Engine here is ${engineId}, ` +
      `and it joined with ${known}; empty it on this machine (also where Docker was installed anew) and join with a token of its own (berth token create)`;
    this.options.logger.error({ reason: this.refusal }, 'not this host');
    this.observer.close();
    this.session?.close(this.refusal);
    this.detach();
    void this.reconciler.close();
    this.tellRefused(this.refusal);
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
    if (this.session !== undefined && this.greeted) this.tellAll(this.session);
    this.orphans.remove();
    this.orphans.spare();
    this.networks?.onListed(this.observer.networks.all());
    this.reconciler.kickAll();
  }

  /** Frames that came while others were being written are written together. */
  private async applyAll(session: AgentLink): Promise<void> {
    // Before the engine has been listed, whatever was started until now was started before.
    const startedAt = (id: string) =>
      this.observer.picture.find(id)?.state.startedAt ?? (this.observer.ready ? 0 : this.clock.now());
    try {
      while (this.frames.length > 0 && this.session === session) {
        const frames = this.frames;
        this.frames = [];
        for (const group of grouped(frames)) {
          const ids = await this.taken(session, group, startedAt);
          if (ids === undefined) return;
          if (group.t === 'snapshot') {
            if (group.restored)
              this.options.logger.warn(
                {},
                'the manager was put back to an older state: what it does not know runs on',
              );
            this.orphans.remove();
            this.orphans.spare();
            this.orphans.tell(session);
          }
          this.reconciler.assigned(ids);
          this.networks?.assigned();
          // A lease is asked for only where it is needed: now it may be.
          if (this.greeted && this.lease.state !== 'held' && this.fencedIds().length > 0) this.beat(session);
        }
      }
    } finally {
      this.applying = undefined;
      if (this.frames.length > 0 && this.session !== undefined) this.applying = this.applyAll(this.session);
    }
  }

  /**
   * What is on the disk now; undefined where the connection has ended before it was. As long as the disk takes nothing
   * (it is full) nothing that comes after may count, and clients hear why. The connection stays: a host that cannot be
   * given anything new still holds what it has, and must not be taken for lost.
   */
  private async taken(
    session: AgentLink,
    group: Group,
    startedAt: (id: string) => number,
  ): Promise<string[] | undefined> {
    for (;;) {
      try {
        const ids = await this.take(group, startedAt);
        if (this.unwritable !== '' && this.session === session) {
          this.unwritable = '';
          this.options.logger.info({}, 'assignments are written again');
          this.beat(session);
        }
        return ids;
      } catch (thrown) {
        if (this.session !== session) return undefined;
        const reason = `the host cannot write its assignments to ${this.options.dir} (${messageOf(thrown)}): free space there`;
        if (this.unwritable === '') this.options.logger.error({ error: messageOf(thrown) }, reason);
        this.unwritable = reason;
        this.beat(session);
        for (const waiting of [group, ...this.frames]) {
          if (waiting.t !== 'deltas') continue;
          for (const delta of waiting.deltas)
            if (isPut(delta)) this.reconciler.refuse(delta.assignment, reason);
        }
      }
      await this.clock.sleep(DISK_RETRY_MS);
      if (this.session !== session) return undefined;
    }
  }

  private take(group: Group, startedAt: (id: string) => number): Promise<string[]> {
    if (group.t === 'deltas') return this.files.apply(group.deltas, group.at, startedAt);
    const puts = group.deltas.filter(isPut);
    if (!group.restored) return this.files.replace(puts, group.at, startedAt);
    return this.files.restore(
      puts.map(({ assignment }) => assignment),
      group.at,
      startedAt,
    );
  }

  private known(clusterId: string): KnownContainer | undefined {
    const holding = this.files.get(clusterId);
    if (holding?.kind !== 'hold') return undefined;
    const { acted, assignment } = holding;
    const cores = coresOfShares(assignment.desired.spec.HostConfig ?? {});
    const comeback = (observed: ObservedContainer) => saidOfComeback(holding, observed);
    return { generation: acted.generation, engineId: acted.engineId, cores, comeback };
  }
}
