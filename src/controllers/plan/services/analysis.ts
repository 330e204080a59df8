import { say } from '../../../model/said/index.ts';
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
  if (figures === undefined) return { kind: 'unknown', reason: say('services.analysis.untold') };
  const { fresh, old } = figures;
  if (fresh.requests < minRequests)
    return {
      kind: 'unknown',
      reason: say('services.analysis.few', { requests: Math.round(fresh.requests), least: minRequests }),
    };
  const isKnown = old.requests >= minRequests;
  const before = isKnown ? old.errorRate : 0;
  if (fresh.errorRate > before + maxErrorRate) {
    const counts = { share: percent(fresh.errorRate), requests: Math.round(fresh.requests) };
    const reason = isKnown
      ? say('services.analysis.errors', { ...counts, before: percent(before) })
      : say('services.analysis.errors.over', { ...counts, limit: percent(maxErrorRate) });
    return { kind: 'bad', reason };
  }
  if (!isKnown || fresh.p95 === undefined || old.p95 === undefined) return { kind: 'good' };
  if (fresh.p95 > old.p95 * maxSlowdown && fresh.p95 - old.p95 > SAME_MS)
    return {
      kind: 'bad',
      reason: say('services.analysis.slow', { ms: Math.round(fresh.p95), before: Math.round(old.p95) }),
    };
  return { kind: 'good' };
}

function percent(share: number): number {
  return Math.round(share * 1000) / 10;
}
