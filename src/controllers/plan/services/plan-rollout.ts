import { say } from '../../../model/said/index.ts';
import type { UpdatePolicy } from '../../../model/service.ts';
import { planBlueGreen } from './blue-green.ts';
import { planCanary } from './canary.ts';
import type { Member } from './member.ts';
import { planRecreate } from './recreate.ts';
import { planRolling } from './rolling.ts';
import {
  creations,
  earliest,
  planRefused,
  type Rollout,
  type RolloutPlan,
  type RolloutStep,
  sidesOf,
} from './rollout.ts';

/** How each kind of release goes on; with `bothServe` two versions do at once, also while a user thinks about it. */
const PLANNERS: Readonly<
  Record<UpdatePolicy['kind'], Readonly<{ bothServe: boolean; plan(rollout: Rollout): RolloutPlan }>>
> = {
  recreate: { bothServe: false, plan: planRecreate },
  rolling: { bothServe: false, plan: planRolling },
  'blue-green': { bothServe: true, plan: planBlueGreen },
  canary: { bothServe: true, plan: planCanary },
};

/**
 * From how a service is to how it is to be: containers of the wanted release in place of those before it, never more out of
 * service at a time than the policy allows, and none once something has gone wrong.
 */
export function planRollout(rollout: Rollout): RolloutPlan {
  const { misplaced = [] } = rollout;
  if (misplaced.length > 0) return planWithout(rollout, misplaced);
  const { bothServe, plan: onwardOf } = PLANNERS[rollout.policy.kind];
  const shifting = bothServe && rollout.shift !== undefined && rollout.fallback !== undefined;
  if (!(shifting && rollout.state !== 'done') && rollout.state !== 'releasing') return planSteady(rollout);
  const failure = mayFail(rollout) ? planFailure(rollout) : undefined;
  if (failure !== undefined) return failure;
  if (shifting) return onwardOf(rollout);
  const { olds, news, unsettled } = sidesOf(rollout);
  const over = rollout.fallback === undefined ? news.find(({ final }) => final) : undefined;
  if (over !== undefined) return ended(over);
  // A first release has nothing beside which it could serve.
  const onward = bothServe ? planRolling(rollout) : onwardOf(rollout);
  // Where there is something to go back to a refusal has ended it already.
  const again = planRefused(rollout.members, rollout.now);
  const plan = { steps: [...onward.steps, ...again.steps], nextAt: earliest([onward, again]) };
  if (plan.steps.length > 0 || olds.length > 0 || unsettled.length > 0) return plan;
  const { members, wanted, uncovered = [] } = rollout;
  const complete = members.filter(({ leaving }) => !leaving).length === wanted && uncovered.length === 0;
  return complete ? { steps: [{ step: 'enter', state: 'done', reason: '' }], nextAt: undefined } : plan;
}

function reasonOf({ index, said }: Member): string {
  return say('services.container', { index, said });
}

/** Nobody starts it again: to wait for it would never end. */
function ended({ index, said }: Member): RolloutPlan {
  const reason = say('services.container.final', { index, said });
  return { steps: [{ step: 'enter', state: 'failed', reason }], nextAt: undefined };
}

/** Those on hosts that are to be empty go at once, whatever else is under way. */
function planWithout({ misplaced: _, ...rollout }: Rollout, ids: readonly string[]): RolloutPlan {
  const gone = (one: Member) => ids.includes(one.id);
  const members = rollout.members.map((one) => (gone(one) ? { ...one, leaving: true } : one));
  const onward = planRollout({ ...rollout, members });
  const leave = rollout.members.filter((one) => gone(one) && !one.leaving);
  return {
    steps: [...leave.map(({ id }): RolloutStep => ({ step: 'retire', id, why: 'surplus' })), ...onward.steps],
    nextAt: onward.nextAt,
  };
}

/** A job: so many runs to their end, once a release, after those of the release before it are gone. */
export function planJob({ members, wanted, release, state }: Rollout): RolloutPlan {
  const olds = members.filter((one) => one.release !== release);
  const steps: RolloutStep[] = olds
    .filter(({ leaving }) => !leaving)
    .map(({ id }) => ({ step: 'retire', id, why: 'replaced' }));
  if (state !== 'releasing' || olds.length > 0) return { steps, nextAt: undefined };
  const failed = members.find((one) => one.state === 'failed');
  if (failed !== undefined)
    return {
      steps: [{ step: 'enter', state: 'failed', reason: reasonOf(failed) }],
      nextAt: undefined,
    };
  if (members.filter((one) => one.state === 'ended').length >= wanted)
    return { steps: [{ step: 'enter', state: 'done', reason: '' }], nextAt: undefined };
  return { steps: creations({ members, wanted, uncovered: undefined }, release), nextAt: undefined };
}

/** Nothing is on its way: what is missing is made, what is too much goes. */
function planSteady(rollout: Rollout): RolloutPlan {
  const { members, wanted, release, state, fallback, now } = rollout;
  // A release that was stopped may be a bad one: what is missing is made as before it.
  const made = state === 'paused' && fallback !== undefined ? fallback : release;
  const useless = uselessOf(rollout);
  const live = members.filter((one) => !one.leaving && !useless.includes(one));
  const surplus = [...live]
    .sort((a, b) => Number(a.state === 'ready') - Number(b.state === 'ready') || b.index - a.index)
    .slice(0, Math.max(0, live.length - wanted));
  const again = planRefused(
    live.filter((one) => !surplus.includes(one)),
    now,
  );
  return {
    steps: [
      ...[...useless, ...surplus].map(({ id }): RolloutStep => ({ step: 'retire', id, why: 'surplus' })),
      ...again.steps,
      ...creations(rollout, made),
    ],
    nextAt: again.nextAt,
  };
}

/** New ones that have failed, where a release was stopped and nothing serves: the old version is to be made in their place. */
function uselessOf({ members, release, state, fallback, sameBefore }: Rollout): readonly Member[] {
  if (state !== 'paused' || fallback === undefined || sameBefore === true) return [];
  const live = members.filter(({ leaving }) => !leaving);
  if (live.some((one) => one.state === 'ready')) return [];
  return live.filter((one) => one.release === release && one.state === 'failed');
}

/** Notes new containers that have failed; where they are too many, the policy's answer. */
function planFailure(rollout: Rollout): RolloutPlan | undefined {
  const { failed, fallback, wanted, policy, mayRollBack } = rollout;
  // A first release has nothing behind it: its containers are started again until they are well.
  if (fallback === undefined) return undefined;
  const fresh = sidesOf(rollout).news.filter(
    ({ state, index }) => state === 'failed' && !failed.includes(index),
  );
  const [first] = fresh;
  if (first === undefined) return undefined;
  const indexes = fresh.map(({ index }) => index);
  const note: RolloutStep = { step: 'note-failed', indexes };
  const share = (failed.length + indexes.length) / Math.max(1, wanted);
  if (share <= policy.maxFailureRatio || policy.onFailure === 'continue')
    return { steps: [note], nextAt: rollout.now };
  const reason = reasonOf(first);
  const shares = PLANNERS[policy.kind].bothServe && rollout.shift !== undefined;
  const harmless: RolloutStep[] = shares ? [{ step: 'shift', weight: 0, at: -1 }] : [];
  const answer: RolloutStep =
    policy.onFailure === 'rollback' && mayRollBack
      ? { step: 'roll-back', reason }
      : { step: 'enter', state: 'paused', reason };
  const before = answer.step === 'enter' ? harmless : [];
  return { steps: [note, ...before, answer], nextAt: undefined };
}

/** Before all requests go to the new version there is something to go back to. */
function mayFail({ state, shift }: Rollout): boolean {
  return state === 'releasing' || (state === 'confirmed' && (shift?.weight ?? 0) < 100);
}
