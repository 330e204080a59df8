import type { Analysis } from '../../../model/service.ts';
import type { ShiftFigures } from './rollout.ts';

/** `unknown`: on too little, or nothing, which `reason` says in words. */
export type Verdict = Readonly<{ kind: 'good' } | { kind: 'bad' | 'unknown'; reason: string }>;

/** Times that differ by less are the same, milliseconds: they are known between the bounds of their buckets. */
const SAME_MS = 10;

/** Whether the new version answers as well as the old one. Without enough requests to the old one errors alone count. */
export function verdictOf(
  { minRequests, maxErrorRate, maxSlowdown }: Analysis,
  figures: ShiftFigures | undefined,
): Verdict {
  if (figures === undefined) return { kind: 'unknown', reason: 'no router has told of its requests yet' };
  const { fresh, old } = figures;
  if (fresh.requests < minRequests)
    return {
      kind: 'unknown',
      reason: `${Math.round(fresh.requests)} requests are too few to judge it by, it takes ${minRequests}`,
    };
  const isKnown = old.requests >= minRequests;
  const before = isKnown ? old.errorRate : 0;
  if (fresh.errorRate > before + maxErrorRate)
    return {
      kind: 'bad',
      reason: `${percent(fresh.errorRate)} of its ${Math.round(fresh.requests)} requests ended in errors, ${
        isKnown ? `${percent(before)} of those before it` : `over ${percent(maxErrorRate)}`
      }`,
    };
  if (!isKnown || fresh.p95 === undefined || old.p95 === undefined) return { kind: 'good' };
  if (fresh.p95 > old.p95 * maxSlowdown && fresh.p95 - old.p95 > SAME_MS)
    return {
      kind: 'bad',
      reason: `its 95th percentile is ${Math.round(fresh.p95)} ms, that of those before it ${Math.round(old.p95)} ms`,
    };
  return { kind: 'good' };
}

function percent(share: number): string {
  return `${Math.round(share * 1000) / 10} %`;
}
