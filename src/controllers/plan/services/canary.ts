import { planShift } from './plan-shift.ts';
import type { Rollout, RolloutPlan } from './rollout.ts';

/** Of the new version there are as many as its share of the requests takes, one at least. */
export function planCanary(rollout: Rollout): RolloutPlan {
  const { wanted } = rollout;
  return planShift(rollout, (weight) => Math.min(wanted, Math.max(1, Math.ceil((wanted * weight) / 100))));
}
