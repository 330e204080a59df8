import { planShift } from './plan-shift.ts';
import type { Rollout, RolloutPlan } from './rollout.ts';

/** The new version is there in full beside the old one before it gets the first request. */
export function planBlueGreen(rollout: Rollout): RolloutPlan {
  return planShift(rollout, () => rollout.wanted);
}
