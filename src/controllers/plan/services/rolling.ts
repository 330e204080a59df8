import type { Member } from './member.ts';
import {
  creations,
  hasProved,
  newIndexes,
  type Rollout,
  type RolloutPlan,
  type RolloutStep,
  sidesOf,
  surplusOf,
  withProofs,
} from './rollout.ts';

const byIndex = (a: Member, b: Member) => a.index - b.index;

/** Some at a time, each batch once the one before it has proved itself. */
export function planRolling(rollout: Rollout): RolloutPlan {
  const { policy, wanted, release, now } = rollout;
  const { olds, news, unsettled } = sidesOf(rollout);
  const parallel = Math.max(1, policy.parallelism === 0 ? wanted : policy.parallelism);
  const waitsUntil = nextBatchAt(rollout);
  const open = olds.length > 0 && waitsUntil <= now;
  const wait = olds.length > 0 && !open ? [waitsUntil] : [];
  // The worst first: to replace what does no work costs nothing.
  const leavers = [...olds].sort(
    (a, b) => Number(a.state === 'ready') - Number(b.state === 'ready') || byIndex(a, b),
  );
  const settled = news.length - unsettled.length;
  const retire = (count: number): RolloutStep[] =>
    leavers.slice(0, Math.max(0, count)).map(({ id }) => ({
      step: 'retire',
      id,
      why: settled + olds.length > wanted ? 'surplus' : 'replaced',
    }));
  // Beside nothing there is nothing to spare: what is missing is made at once.
  if (policy.order === 'start-first' && olds.length > 0) {
    const room = Math.min(
      parallel - unsettled.length,
      // Those that leave still have their memory and ports.
      wanted + parallel - rollout.members.length,
      wanted - news.length,
    );
    const made = open ? newIndexes(rollout, Math.max(0, room)) : [];
    return withProofs(
      rollout,
      [
        ...retire(settled + olds.length - wanted),
        ...surplusOf(rollout),
        ...made.map((index): RolloutStep => ({ step: 'create', index, release })),
      ],
      wait,
    );
  }
  // Neither an old one nor a proven new one: missing, leaving, starting.
  const inFlight = Math.max(0, wanted - settled - olds.length);
  const tooMany = Math.max(0, olds.length + news.length - wanted);
  const count = Math.max(tooMany, open ? parallel - inFlight : 0);
  return withProofs(rollout, [...retire(count), ...surplusOf(rollout), ...creations(rollout, release)], wait);
}

/** The delay counts from when the last new one had proved itself. */
function nextBatchAt(rollout: Rollout): number {
  const { policy } = rollout;
  const { news, unsettled } = sidesOf(rollout);
  const proven = news.filter((one) => !unsettled.includes(one) && hasProved(one, rollout));
  if (proven.length === 0) return 0;
  return Math.max(...proven.map(({ since }) => since)) + policy.monitorMs + policy.delayMs;
}
