import type { Clock } from '../../kit/clock.ts';
import { messageOf } from '../../kit/errors.ts';
import type { Logger } from '../../kit/logger.ts';
import { say } from '../../model/said/index.ts';
import type { Settings } from '../../model/settings.ts';
import type { Witnesses } from './witnesses.ts';

/** After somebody has seen the host, or nobody could tell: its machine may be on its way out. */
const AGAIN_MS = 400;

export type SuspicionsDeps = Readonly<{
  witnesses: Pick<Witnesses, 'look' | 'known' | 'call'>;
  clock: Clock;
  logger: Logger;
  settings(): Pick<Settings, 'downAfterMs' | 'downConfirmedAfterMs' | 'failoverMaxShare'>;
  /** When the host was last heard of; undefined where it is no host any more. */
  lastHeardAt(hostId: string): number | undefined;
  /** Its machine is gone, as far as anybody can see. */
  onDead(hostId: string, reason: string): void;
}>;

/**
 * From a late heartbeat to the word that a host is dead, seconds before its silence alone would say so. Whatever is heard
 * of the host meanwhile ends the suspicion; whoever reaches its machine vetoes, since what runs on it may run on.
 */
export class Suspicions {
  private readonly suspects = new Set<string>();
  /** Host to the silence for which there was nobody to ask. */
  private readonly vain = new Map<string, number>();
  private closed = false;

  constructor(private readonly deps: SuspicionsDeps) {}

  /** The host is late, or its connection broke. Does nothing where it is being looked for already. */
  suspect(hostId: string): void {
    const { lastHeardAt, witnesses, logger } = this.deps;
    const heardAt = lastHeardAt(hostId);
    if (this.closed || heardAt === undefined || this.suspects.has(hostId)) return;
    if (this.vain.get(hostId) === heardAt) return;
    if (!witnesses.known(hostId)) {
      this.vain.set(hostId, heardAt);
      return;
    }
    this.vain.delete(hostId);
    this.suspects.add(hostId);
    this.follow(hostId, heardAt)
      .catch((thrown) => logger.warn({ host: hostId, error: messageOf(thrown) }, 'host not looked for'))
      .finally(() => this.suspects.delete(hostId));
  }

  forget(hostId: string): void {
    this.vain.delete(hostId);
  }

  close(): void {
    this.closed = true;
  }

  private async follow(hostId: string, heardAt: number): Promise<void> {
    const { clock, witnesses, settings, lastHeardAt, onDead } = this.deps;
    for (;;) {
      const limits = settings();
      if (limits.downConfirmedAfterMs >= limits.downAfterMs) return;
      const calledAt = clock.now();
      const called = witnesses.call(hostId);
      const sighting = await witnesses.look(hostId);
      const silent = clock.now() - heardAt;
      if (this.closed || lastHeardAt(hostId) !== heardAt || silent >= limits.downAfterMs) return;
      if (sighting === 'unknown' && !witnesses.known(hostId)) return;
      const early = limits.downConfirmedAfterMs - silent;
      if (sighting === 'unseen' && early > 0) {
        await clock.sleep(Math.min(early, AGAIN_MS));
        // What was just seen is as good as new a moment later.
        if (early > AGAIN_MS) continue;
        if (this.closed || lastHeardAt(hostId) !== heardAt) return;
      }
      const mute = called.filter((id) => (lastHeardAt(id) ?? calledAt) < calledAt).length + 1;
      // So many are no single host's death: silence has its time, and fail-over its own limit for this.
      const tooMany = mute > 1 && mute > limits.failoverMaxShare * (called.length + 1);
      if (sighting !== 'unseen' || tooMany) {
        await clock.sleep(AGAIN_MS);
        continue;
      }
      const seconds = ((clock.now() - heardAt) / 1000).toFixed(1);
      onDead(hostId, say('hosts.state.dead', { seconds }));
      return;
    }
  }
}
