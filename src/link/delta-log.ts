import type { AssignmentDelta, ResumePoint } from '../contract/link.ts';
import { newShortId } from '../kit/ids.ts';

type HostLog = { seq: number; ring: AssignmentDelta[] };

/**
 * The last deltas of each host in order, so that an agent which comes back gets what it missed rather than everything
 * (DESIGN.md, decision 13). In memory: a new epoch begins with each start of the manager.
 */
export class DeltaLog {
  private readonly hosts = new Map<string, HostLog>();

  /**
   * @param epoch differs in every life of the manager
   * @param capacity how many deltas are kept for each host
   */
  constructor(
    private readonly epoch: string = newShortId(),
    private readonly capacity: number = 1024,
  ) {}

  /** Adds deltas in order; each counts one. Returns the place after them. */
  append(hostId: string, deltas: readonly AssignmentDelta[]): ResumePoint {
    const log = this.hosts.get(hostId) ?? { seq: 0, ring: [] };
    this.hosts.set(hostId, log);
    log.ring.push(...deltas);
    log.seq += deltas.length;
    // Cut in steps, not on every delta: moving the whole array each time would cost capacity × deltas.
    if (log.ring.length > this.capacity * 2) log.ring.splice(0, log.ring.length - this.capacity);
    return { epoch: this.epoch, seq: log.seq };
  }

  /** The place after the newest delta. */
  head(hostId: string): ResumePoint {
    return { epoch: this.epoch, seq: this.hosts.get(hostId)?.seq ?? 0 };
  }

  /**
   * What came after `point`, oldest first; undefined where a snapshot is needed instead: another epoch, a point too far
   * back or in the future, or more deltas than the snapshot would have entries.
   * @param snapshotLength entries of the snapshot, where known
   */
  since(
    hostId: string,
    point: ResumePoint,
    snapshotLength = Number.POSITIVE_INFINITY,
  ): readonly AssignmentDelta[] | undefined {
    if (point.epoch !== this.epoch) return undefined;
    const log = this.hosts.get(hostId) ?? { seq: 0, ring: [] };
    const missed = log.seq - point.seq;
    if (
      missed < 0 ||
      missed > Math.min(log.ring.length, this.capacity) ||
      missed > Math.max(snapshotLength, 1)
    ) {
      return undefined;
    }
    return missed === 0 ? [] : log.ring.slice(-missed);
  }

  /** The host has left the cluster. */
  forget(hostId: string): void {
    this.hosts.delete(hostId);
  }
}
