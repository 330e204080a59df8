import type { AgentFrame } from '../../contract/link.ts';
import type { reach } from '../../link/reach.ts';

type Path = (AgentFrame & { t: 'paths' })['paths'][string];
type Send = (frame: AgentFrame) => void;

type DataPathsDeps = Readonly<{
  reach: typeof reach;
  /** Data address by host ID, of all hosts with which this one shares a network. */
  peers(): ReadonlyMap<string, string>;
  /** Milliseconds; for tests. */
  everyMs?: number;
}>;

const EVERY_MS = 5_000;
const PATIENCE_MS = 1_000;
/** In one round: of a thousand hosts on one network each looks at each other one within two minutes. */
const AT_ONCE = 40;
/** One unanswered look may be a host that is being started again. */
const SILENT = 2;
/** VXLAN's port. Nobody listens there on TCP: the other machine's kernel says so, and that is the answer. */
const PORT = 4789;

/**
 * Looks whether the machines with which containers of this host speak can be reached at their data addresses, which may be
 * other ones than those of the connection to the manager, and tells the manager where that ceases or begins to be so. What
 * is tried is TCP: a path that carries it and drops VXLAN's UDP is not found out.
 */
export class DataPaths {
  private readonly known = new Map<string, Path>();
  private readonly silent = new Map<string, number>();
  private send: Send | undefined;
  private next = 0;
  private looking = false;
  private readonly timer: NodeJS.Timeout;

  constructor(private readonly deps: DataPathsDeps) {
    this.timer = setInterval(() => void this.look(), deps.everyMs ?? EVERY_MS);
    this.timer.unref();
  }

  /** A new connection to the manager: it is told everything. */
  attach(send: Send): void {
    this.send = send;
    if (this.known.size > 0) send({ t: 'paths', paths: Object.fromEntries(this.known) });
  }

  detach(): void {
    this.send = undefined;
  }

  close(): void {
    clearInterval(this.timer);
    this.send = undefined;
  }

  /** One round; the next one goes on where it ends. */
  async look(): Promise<void> {
    if (this.looking) return;
    this.looking = true;
    try {
      const peers = this.deps.peers();
      for (const hostId of [...this.known.keys(), ...this.silent.keys()])
        if (!peers.has(hostId)) this.forget(hostId);
      const all = [...peers];
      const start = all.length > AT_ONCE ? this.next % all.length : 0;
      const round = [...all, ...all].slice(start, start + Math.min(AT_ONCE, all.length));
      this.next = start + round.length;
      const changed = await Promise.all(round.map(([hostId, address]) => this.lookAt(hostId, address)));
      const paths = Object.fromEntries(changed.flat());
      if (Object.keys(paths).length > 0) this.send?.({ t: 'paths', paths });
    } finally {
      this.looking = false;
    }
  }

  private async lookAt(hostId: string, address: string): Promise<[string, Path][]> {
    const ms = await this.deps.reach({ host: address, port: PORT }, PATIENCE_MS);
    const before = this.known.get(hostId);
    if (ms !== undefined) {
      this.silent.delete(hostId);
      const path = { ms: Math.round(ms * 1000) / 1000, reason: '' };
      this.known.set(hostId, path);
      return typeof before?.ms === 'number' ? [] : [[hostId, path]];
    }
    const silent = (this.silent.get(hostId) ?? 0) + 1;
    this.silent.set(hostId, silent);
    if (silent < SILENT || before?.ms === null) return [];
    const reason =
      before === undefined
        ? `no answer within ${PATIENCE_MS / 1000} s, and never one before: VXLAN needs UDP ${PORT} between the two, and this look TCP ${PORT}`
        : `no answer within ${PATIENCE_MS / 1000} s`;
    const path = { ms: null, reason };
    this.known.set(hostId, path);
    return [[hostId, path]];
  }

  private forget(hostId: string): void {
    this.known.delete(hostId);
    this.silent.delete(hostId);
  }
}
