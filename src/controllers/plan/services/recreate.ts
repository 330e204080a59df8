import {
  creations,
  type Rollout,
  type RolloutPlan,
  type RolloutStep,
  surplusOf,
  withProofs,
} from './rollout.ts';

/** All old ones go before the first new one comes: two versions are never there at once. */
export function planRecreate(rollout: Rollout): RolloutPlan {
  const { members, release } = rollout;
  const olds = members.filter((one) => one.release !== release);
  if (olds.length === 0) return withProofs(rollout, [...surplusOf(rollout), ...creations(rollout, release)]);
  const steps = olds
    .filter(({ leaving }) => !leaving)
    .map(({ id }): RolloutStep => ({ step: 'retire', id, why: 'replaced' }));
  return { steps, nextAt: undefined };
}
