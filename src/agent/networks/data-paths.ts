import type { AgentFrame } from '../../contract/link.ts';
import type { reach } from '../../link/reach.ts';
import type { PathProbe } from '../../network/index.ts';
import type { DataPeer } from './member-lists.ts';
import { type PathFault, silent, tunnelFault } from './path-faults.ts';

type Path = (AgentFrame & { t: 'paths' })['paths'][string];
type Send = (frame: AgentFrame) => void;

type DataPathsDeps = Readonly<{
  reach: typeof reach;
  /** By host ID, all hosts with which this one shares a network. */
  peers(): ReadonlyMap<string, DataPeer>;
  /** Left out where this host can look by TCP only. */
  probe?: Pick<PathProbe, 'look'> &
    Readonly<{
      /** Brings what is looked with to what this host's networks need. Throws where it cannot be there. */
      hold(): Promise<void>;
    }>;
  /** Milliseconds; for tests. */
  everyMs?: number;
}>;

/** What a look has found: milliseconds there and back, or what is wrong. */
type Found = Readonly<{ ms: number }> | PathFault;
type Known = Readonly<{ path: Path; kind: string }>;

const EVERY_MS = 5_000;
const PATIENCE_MS = 1_000;
/** Looks in one round: of a thousand hosts on one network each looks at each other one within two minutes. */
const AT_ONCE = 40;
/** One unanswered look may be a host that is being started again. */
const SILENT = 2;
/** VXLAN's port. Nobody listens there on TCP: the other machine's kernel says so, and that is the answer. */
const PORT = 4789;
/** The kind of a path that works. */
const FINE = '';

/**
 * Looks whether packets of containers get to the other hosts, at their data addresses, which may be other ones than those of
 * the connection to the manager, and tells the manager where that ceases or begins to be so. It looks through VXLAN itself
 * where both hosts have a probe device; else by TCP, which does not find out a path that carries that and drops VXLAN's UDP.
 */
export class DataPaths {
  private readonly known = new Map<string, Known>();
  /** Faults that were found since a host has answered, and how many of the last kind. */
  private readonly faults = new Map<string, Readonly<{ kind: string; all: number; same: number }>>();
  private send: Send | undefined;
  private next = 0;
  private looking = false;
  /** The manager was told last that this host has a probe device. */
  private told: boolean | undefined;
  private usable: boolean;
  private readonly timer: NodeJS.Timeout;

  constructor(private readonly deps: DataPathsDeps) {
    this.usable = deps.probe !== undefined;
    this.timer = setInterval(() => void this.look(), deps.everyMs ?? EVERY_MS);
    this.timer.unref();
  }

  /** For `hello.network`: other hosts can look at this one through VXLAN. */
  hello(): Readonly<{ probed: boolean }> {
    this.told = this.usable;
    return { probed: this.usable };
  }

  /** A new connection to the manager: it is told everything. */
  attach(send: Send): void {
    this.send = send;
    if (this.known.size > 0) {
      const paths = [...this.known].map(([hostId, { path }]) => [hostId, path]);
      send({ t: 'paths', paths: Object.fromEntries(paths) });
    }
    this.tellProbed();
  }

  detach(): void {
    this.send = undefined;
  }

  close(): void {
    clearInterval(this.timer);
    this.send = undefined;
  }

  /** What is looked with follows this host's networks, now. */
  async prepare(): Promise<void> {
    const { probe } = this.deps;
    if (probe === undefined) return;
    this.usable = await probe.hold().then(
      () => true,
      () => false,
    );
    this.tellProbed();
  }

  /** One round; the next one goes on where it ends. */
  async look(): Promise<void> {
    if (this.looking) return;
    this.looking = true;
    try {
      await this.prepare();
      const peers = this.deps.peers();
      for (const hostId of [...this.known.keys(), ...this.faults.keys()])
        if (!peers.has(hostId)) this.forget(hostId);
      const round = this.inTurn([...peers]);
      const changed = await Promise.all(
        round.map(async ([hostId, peer]) => this.changed(hostId, await this.lookAt(hostId, peer))),
      );
      const paths = Object.fromEntries(changed.flat());
      if (Object.keys(paths).length > 0) this.send?.({ t: 'paths', paths });
    } finally {
      this.looking = false;
    }
  }

  /** Those whose turn it is, for as many looks as there may be. */
  private inTurn(all: readonly (readonly [string, DataPeer])[]): readonly (readonly [string, DataPeer])[] {
    let looks = 0;
    const start = this.next % Math.max(all.length, 1);
    const ordered = [...all.slice(start), ...all.slice(0, start)];
    const round = ordered.filter(([, peer]) => {
      looks += this.isProbed(peer) ? peer.tunnels.size : 1;
      return looks <= AT_ONCE;
    });
    this.next = start + round.length;
    return round;
  }

  private isProbed({ probed }: DataPeer): boolean {
    return this.usable && probed;
  }

  /** Where a path has several ways, one that is broken says how the path is. */
  private async lookAt(hostId: string, peer: DataPeer): Promise<Found> {
    const { probe } = this.deps;
    const { address, tunnels } = peer;
    if (!this.isProbed(peer) || probe === undefined) return this.lookByTcp(hostId, address);
    try {
      const seen = await Promise.all(
        [...tunnels].map(async ([tunnel, mtu]) => ({
          tunnel,
          seen: await probe.look(tunnel, address, mtu, PATIENCE_MS),
        })),
      );
      for (const { tunnel, seen: one } of seen) {
        if ('ms' in one) continue;
        const answers =
          one.fault === 'silent' &&
          (await this.deps.reach({ host: address, port: PORT }, PATIENCE_MS)) !== undefined;
        return tunnelFault(tunnel, one, PATIENCE_MS, answers);
      }
      return { ms: Math.max(...seen.flatMap(({ seen: one }) => ('ms' in one ? one.ms : []))) };
    } catch {
      // This host could not look: no word about the path.
      return this.lookByTcp(hostId, address);
    }
  }

  private async lookByTcp(hostId: string, address: string): Promise<Found> {
    const ms = await this.deps.reach({ host: address, port: PORT }, PATIENCE_MS);
    return ms === undefined ? silent(PATIENCE_MS, this.known.has(hostId)) : { ms };
  }

  /** What is to be told of a host: nothing where it is as it was. */
  private changed(hostId: string, found: Found): [string, Path][] {
    const before = this.known.get(hostId)?.kind;
    if ('ms' in found) {
      this.faults.delete(hostId);
      const path = { ms: Math.round(found.ms * 1000) / 1000, reason: '' };
      this.known.set(hostId, { path, kind: FINE });
      return before === FINE ? [] : [[hostId, path]];
    }
    const { kind, reason } = found;
    const last = this.faults.get(hostId);
    const same = last?.kind === kind ? last.same + 1 : 1;
    const all = (last?.all ?? 0) + 1;
    this.faults.set(hostId, { kind, all, same });
    const isBroken = before !== undefined && before !== FINE;
    if (before === kind || (isBroken ? same : all) < SILENT) return [];
    const path = { ms: null, reason };
    this.known.set(hostId, { path, kind });
    return [[hostId, path]];
  }

  private tellProbed(): void {
    if (this.send === undefined || this.told === undefined || this.told === this.usable) return;
    this.told = this.usable;
    this.send({ t: 'paths', paths: {}, probed: this.usable });
  }

  private forget(hostId: string): void {
    this.known.delete(hostId);
    this.faults.delete(hostId);
  }
}
