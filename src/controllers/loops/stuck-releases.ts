/** A release that cannot go on for so long stops, milliseconds: whoever waits for it hears so. */
export const STUCK_MS = 600_000;

/** How far a release is, as far as that says whether it goes on. */
export type Progress = Readonly<{ release: number; ready: number }>;

type Stuck = Progress & Readonly<{ since: number; reason: string }>;

/** Since when releases find no host or no image for their next container. A manager that starts begins anew. */
export class StuckReleases {
  private readonly known = new Map<string, Stuck>();

  /**
   * @param service STACK/NAME
   * @param reason why it cannot go on, in one line; undefined: it can
   * @returns when it will have been stuck for long enough; undefined where it is not
   */
  note(service: string, progress: Progress, reason: string | undefined, now: number): number | undefined {
    const before = this.known.get(service);
    this.known.delete(service);
    if (reason === undefined) return undefined;
    const same = before?.release === progress.release && before.ready === progress.ready;
    const since = same ? before.since : now;
    this.known.set(service, { ...progress, since, reason });
    return since + STUCK_MS;
  }

  /** Why that release has not gone on for too long; undefined where it has, or not for so long. */
  lateReason(service: string, release: number, now: number): string | undefined {
    const stuck = this.known.get(service);
    return stuck?.release === release && now - stuck.since >= STUCK_MS ? stuck.reason : undefined;
  }
}
