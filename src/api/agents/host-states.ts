import type { Clock } from '../../kit/clock.ts';
import { messageOf } from '../../kit/errors.ts';
import type { Logger } from '../../kit/logger.ts';
import type { Target } from '../../link/index.ts';
import type { HostNetworking, HostStatus } from '../../model/host.ts';
import { say } from '../../model/said/index.ts';
import { settingsOf } from '../../store/settings.ts';
import type { ReadTx, Store } from '../../store/store.ts';
import { hostStateOf, isSilent, LATE_MS, type LifeSigns, silenceMs } from './host-state.ts';
import type { AgentSession } from './session.ts';
import { Suspicions } from './suspicions.ts';
import { Witnesses } from './witnesses.ts';

/** What there is of a host at this moment: its connection, and its signs of life. */
export type Live = {
  session: AgentSession | undefined;
  /** Hello has been said on this connection. */
  greeted: boolean;
  /** What the host had missed has been sent: deltas go out as they come. */
  level: boolean;
  /** All that is on it has been reported since the manager started. */
  reported: boolean;
  signs: { -readonly [K in keyof LifeSigns]: LifeSigns[K] };
  /** Of the link, as its agent speaks it. */
  version: number;
  agentVersion: string;
  dataAddress: string;
  network: HostNetworking | undefined;
  connectedAt: number;
};

const SWEEP_MS = 250;
/** How often late heartbeats are looked for. */
const LATE_CHECK_MS = 50;
/** A sweep that comes this much too late: the manager was held up, or its clock was set. */
const HELD_UP_MS = 1_000;
/** A connection on which hello does not come is of no use, and who waits for it is to hear so. */
const HELLO_MS = 30_000;
/** How stale `HostStatus.lastHeardAt` may get in the store: heartbeats themselves are not worth a write. */
const HEARD_REFRESH_MS = 5_000;

/** Most hosts, most of the time: nothing is made of them then. */
function isReadyStill(
  { signs, reported: known, agentVersion, dataAddress, network }: Live,
  before: HostStatus | undefined,
  now: number,
  fresh: number,
): boolean {
  const { connected, reported, engine, dead, lastHeardAt } = signs;
  if (!connected || !reported || !engine || dead !== undefined || now - lastHeardAt >= fresh) return false;
  return (
    before?.state === 'ready' &&
    before.silent === false &&
    before.reported === known &&
    before.agentVersion === agentVersion &&
    before.dataAddress === dataAddress &&
    before.network === network &&
    lastHeardAt - before.lastHeardAt < HEARD_REFRESH_MS
  );
}

export type HostStatesDeps = Readonly<{
  store: Store;
  clock: Clock;
  logger: Logger;
  /** Whether the machine at an address answers: milliseconds until it did, undefined where it did not within `ms`. */
  reach(target: Target, ms: number): Promise<number | undefined>;
}>;

/** From signs of life to the states of hosts in the store. */
export class HostStates {
  readonly witnesses: Witnesses;
  private readonly live = new Map<string, Live>();
  private readonly suspicions: Suspicions;
  private readonly timers: readonly NodeJS.Timeout[];
  private sweptAt: number;

  constructor(private readonly deps: HostStatesDeps) {
    const { store, clock, logger, reach } = deps;
    this.sweptAt = clock.now();
    this.witnesses = new Witnesses({ clock, reach });
    this.suspicions = new Suspicions({
      ...{ witnesses: this.witnesses, clock, logger },
      settings: () => store.view(settingsOf),
      lastHeardAt: (hostId) => this.live.get(hostId)?.signs.lastHeardAt,
      onDead: (hostId, reason) => this.onDead(hostId, reason),
    });
    for (const host of store.view((tx) => [...tx.all('hosts')])) this.of(host.id);
    this.timers = [
      setInterval(() => this.sweep(), SWEEP_MS),
      setInterval(() => this.suspectLate(), LATE_CHECK_MS),
    ];
    this.sweep();
  }

  get(hostId: string): Live | undefined {
    return this.live.get(hostId);
  }

  all(): Iterable<Live> {
    return this.live.values();
  }

  /** Made where there is none. */
  of(hostId: string): Live {
    const known = this.live.get(hostId);
    if (known !== undefined) return known;
    const live: Live = {
      session: undefined,
      greeted: false,
      level: false,
      reported: false,
      signs: {
        connected: false,
        reported: false,
        engine: true,
        engineReason: '',
        lastHeardAt: this.deps.clock.now(),
        heard: false,
        closeReason: '',
        dead: undefined,
      },
      version: 0,
      agentVersion: '',
      dataAddress: '',
      network: undefined,
      connectedAt: 0,
    };
    this.live.set(hostId, live);
    return live;
  }

  /** Anything that is heard of a host: it lives. */
  heard({ hostId, hostName }: AgentSession, live: Live): void {
    live.signs.lastHeardAt = this.deps.clock.now();
    live.signs.heard = true;
    if (live.signs.dead === undefined) return;
    live.signs.dead = undefined;
    this.deps.logger.warn({ host: hostName }, 'a host that was taken for dead is heard again');
    this.sweepOne(hostId, live);
  }

  /** Hosts whose heartbeat is late: others are asked whether they reach them. */
  private suspectLate(): void {
    const now = this.deps.clock.now();
    for (const [hostId, { signs, greeted }] of this.live)
      if (greeted && signs.dead === undefined && now - signs.lastHeardAt >= LATE_MS)
        this.suspicions.suspect(hostId);
  }

  private onDead(hostId: string, reason: string): void {
    const live = this.live.get(hostId);
    if (live === undefined) return;
    live.signs.dead = reason;
    this.deps.logger.warn({ host: live.session?.hostName ?? hostId, reason }, 'host taken for dead');
    this.sweepOne(hostId, live);
  }

  /** The connection is over. */
  lost(hostId: string, live: Live, reason: string): void {
    live.signs = { ...live.signs, connected: false, reported: false, closeReason: reason };
    this.witnesses.lost(hostId);
    this.sweepOne(hostId, live);
    this.suspicions.suspect(hostId);
  }

  /** The host is no host any more. */
  forget(hostId: string): void {
    this.live.delete(hostId);
    this.witnesses.forget(hostId);
    this.suspicions.forget(hostId);
  }

  close(): void {
    for (const timer of this.timers) clearInterval(timer);
    this.suspicions.close();
    this.witnesses.close();
  }

  /** Writes the states that have changed, in one transaction. */
  private sweep(): void {
    const now = this.deps.clock.now();
    this.forgiveSilence(now);
    for (const live of this.live.values()) {
      if (live.session !== undefined && !live.greeted && now - live.connectedAt > HELLO_MS)
        live.session.close(say('hosts.closed.hello', { n: HELLO_MS / 1000 }));
    }
    this.writeChanged(this.live, now);
  }

  /** At once, where something has happened to one host: as many at once would look at as many each. */
  sweepOne(hostId: string, live: Live): void {
    const now = this.deps.clock.now();
    this.forgiveSilence(now);
    if (this.live.get(hostId) === live) this.writeChanged([[hostId, live]], now);
  }

  private writeChanged(hosts: Iterable<readonly [string, Live]>, now: number): void {
    const changed = this.deps.store.view((tx) => this.changedStatuses(tx, hosts, now));
    if (changed.length === 0) return;
    this.deps.store
      .update((tx) => {
        for (const status of changed)
          if (tx.get('hosts', status.id) !== undefined) tx.put('hostStatus', status);
      })
      .catch((thrown) => this.deps.logger.error({ error: messageOf(thrown) }, 'host states not written'));
    for (const { id, state, reason } of changed) {
      if (state !== 'ready') this.deps.logger.debug({ host: id, state, reason }, 'host state');
    }
  }

  /**
   * Time in which the manager could hear nobody (a slow disk, a stopped machine) is no host's silence, nor is a step of
   * its clock.
   */
  private forgiveSilence(now: number): void {
    const passed = now - this.sweptAt;
    this.sweptAt = now;
    if (passed >= 0 && passed < HELD_UP_MS) return;
    for (const live of this.live.values()) {
      const { lastHeardAt } = live.signs;
      // Heard since the clock was set back: that is by the new time already.
      if (passed < 0 && lastHeardAt <= now) continue;
      live.signs = { ...live.signs, lastHeardAt: Math.min(now, lastHeardAt + passed) };
    }
  }

  private changedStatuses(tx: ReadTx, hosts: Iterable<readonly [string, Live]>, now: number): HostStatus[] {
    const settings = settingsOf(tx);
    const changed: HostStatus[] = [];
    const fresh = Math.min(silenceMs(settings), settings.downAfterMs);
    for (const [hostId, live] of hosts) {
      if (isReadyStill(live, tx.get('hostStatus', hostId), now, fresh)) continue;
      const before = tx.get('hostStatus', hostId) ?? this.statusOf(hostId, live);
      const verdict = {
        ...hostStateOf(live.signs, now, settings),
        silent: isSilent(live.signs, now, settings),
      };
      const stale = live.signs.heard && live.signs.lastHeardAt - before.lastHeardAt >= HEARD_REFRESH_MS;
      const known = tx.get('hostStatus', hostId) !== undefined;
      const same =
        before.state === verdict.state &&
        before.silent === verdict.silent &&
        before.confirmed === verdict.confirmed;
      const told =
        before.reported === live.reported &&
        before.agentVersion === live.agentVersion &&
        before.dataAddress === live.dataAddress &&
        before.network === live.network;
      if (known && !stale && same && told) continue;
      changed.push({ ...this.statusOf(hostId, live), engine: before.engine, ...verdict });
    }
    return changed;
  }

  statusOf(id: string, live: Live): HostStatus {
    return {
      kind: 'host-status',
      id,
      state: 'pending',
      reason: '',
      address: live.session?.remoteAddress ?? '',
      dataAddress: live.dataAddress,
      agentVersion: live.agentVersion,
      reported: live.reported,
      engine: undefined,
      network: live.network,
      lastHeardAt: live.signs.heard ? live.signs.lastHeardAt : 0,
      connectedAt: live.connectedAt,
    };
  }
}
