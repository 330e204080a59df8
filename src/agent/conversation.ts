import { type AgentFrame, FILES_VERSION, LINK_VERSION, type ManagerFrame } from '../contract/link.ts';
import type { Clock } from '../kit/clock.ts';
import { messageOf } from '../kit/errors.ts';
import type { Logger } from '../kit/logger.ts';
import type { ManagerSession } from '../link/ports.ts';
import { reach } from '../link/reach.ts';
import { say } from '../model/said/index.ts';
import type { AssignmentFiles } from './assignment-files.ts';
import type { HostFiles } from './files/host-files.ts';
import type { Intake } from './intake.ts';
import type { Lease } from './lease.ts';
import type { FigureReports } from './loads/figure-reports.ts';
import type { LoadReports } from './loads/load-reports.ts';
import type { HostNetworks } from './networks/host-networks.ts';
import type { Observer } from './observer.ts';
import type { Orphans } from './orphans.ts';
import type { Outbox } from './outbox.ts';
import type { Ingress } from './routing/ingress.ts';

/** What a manager's session must be able to do; `LinkClient` gives one for each connection. */
export type AgentLink = Pick<ManagerSession, 'send' | 'onFrame' | 'onClose' | 'close'>;

type ConversationDeps = Readonly<{
  identity: Readonly<{ clusterId: string; hostId: string }>;
  agentVersion: string;
  dataAddress: string;
  machineId: Promise<string>;
  files: AssignmentFiles;
  observer: Observer;
  outbox: Outbox;
  intake: Intake<AgentLink>;
  orphans: Orphans;
  lease: Lease;
  networks: HostNetworks | undefined;
  ingress: Ingress | undefined;
  hostFiles: HostFiles | undefined;
  loads: LoadReports;
  figures: FigureReports | undefined;
  clock: Clock;
  logger: Logger;
  /** Whether there are containers that may run only under a lease. */
  hasFenced(): boolean;
}>;

/** The manager hears from the host at least so often: a heartbeat, or whatever else there is to say. */
const HEARTBEAT_MS = 1_000;
/** What a heartbeat tells is told at least so often, however much else is said. */
const SPARED_MS = 5_000;
/** A timer may fire a little early. */
const EARLY_MS = 5;

/** With the manager: over the newest connection to it, from its welcome on. */
export class Conversation {
  private current: AgentLink | undefined;
  private greeted = false;
  private heartbeat: NodeJS.Timeout | undefined;
  /** When something was said last, and when a heartbeat was: monotonic milliseconds. */
  private saidAt = 0;
  private beatAt = 0;

  constructor(private readonly deps: ConversationDeps) {}

  /** The connection that counts. */
  get session(): AgentLink | undefined {
    return this.current;
  }

  /** Takes over a new connection: the one before it counts no more. */
  attach(connection: AgentLink): void {
    this.end(say('hosts.closed.newer'));
    const session: AgentLink = {
      send: (frame) => {
        connection.send(frame);
        this.saidAt = performance.now();
      },
      onFrame: (listener) => connection.onFrame(listener),
      onClose: (listener) => connection.onClose(listener),
      close: (reason) => connection.close(reason),
    };
    this.current = session;
    session.onClose((reason) => {
      if (this.current !== session) return;
      this.deps.logger.info({ reason }, 'session ended');
      this.detach();
    });
    session.onFrame((frame) => {
      if (this.current === session) this.onFrame(session, frame);
    });
  }

  end(reason: string): void {
    this.current?.close(reason);
    this.detach();
  }

  /** Everything that is on the engine has been listed. */
  onListed(): void {
    if (this.current !== undefined && this.greeted) this.tellAll(this.current);
  }

  /** What the engine says of itself may have changed. */
  onInfo(): void {
    const { info, ready } = this.deps.observer;
    if (this.greeted && ready && info !== undefined) this.current?.send({ t: 'engine', info });
  }

  /** A heartbeat ahead of its time: the host is well no more, or again. */
  beatNow(): void {
    if (this.current !== undefined && this.greeted) this.beat(this.current);
  }

  /** A lease is asked for only where it is needed: now it may be. */
  askForLease(): void {
    if (this.deps.lease.state !== 'held' && this.deps.hasFenced()) this.beatNow();
  }

  private onFrame(session: AgentLink, frame: ManagerFrame): void {
    const { intake, lease, networks } = this.deps;
    switch (frame.t) {
      case 'welcome':
        this.welcome(session, frame).catch((thrown) => session.close(messageOf(thrown)));
        break;
      case 'lease':
        // What came before it may say that the container runs elsewhere now.
        void intake.settled().then(() => lease.granted(frame.now, frame.ms));
        break;
      case 'probe':
        void this.look(session, frame);
        break;
      case 'members':
        networks?.onMembers(frame);
        break;
      case 'answer':
        networks?.onAnswer(frame);
        break;
      case 'held':
        networks?.onHeld(frame);
        break;
      case 'file':
        void this.deps.hostFiles?.onFile(frame);
        break;
      case 'router':
      case 'no-router':
        this.onRouter(session, frame);
        break;
      case 'measure':
        this.deps.loads.onMeasure(frame);
        break;
      case 'snapshot':
      case 'deltas':
        intake.onFrame(session, frame);
    }
  }

  private detach(): void {
    clearTimeout(this.heartbeat);
    this.current = undefined;
    this.greeted = false;
    this.deps.intake.forget();
    this.deps.outbox.shut();
    this.deps.networks?.detach();
    this.deps.ingress?.detach();
    this.deps.hostFiles?.detach();
    this.deps.loads.detach();
    this.deps.figures?.detach();
  }

  private onRouter(session: AgentLink, frame: ManagerFrame & { t: 'router' | 'no-router' }): void {
    const { ingress } = this.deps;
    if (ingress !== undefined) ingress.onFrame(frame);
    else if (frame.t === 'router') {
      const error = say('hosts.router.remote');
      session.send({ t: 'routed', seq: frame.change.seq, serving: false, error, draining: [] });
    }
  }

  private async welcome(session: AgentLink, frame: ManagerFrame & { t: 'welcome' }): Promise<void> {
    const { identity, agentVersion, dataAddress, networks, intake, observer } = this.deps;
    if (frame.clusterId !== identity.clusterId || frame.hostId !== identity.hostId) {
      session.close(
        `this is host ${identity.hostId} of cluster ${identity.clusterId}, and the manager takes it for ${frame.hostId} of ${frame.clusterId}: join it again`,
      );
      return;
    }
    // Deltas that are still on their way to the disk count for where the manager goes on.
    await intake.settled();
    const machineId = await this.deps.machineId;
    const network = await networks?.hello();
    if (this.current !== session) return;
    const { resume, seen } = this.deps.files.state;
    const hello = {
      t: 'hello',
      version: LINK_VERSION,
      agentVersion,
      machineId,
      now: this.deps.clock.now(),
      dataAddress,
    } as const;
    session.send({
      ...hello,
      ...(resume === undefined ? {} : { resume }),
      ...(seen === undefined ? {} : { seen }),
      ...(network === undefined ? {} : { network }),
    });
    this.greeted = true;
    networks?.attach((asked) => session.send(asked), frame.version);
    this.deps.ingress?.attach((told) => session.send(told), frame.version);
    if (frame.version >= FILES_VERSION) this.deps.hostFiles?.attach((want) => session.send(want));
    this.deps.loads.attach((told) => session.send(told));
    this.deps.figures?.attach((told) => session.send(told), frame.version);
    this.beat(session);
    this.beatInTime(session);
    if (observer.ready) this.tellAll(session);
  }

  /** For the manager, which does not hear another host: is its machine still there? */
  private async look(session: AgentLink, { id, targets, ms }: ManagerFrame & { t: 'probe' }): Promise<void> {
    const answers = await Promise.all(targets.map((target) => reach(target, ms)));
    if (this.current === session)
      session.send({ t: 'probed', id, answers: answers.map((answer) => answer ?? null) });
  }

  /** A heartbeat whenever nothing else was said for a second, or one is due in any case. */
  private beatInTime(session: AgentLink): void {
    // Leases last for little more than two heartbeats.
    const spared = this.deps.hasFenced() ? HEARTBEAT_MS : SPARED_MS;
    const left = Math.min(this.saidAt + HEARTBEAT_MS, this.beatAt + spared) - performance.now();
    if (left <= EARLY_MS) this.beat(session);
    // A send can end the connection.
    if (this.current !== session) return;
    const wait = left <= EARLY_MS ? HEARTBEAT_MS : left;
    this.heartbeat = setTimeout(() => this.beatInTime(session), wait);
  }

  private beat(session: AgentLink): void {
    this.beatAt = performance.now();
    const { state, reason } = this.deps.observer.health;
    const engine = state === 'down' ? say('hosts.state.engine.why', { why: reason }) : '';
    const trouble = [engine, this.deps.intake.unwritable].filter((one) => one !== '').join('; ');
    const now = this.deps.clock.now();
    const lease = this.deps.hasFenced();
    if (lease) this.deps.lease.asked(now);
    session.send({
      t: 'heartbeat',
      now,
      ...(lease ? { lease } : {}),
      engine: trouble === '',
      reason: trouble,
    });
  }

  private tellAll(session: AgentLink): void {
    const { outbox, orphans, logger } = this.deps;
    const { info, picture, images, networks, volumes } = this.deps.observer;
    if (info !== undefined) session.send({ t: 'engine', info });
    const send = (frame: AgentFrame) => {
      try {
        session.send(frame);
      } catch (thrown) {
        // One object of over 16 MiB: the others must not suffer from it, and the host must not.
        logger.error({ frame: frame.t, error: messageOf(thrown) }, 'frame not sent');
      }
    };
    outbox.open(send, {
      containers: picture.containers.all(),
      images: images.all(),
      networks: networks.all(),
      volumes: volumes.all(),
    });
    this.tellEnded();
    orphans.tell(session);
  }

  /** What was started with --rm and is gone: without this its end and a start that is still to come look the same. */
  private tellEnded(): void {
    const { files, observer, outbox } = this.deps;
    for (const holding of files.all()) {
      if (holding.kind !== 'hold') continue;
      const { id, desired } = holding.assignment;
      if (desired.generation > holding.acted.generation) continue;
      if (desired.spec.HostConfig?.AutoRemove !== true || observer.picture.find(id) !== undefined) continue;
      const { generation, refused } = holding.acted;
      outbox.addResult({ id, generation, ...(refused === undefined ? {} : { error: refused }) });
    }
  }
}
