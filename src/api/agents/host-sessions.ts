import {
  type ActionResult,
  type AgentFrame,
  type Assignment,
  type AssignmentDelta,
  LINK_VERSION,
  type ResumePoint,
} from '../../contract/link.ts';
import { BerthError, messageOf } from '../../kit/errors.ts';
import type { Vault } from '../../kit/vault.ts';
import { type DeltaLog, MAX_CLOCK_SKEW } from '../../link/index.ts';
import type { HostNetworking } from '../../model/host.ts';
import { normalIp } from '../../model/ip.ts';
import { say } from '../../model/said/index.ts';
import { settingsOf } from '../../store/settings.ts';
import type { ChangeSet, Store, WriteTx } from '../../store/store.ts';
import { SETTINGS_KEY } from '../../store/tables.ts';
import type { ClusterEvents } from '../events/cluster-events.ts';
import type { MetricBook } from '../metrics/metric-book.ts';
import type { AccessBook } from '../routing/access-book.ts';
import { Routers } from '../routing/routers.ts';
import { assignmentOf, holdersOf } from './assignment-of.ts';
import type { Assignments } from './assignments.ts';
import type { DataKeys } from './data-keys.ts';
import { deltaFrames, snapshotFrames } from './frames.ts';
import { canHold, givenFiles } from './given-files.ts';
import { notePaths } from './host-paths.ts';
import { leaseMs } from './host-state.ts';
import { HostStates, type HostStatesDeps, type Live } from './host-states.ts';
import { KeptOrphans } from './kept-orphans.ts';
import { isPast } from './lives.ts';
import { Measured } from './measured.ts';
import { NetworkMembers } from './members.ts';
import { NetworkAsks } from './network-asks.ts';
import { applyFull, applyReport, endRecords, ownResults } from './observations.ts';
import { ActionResults } from './results.ts';
import type { AgentSession } from './session.ts';
import { ToldOrphans } from './told-orphans.ts';

type HostSessionsDeps = HostStatesDeps &
  Readonly<{
    events: ClusterEvents;
    deltas: DeltaLog;
    /** Whether an address, as of `AgentSession.remoteAddress` without its port, is this machine's. */
    isHere(address: string): boolean;
    /** Of encrypted networks. */
    keys: DataKeys;
    /** Opens what hosts are given of configs and secrets. */
    vault: Vault;
    /** Of sticky cookies, hexadecimal. */
    cookieKey: string;
    /** What a host says that containers use. */
    onLoads(hostId: string, loads: AgentFrame & { t: 'loads' }): void;
    /** How busy hosts say that they and their containers are. */
    metrics: Pick<MetricBook, 'take' | 'forget'>;
  }>;

const REMOVED = 'the host was removed from the cluster: join it again with a new token';
/** From where the host's agent has dialled, without the port. */
function addressOf({ remoteAddress }: AgentSession): string {
  return remoteAddress.slice(0, remoteAddress.lastIndexOf(':'));
}

/** False where what was to be seen in the store has been undone since. */
async function isDurable(store: Store): Promise<boolean> {
  try {
    await store.settled();
    return true;
  } catch {
    return false;
  }
}

/**
 * The manager's side of all agents: gives each host its assignments as they change in the store, and writes what the
 * agents report into the store.
 */
export class HostSessions {
  readonly assignments: Assignments;
  /** Of a container that leaves: whether no router leads to it any more; see `Routers`. */
  readonly isOut = (containerId: string): boolean => this.routers.isOut(containerId);
  /** Whether routers answer challenges of ACME; see `Routers`. */
  readonly answered = (tokens: readonly string[]) => this.routers.answered(tokens);
  /** Whether a host says what its containers use; see `Measured`. */
  readonly measures = (hostId: string): boolean => this.measured.knows(hostId);
  /** What goes through routers. */
  readonly access: AccessBook;
  private readonly results: ActionResults;
  private readonly states: HostStates;
  private readonly kept: KeptOrphans;
  private readonly members: NetworkMembers;
  private readonly routers: Routers;
  private readonly measured: Measured;
  private readonly asks: NetworkAsks;
  private readonly unwatch: () => void;

  constructor(private readonly deps: HostSessionsDeps) {
    this.results = new ActionResults((containerId) => this.hostOf(containerId), deps.clock);
    this.assignments = this.results;
    this.states = new HostStates(deps);
    // Before the members, of which they are some.
    this.kept = new KeptOrphans(deps);
    // Before the assignments: who is on a network is there before the container that wants to speak with them.
    this.members = new NetworkMembers(deps);
    this.routers = new Routers(deps);
    this.access = this.routers.access;
    this.measured = new Measured(deps);
    this.asks = new NetworkAsks(deps);
    this.unwatch = deps.store.watch((set) => this.onChange(set));
  }

  /** Takes over a connection that the link has admitted. The newest connection of a host is the one that counts. */
  attach(session: AgentSession): void {
    if (this.deps.store.view((tx) => tx.get('hosts', session.hostId)) === undefined) {
      session.close(REMOVED);
      return;
    }
    const live = this.states.of(session.hostId);
    live.session?.close(say('hosts.closed.again'));
    live.session = session;
    live.greeted = false;
    live.level = false;
    live.connectedAt = this.deps.clock.now();
    live.signs = { ...live.signs, connected: true, reported: false, engine: true, engineReason: '' };
    let queue = Promise.resolve();
    const inLine = (what: () => Promise<void>) => {
      queue = queue
        .then(what)
        .catch((thrown) =>
          this.deps.logger.warn({ host: session.hostName, error: messageOf(thrown) }, 'report refused'),
        );
    };
    const orphans = new ToldOrphans(this.deps, session);
    this.asks.begin(session.hostId);
    session.onFrame((frame) => {
      if (live.session !== session) return;
      this.states.heard(session, live);
      if (frame.t === 'probed') {
        this.states.witnesses.said(session.hostId, frame.id, frame.answers);
        return;
      }
      if (frame.t === 'heartbeat') {
        this.onHeartbeat(session, live, frame);
        // An agent tells its orphans in one go with all that is on its host: these are in line by now.
        if (live.signs.reported) inLine(() => orphans.end());
        return;
      }
      if (frame.t === 'hello') {
        live.greeted = this.onHello(session, live, frame);
        return;
      }
      if (!live.greeted) {
        session.close(`said "${frame.t}" before hello`);
        return;
      }
      if (frame.t === 'ask') {
        // Not behind reports: an engine waits for the answer.
        this.asks
          .answer(session.hostId, frame)
          .then((answer) => session.send(answer))
          .catch((thrown) =>
            this.deps.logger.warn({ host: session.hostName, error: messageOf(thrown) }, 'answer not sent'),
          );
        return;
      }
      if (frame.t === 'traffic') {
        this.access.take(session.hostId, frame);
        return;
      }
      if (frame.t === 'want') {
        const { store, vault } = this.deps;
        try {
          for (const file of store.view((tx) => givenFiles(tx, vault, session.hostId, frame.files)))
            session.send(file);
        } catch (thrown) {
          this.deps.logger.error({ host: session.hostName, error: messageOf(thrown) }, 'files not sent');
        }
        return;
      }
      if (frame.t === 'loads') {
        this.deps.onLoads(session.hostId, frame);
        return;
      }
      if (frame.t === 'figures') {
        this.deps.metrics.take(session.hostId, frame);
        return;
      }
      if (frame.t === 'hold') {
        // In line with what the host asks: it holds what it has been given before.
        this.asks
          .hold(session, frame)
          .then((held) => session.send(held))
          .catch((thrown) =>
            this.deps.logger.warn({ host: session.hostName, error: messageOf(thrown) }, 'answer not sent'),
          );
        return;
      }
      // One after the other: a later report must not overtake an earlier one on its way into the store.
      inLine(() => this.onObservation(session, live, frame, orphans));
    });
    session.onClose((reason) => {
      if (live.session !== session) return;
      live.session = undefined;
      live.greeted = false;
      live.level = false;
      this.members.detach(session.hostId);
      this.routers.detach(session.hostId);
      this.measured.detach(session.hostId);
      this.results.lost(session.hostId, session.hostName);
      this.states.lost(session.hostId, live, reason);
    });
    const { clusterId } = this.settingsRecord();
    session.send({
      t: 'welcome',
      version: LINK_VERSION,
      clusterId,
      hostId: session.hostId,
      hostName: session.hostName,
    });
  }

  close(): void {
    this.states.close();
    this.members.close();
    this.routers.close();
    this.measured.close();
    this.kept.close();
    this.unwatch();
    for (const { session } of this.states.all()) session?.close('the manager is stopping');
  }

  private onHello(session: AgentSession, live: Live, hello: AgentFrame & { t: 'hello' }): boolean {
    const { clock } = this.deps;
    if (Math.abs(hello.version - LINK_VERSION) > 1) {
      session.close(
        `agent ${hello.agentVersion} speaks link version ${hello.version}, this manager ${LINK_VERSION - 1} to ${LINK_VERSION + 1}: upgrade the ${hello.version < LINK_VERSION ? 'agent' : 'manager'}`,
      );
      return false;
    }
    const skew = hello.now - clock.now();
    if (Math.abs(skew) > MAX_CLOCK_SKEW) {
      const minutes = Math.round(Math.abs(skew) / 60_000);
      session.close(
        `the host's clock is ${minutes} min ${skew < 0 ? 'behind' : 'ahead of'} the manager's: set it (timedatectl set-ntp true)`,
      );
      return false;
    }
    live.version = hello.version;
    live.agentVersion = hello.agentVersion;
    live.dataAddress = hello.dataAddress;
    live.network = hello.network;
    this.keepReach(session, hello.dataAddress, live.network);
    this.states.witnesses.add({
      hostId: session.hostId,
      address: hello.dataAddress,
      here: this.deps.isHere(addressOf(session)),
      send: (frame) => session.send(frame),
    });
    const { store } = this.deps;
    const { seen } = hello;
    const restored = seen !== undefined && !store.view((tx) => isPast(tx, seen, store.revision));
    this.members.attach(session.hostId, (frame) => session.send(frame), { restored });
    this.routers.attach(session.hostId, hello.version, (frame) => session.send(frame));
    this.measured.attach(session.hostId, hello.version, (frame) => session.send(frame));
    this.catchUp(session, live, hello, restored).catch((thrown) => session.close(messageOf(thrown)));
    return true;
  }

  /** After a restart of the manager the others find its containers before it is there itself. */
  private keepReach(
    { hostId, hostName }: AgentSession,
    said: string,
    { probed = false, kernelLife }: Partial<HostNetworking> = {},
  ): void {
    const { store, logger } = this.deps;
    const dataAddress = normalIp(said);
    if (dataAddress === undefined)
      logger.warn({ host: hostName, said: said.slice(0, 80) }, 'its data address is no IP address');
    const before = store.view((tx) => tx.get('hosts', hostId));
    if (before === undefined) return;
    const known = before.dataAddress === dataAddress && (before.probed ?? false) === probed;
    if (known && before.kernelLife === kernelLife) return;
    store
      .update((tx) => {
        const host = tx.get('hosts', hostId);
        if (host === undefined) return;
        const { dataAddress: _, probed: __, kernelLife: ___, ...rest } = host;
        const reached = dataAddress === undefined ? {} : { dataAddress };
        const life = kernelLife === undefined ? {} : { kernelLife };
        tx.put('hosts', { ...rest, ...reached, ...life, ...(probed ? { probed } : {}) });
      })
      .catch((thrown) =>
        logger.warn({ host: hostName, error: messageOf(thrown) }, 'data address not written'),
      );
  }

  /** Sends what the host has missed, of what is durable: what it is told it acts on at once. */
  private async catchUp(
    session: AgentSession,
    live: Live,
    hello: AgentFrame & { t: 'hello' },
    restored: boolean,
  ): Promise<void> {
    const { store, deltas, logger } = this.deps;
    const { hostId, hostName } = session;
    const { seen } = hello;
    if (restored)
      logger.warn({ host: hostName, seen }, 'the host has seen a newer state: a backup was put back');
    while (live.session === session) {
      const at = deltas.head(hostId);
      const { count, assignments } = store.view((tx) => {
        const held = [...tx.by('containers', 'host', hostId), ...tx.by('containers', 'copyHost', hostId)];
        return {
          count: held.length,
          assignments: () =>
            this.holdable(
              live,
              held.map((container) => assignmentOf(tx, container, hostId)),
            ),
        };
      });
      const missed = hello.resume && deltas.since(hostId, hello.resume, count);
      const snapshot = missed === undefined ? assignments() : undefined;
      if (snapshot !== undefined && !(await isDurable(store))) continue;
      const since = missed ?? deltas.since(hostId, at);
      if (live.session !== session) return;
      // So much has changed meanwhile that it is easier to look again.
      if (since === undefined) continue;
      const { revision } = store;
      if (snapshot !== undefined)
        for (const frame of snapshotFrames({ ...at, revision }, snapshot, { restored })) session.send(frame);
      if (since.length > 0 || snapshot === undefined)
        for (const frame of deltaFrames({ ...deltas.head(hostId), revision }, since)) session.send(frame);
      live.level = true;
      return;
    }
  }

  private onHeartbeat(session: AgentSession, live: Live, beat: AgentFrame & { t: 'heartbeat' }): void {
    // After what the host has missed: it must not start what has moved away.
    if (beat.lease === true && live.level) {
      const ms = leaseMs(this.deps.store.view(settingsOf));
      session.send({ t: 'lease', now: beat.now, ms });
    }
    const changed = live.signs.engine !== beat.engine;
    live.signs.engine = beat.engine;
    live.signs.engineReason = beat.reason;
    if (changed) this.states.sweepOne(session.hostId, live);
  }

  private async onObservation(
    session: AgentSession,
    live: Live,
    frame: Exclude<
      AgentFrame,
      { t: 'hello' | 'heartbeat' | 'probed' | 'ask' | 'hold' | 'want' | 'traffic' | 'loads' }
    >,
    orphans: ToldOrphans,
  ): Promise<void> {
    const { store, events } = this.deps;
    const known = {
      acted: (id: string) => this.results.acted(id),
      complete: live.signs.reported,
    };
    // A host that was removed while its report waited in line has no place for it any more.
    if (store.view((tx) => tx.get('hosts', session.hostId)) === undefined) return;
    switch (frame.t) {
      case 'engine':
        await store.update((tx) => {
          const status = tx.get('hostStatus', session.hostId) ?? this.states.statusOf(session.hostId, live);
          tx.put('hostStatus', { ...status, engine: frame.info });
        });
        break;
      case 'full': {
        const written = this.apply((tx) => applyFull(tx, session.hostId, frame, known));
        if (frame.more !== true) this.onReported(session, live);
        await written;
        break;
      }
      case 'report': {
        let results: readonly ActionResult[] = [];
        const written = this.apply((tx) => {
          const own = ownResults(tx, session.hostId, frame);
          const ended = applyReport(tx, session.hostId, frame, known);
          results = own;
          return ended;
        });
        // In memory already: who waits need not wait for the disk as well. Observations never go there, and a removal
        // that is not yet on disk is found out again from the host's next full report.
        for (const result of results) this.results.add(result);
        if (frame.last === true) this.onReported(session, live);
        await written;
        if (frame.orphans !== undefined) await orphans.add(frame.orphans);
        break;
      }
      case 'paths':
        if (frame.probed !== undefined)
          this.keepReach(session, live.dataAddress, { ...live.network, probed: frame.probed });
        await store.update((tx) => notePaths(tx, session.hostId, frame, this.deps.clock.now()));
        break;
      case 'routed':
        await this.routers.said(session.hostId, frame);
        break;
      case 'events':
        events.add(session.hostId, frame.events);
        break;
    }
  }

  /** Takes in what was seen, which needs no disk, then ends the records that end with it, which does. */
  private async apply(observe: (tx: WriteTx) => readonly string[]): Promise<void> {
    const { store } = this.deps;
    let ended: readonly string[] = [];
    const seen = store.update((tx) => {
      ended = observe(tx);
    });
    // At once, so that nobody comes in between.
    const removed =
      ended.length === 0 ? undefined : store.update((tx) => endRecords(tx, ended, this.deps.clock.now()));
    await (removed === undefined ? seen : Promise.all([seen, removed]));
  }

  /** All that is on the host is known now. */
  private onReported(session: AgentSession, live: Live): void {
    // Of a connection that has been lost meanwhile, or replaced, this says nothing.
    if (live.session !== session) return;
    live.signs = { ...live.signs, reported: true };
    live.reported = true;
    this.states.sweepOne(session.hostId, live);
  }

  /** What became durable and concerns a host's assignments goes out to it, in order. */
  private onChange({ changes }: ChangeSet): void {
    const outgoing = new Map<string, AssignmentDelta[]>();
    const push = (hostId: string, delta: AssignmentDelta) => {
      const deltas = outgoing.get(hostId);
      if (deltas === undefined) outgoing.set(hostId, [delta]);
      else deltas.push(delta);
    };
    for (const change of changes) {
      if (change.table === 'hosts') this.onHostChange(change.key, change.after !== undefined);
      if (change.table !== 'containers') continue;
      const { before, after } = change;
      const had = before === undefined ? [] : holdersOf(before);
      const have = after === undefined ? [] : holdersOf(after);
      for (const hostId of had)
        if (!have.includes(hostId)) push(hostId, { op: 'drop', id: change.key, purge: true });
      if (after === undefined) {
        this.results.forget(change.key);
        continue;
      }
      const same =
        before?.desired === after.desired && before.name === after.name && before.probes === after.probes;
      for (const hostId of have) {
        if (same && had.includes(hostId)) continue;
        const assignment = this.deps.store.view((tx) => assignmentOf(tx, after, hostId));
        const version = this.states.get(hostId)?.version;
        if (version !== undefined && !canHold(assignment, version)) this.refuseFiles(assignment);
        else push(hostId, { op: 'put', assignment });
      }
    }
    for (const [hostId, deltas] of outgoing) {
      const live = this.states.get(hostId);
      // Removed with all that was on it: there is nobody to tell.
      if (live === undefined) continue;
      const at = this.deps.deltas.append(hostId, deltas);
      this.members.tellNew(hostId);
      // Before that the snapshot or the missed deltas will have these.
      if (live.level) this.sendDeltas(live, { ...at, revision: this.deps.store.revision }, deltas);
    }
  }

  /** Without what an agent of an earlier version would make without its files. */
  private holdable({ version }: Live, assignments: readonly Assignment[]): readonly Assignment[] {
    return assignments.filter((assignment) => {
      const can = canHold(assignment, version);
      if (!can) this.refuseFiles(assignment);
      return can;
    });
  }

  private refuseFiles({ id, desired }: Assignment): void {
    const message =
      'the agent of its host is of an earlier version, which has no configs and secrets: upgrade it';
    this.results.add({ id, generation: desired.generation, error: { status: 501, message } });
  }

  /** What no frame can carry is answered as refused; the other hosts must not suffer from it. */
  private sendDeltas(live: Live, at: ResumePoint, deltas: readonly AssignmentDelta[]): void {
    for (const frame of deltaFrames(at, deltas)) {
      try {
        live.session?.send(frame);
      } catch (thrown) {
        this.deps.logger.error({ host: live.session?.hostName, error: messageOf(thrown) }, 'deltas not sent');
        for (const delta of deltas) {
          if (delta.op !== 'put') continue;
          const { id, desired } = delta.assignment;
          const error = { status: 413, message: `it is too large for its host: ${messageOf(thrown)}` };
          this.results.add({ id, generation: desired.generation, error });
        }
      }
    }
  }

  private onHostChange(hostId: string, there: boolean): void {
    if (there) {
      this.states.of(hostId);
      return;
    }
    this.states.get(hostId)?.session?.close(REMOVED);
    this.states.forget(hostId);
    this.asks.forget(hostId);
    this.access.forget(hostId);
    this.deps.metrics.forget(hostId);
    this.deps.deltas.forget(hostId);
  }

  private hostOf(containerId: string) {
    return this.deps.store.view((tx) => {
      const hostId = tx.get('containers', containerId)?.assigned.hostId;
      if (hostId === undefined) return undefined;
      const hostName = tx.get('hosts', hostId)?.name ?? hostId;
      return { hostId, hostName, connected: this.states.get(hostId)?.session !== undefined };
    });
  }

  private settingsRecord() {
    const record = this.deps.store.view((tx) => tx.get('settings', SETTINGS_KEY));
    if (record === undefined)
      throw new BerthError('internal', 'the cluster has no settings record: first run did not finish');
    return record;
  }
}
