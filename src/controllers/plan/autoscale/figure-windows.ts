import { CONTAINER_METRICS, type ContainerMetric } from '../../../model/scaling.ts';

/** What a container did over `ms` up to `at`, by a clock that is never set. */
export type FigureSample = Readonly<{ at: number; ms: number }> &
  Readonly<Partial<Record<ContainerMetric, number>>>;

export type Averages = Readonly<Partial<Record<ContainerMetric, number>>>;

/** Samples that are kept of a container, whatever is asked for: an hour of one each five seconds, and some. */
const MOST_SAMPLES = 800;
/** A newest sample that is older than this many of its own lengths says that the host has fallen silent. */
const STALE_SAMPLES = 3;
/** Averages over less than this share of the time that is asked for are none. */
const LEAST_COVERED = 0.5;

/** The newest figures of containers, in memory and bounded: a manager that starts has none. */
export class FigureWindows {
  private readonly windows = new Map<string, FigureSample[]>();

  /** @param keepMs samples older than this go */
  add(id: string, sample: FigureSample, keepMs: number): void {
    const known = this.windows.get(id) ?? [];
    const from = known.findIndex(({ at }) => at > sample.at - keepMs);
    const kept = from < 0 ? [] : known.slice(Math.max(from, known.length - MOST_SAMPLES + 1));
    kept.push(sample);
    this.windows.set(id, kept);
  }

  forget(id: string): void {
    this.windows.delete(id);
  }

  get size(): number {
    return this.windows.size;
  }

  /**
   * Averages over the last `periodMs`, of what lies after `since`; undefined where too little of it is known, or the host
   * has said nothing for too long.
   */
  averages(id: string, now: number, periodMs: number, since: number): Averages | undefined {
    const from = Math.max(now - periodMs, since);
    const samples = (this.windows.get(id) ?? []).filter(
      ({ at, ms }) => at <= now && at - ms >= from - ms / 2,
    );
    const newest = samples.at(-1);
    if (newest === undefined || now - newest.at > STALE_SAMPLES * newest.ms) return undefined;
    const covered = samples.reduce((sum, { ms }) => sum + ms, 0);
    if (covered < periodMs * LEAST_COVERED) return undefined;
    return Object.fromEntries(
      CONTAINER_METRICS.flatMap((metric) => {
        const known = samples.filter((sample) => sample[metric] !== undefined);
        const ms = known.reduce((sum, sample) => sum + sample.ms, 0);
        // Where only some samples have it the others are as much a gap as if they were missing.
        if (ms < periodMs * LEAST_COVERED) return [];
        return [[metric, known.reduce((sum, sample) => sum + (sample[metric] ?? 0) * sample.ms, 0) / ms]];
      }),
    );
  }
}
