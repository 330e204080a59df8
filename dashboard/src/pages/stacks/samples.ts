import type { Version } from './version-text.ts';

/** What routers said of the versions of a service at a moment. */
export type Sample = Readonly<{
  /** Milliseconds since the epoch. */
  at: number;
  versions: readonly Pick<Version, 'release' | 'traffic'>[];
}>;

/** Half an hour of them. */
const KEPT = 360;

/**
 * The same samples where that one is among them, or comes too soon: changes have figures read between two times, and points
 * of a chart are as far apart as each other.
 */
export function addSample(samples: readonly Sample[], sample: Sample, stepMs: number): readonly Sample[] {
  const last = samples.at(-1);
  if (last !== undefined && sample.at - last.at < stepMs * 0.9) return samples;
  return [...samples.slice(1 - KEPT), sample];
}

/** One figure of one version over time; null where it had no requests. */
export function valuesOf(
  samples: readonly Sample[],
  release: number,
  figure: 'errors' | 'p95',
): readonly (number | null)[] {
  return samples.map(({ versions }) => {
    const traffic = versions.find((one) => one.release === release)?.traffic;
    if (traffic === undefined || traffic.requests === 0) return null;
    return figure === 'p95' ? traffic.p95 : traffic.errorRate;
  });
}
