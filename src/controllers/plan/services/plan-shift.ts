import { say } from '../../../model/said/index.ts';
import type { ShiftPolicy } from '../../../model/service.ts';
import { verdictOf } from './analysis.ts';
import type { Member } from './member.ts';
import {
  earliest,
  hasProved,
  newIndexes,
  planRefused,
  type Rollout,
  type RolloutPlan,
  type RolloutStep,
} from './rollout.ts';

/** Figures are looked at so often while they count, milliseconds. */
const ANALYSIS_MS = 1_000;

const BY_HAND: ShiftPolicy = { steps: [], confirm: 'by-hand' };

/** Both versions, as the planners of releases see them in which both serve. */
type Both = Readonly<{
  rollout: Rollout;
  policy: ShiftPolicy;
  weight: number;
  /** Of the release before; it is kept at its number until all requests go to the new one. */
  olds: readonly Member[];
  news: readonly Member[];
  /** Of releases that were given up: neither. */
  strays: readonly Member[];
  /** New ones that have been ready for long enough, or have failed where so many may. */
  proven: number;
}>;

/**
 * A new version beside the old one: its containers first, then its shares of the requests, step by step or by hand, and at
 * last, once it is confirmed, the old one goes. Until then the old one is there in full.
 * @param needed containers of the new version for that share of the requests, per cent
 */
export function planShift(rollout: Rollout, needed: (weight: number) => number): RolloutPlan {
  const both = bothOf(rollout);
  const { wanted, members, state } = rollout;
  if (wanted === 0) {
    const steps: RolloutStep[] = members
      .filter(({ leaving }) => !leaving)
      .map(({ id }) => ({ step: 'retire', id, why: 'surplus' }));
    // What was begun to be judged, or waits for it, is not confirmed by there being none of it for a while.
    if (state === 'waiting' || state === 'paused') return { steps, nextAt: undefined };
    const isUnjudged = state === 'releasing' && rollout.mayRollBack && both.news.length > 0;
    const entered: RolloutStep = isUnjudged
      ? { step: 'enter', state: 'waiting', reason: say('services.unjudged') }
      : { step: 'enter', state: 'done', reason: '' };
    return { steps: [...steps, entered], nextAt: undefined };
  }
  if (state === 'confirmed') return planConfirmed(both);
  if (state === 'releasing') return planReleasing(both, needed);
  // One that has stopped before it got requests may be a bad one: it is left as it is.
  const left = state === 'paused' && both.weight === 0;
  return keep(both, left ? both.news.length : needed(both.weight));
}

function bothOf(rollout: Rollout): Both {
  const { members, release, fallback, now, policy, shift, failed } = rollout;
  const live = members.filter(({ leaving }) => !leaving);
  const news = live.filter((one) => one.release === release);
  // Those that may fail are waited for no longer.
  const isProven = (one: Member) => failed.includes(one.index) || hasProved(one, { policy, now });
  return {
    ...{ rollout, policy: policy.shift ?? BY_HAND, weight: shift?.weight ?? 0, news },
    olds: live.filter((one) => one.release === fallback),
    strays: live.filter((one) => one.release !== release && one.release !== fallback),
    proven: news.filter(isProven).length,
  };
}

function planReleasing(both: Both, needed: (weight: number) => number): RolloutPlan {
  const { rollout, policy, weight, proven } = both;
  const { now, shift } = rollout;
  const at = shift?.step ?? -1;
  const current = policy.steps[at];
  const verdict =
    current === undefined || policy.analysis === undefined
      ? ({ kind: 'good' } as const)
      : verdictOf(policy.analysis, rollout.figures);
  if (verdict.kind === 'bad') return stopped(rollout, verdict.reason);
  const end = (shift?.since ?? 0) + (current?.holdMs ?? 0);
  const look = policy.analysis === undefined ? end : Math.min(Math.max(end, now + 1), now + ANALYSIS_MS);
  if (now < end) return keep(both, needed(weight), look);
  if (verdict.kind === 'unknown') {
    const late = end + (policy.analysis?.patienceMs ?? 0);
    if (now >= late)
      return {
        steps: [{ step: 'enter', state: 'paused', reason: verdict.reason }],
        nextAt: undefined,
      };
    return keep(both, needed(weight), Math.min(late, now + ANALYSIS_MS));
  }
  const next = policy.steps[at + 1];
  const count = needed(next?.weight ?? weight);
  if (proven < count) return keep(both, count);
  if (next !== undefined) {
    const steps: RolloutStep[] = [{ step: 'shift', weight: next.weight, at: at + 1 }];
    return { steps, nextAt: now + Math.min(ANALYSIS_MS, next.holdMs) };
  }
  const entered: RolloutStep =
    policy.confirm === 'by-hand'
      ? { step: 'enter', state: 'waiting', reason: say('services.confirm') }
      : { step: 'enter', state: 'confirmed', reason: '' };
  return { steps: [entered], nextAt: now };
}

/** All of the new version first, then all requests, then the old one goes. */
function planConfirmed(both: Both): RolloutPlan {
  const { rollout, weight, news, olds, strays, proven } = both;
  const { wanted, now } = rollout;
  if (weight < 100) {
    if (proven < wanted) return keep(both, wanted);
    return { steps: [{ step: 'shift', weight: 100, at: rollout.shift?.step ?? -1 }], nextAt: now };
  }
  const gone = [...olds, ...strays];
  const steps: RolloutStep[] = [
    ...gone.map(({ id }): RolloutStep => ({ step: 'retire', id, why: 'surplus' })),
    ...surplus(news, wanted),
    ...create(rollout, [{ release: rollout.release, count: wanted - news.length }]),
  ];
  if (steps.length > 0 || proven < wanted) return keepProofs(both, steps);
  return { steps: [{ step: 'enter', state: 'done', reason: '' }], nextAt: undefined };
}

/** The old version in full, so many of the new one, and nothing of those that were given up. */
function keep(both: Both, count: number, lookAt?: number): RolloutPlan {
  const { rollout, olds, news, strays } = both;
  const { wanted, fallback = 0, release, now } = rollout;
  const serving = olds.filter(({ state }) => state === 'ready' || state === 'ended').length;
  const again = planRefused([...olds, ...news], now);
  const steps: RolloutStep[] = [
    ...surplus(olds, wanted),
    ...surplus(news, Math.max(count, 0)),
    // What serves in place of the old version goes once that does.
    ...(serving >= wanted ? surplus(strays, 0) : []),
    ...again.steps,
    ...create(rollout, [
      { release: fallback, count: wanted - olds.length },
      { release, count: count - news.length },
    ]),
  ];
  const plan = keepProofs(both, steps);
  return { steps, nextAt: earliest([plan, again, { nextAt: lookAt }]) };
}

/** When new ones will have proved themselves. */
function keepProofs({ rollout, news }: Both, steps: readonly RolloutStep[]): RolloutPlan {
  const { now, policy } = rollout;
  const proofs = news
    .filter(({ state }) => state === 'ready')
    .map(({ since }) => since + policy.monitorMs)
    .filter((at) => at > now);
  return { steps, nextAt: earliest(proofs.map((nextAt) => ({ nextAt }))) };
}

/** The old version gets everything; back, where the policy says so. */
function stopped({ policy, mayRollBack }: Rollout, reason: string): RolloutPlan {
  if (policy.onFailure === 'rollback' && mayRollBack)
    return { steps: [{ step: 'roll-back', reason }], nextAt: undefined };
  return {
    steps: [
      { step: 'shift', weight: 0, at: -1 },
      { step: 'enter', state: 'paused', reason },
    ],
    nextAt: undefined,
  };
}

function surplus(members: readonly Member[], most: number): RolloutStep[] {
  return [...members]
    .sort((a, b) => Number(a.state === 'ready') - Number(b.state === 'ready') || b.index - a.index)
    .slice(0, Math.max(0, members.length - most))
    .map(({ id }) => ({ step: 'retire', id, why: 'surplus' }));
}

function create(
  { members }: Rollout,
  asked: readonly Readonly<{ release: number; count: number }>[],
): RolloutStep[] {
  const releases = asked.flatMap(({ release, count }) =>
    Array.from({ length: Math.max(0, count) }, () => release),
  );
  return newIndexes({ members }, releases.length).map((index, i) => ({
    ...{ step: 'create', index, release: releases[i] ?? 0 },
  }));
}
