import type { ReleaseState } from '../../../model/deployment.ts';
import type { UpdatePolicy } from '../../../model/service.ts';
import type { Member } from './member.ts';

/** A service and its release, as one look sees them. */
export type Rollout = Readonly<{
  /** Milliseconds since the epoch. */
  now: number;
  /** Containers that there are to be. */
  wanted: number;
  /** Number of the release that is wanted. */
  release: number;
  state: ReleaseState;
  policy: UpdatePolicy;
  /** The release to go back to; undefined for a first one, which has nothing to lose. */
  fallback: number | undefined;
  /** False where the release is a way back itself: it does not go back once more. */
  mayRollBack: boolean;
  /** Indexes whose new container has failed already. */
  failed: readonly number[];
  members: readonly Member[];
  /** Of a service that is on each host: hosts that have none of its containers. */
  uncovered?: readonly string[];
}>;

/** What is to be done; each is safe to repeat, as what was done shows in the next picture. */
export type RolloutStep =
  | Readonly<{ step: 'create'; index: number; release: number; hostId?: string }>
  /** Stops the container, then removes it. `replaced`: only where its successor would find a host. */
  | Readonly<{ step: 'retire'; id: string; why: 'replaced' | 'surplus' | 'refused' }>
  | Readonly<{ step: 'note-failed'; indexes: readonly number[] }>
  | Readonly<{ step: 'enter'; state: ReleaseState; reason: string }>
  | Readonly<{ step: 'roll-back'; reason: string }>;

export type RolloutPlan = Readonly<{
  steps: readonly RolloutStep[];
  /** When to look again though nothing changes; undefined where there is no need. */
  nextAt: number | undefined;
}>;

/** A container that an engine refused is made anew after this, milliseconds. */
export const REFUSED_MS = 10_000;

const byIndex = (a: Member, b: Member) => a.index - b.index;

/**
 * From how a service is to how it is to be: containers of the wanted release in place of those before it, never more out of
 * service at a time than the policy allows, and none once something has gone wrong.
 */
export function planRollout(rollout: Rollout): RolloutPlan {
  if (rollout.state !== 'releasing') return planSteady(rollout);
  const failure = planFailure(rollout);
  if (failure !== undefined) return failure;
  const { olds, unsettled } = sidesOf(rollout);
  const onward = rollout.policy.kind === 'recreate' ? planRecreate(rollout) : planRolling(rollout);
  // Where there is something to go back to a refusal has ended it already.
  const again = planRefused(rollout.members, rollout.now);
  const plan = { steps: [...onward.steps, ...again.steps], nextAt: earliest([onward, again]) };
  if (plan.steps.length > 0 || olds.length > 0 || unsettled.length > 0) return plan;
  const { members, wanted, uncovered = [] } = rollout;
  const complete = members.filter(({ leaving }) => !leaving).length === wanted && uncovered.length === 0;
  return complete ? { steps: [{ step: 'enter', state: 'done', reason: '' }], nextAt: undefined } : plan;
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
      steps: [{ step: 'enter', state: 'failed', reason: `container ${failed.index} ${failed.said}` }],
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
  const live = members.filter(({ leaving }) => !leaving);
  const surplus = [...live]
    .sort((a, b) => Number(a.state === 'ready') - Number(b.state === 'ready') || b.index - a.index)
    .slice(0, Math.max(0, live.length - wanted));
  const again = planRefused(
    live.filter((one) => !surplus.includes(one)),
    now,
  );
  return {
    steps: [
      ...surplus.map(({ id }): RolloutStep => ({ step: 'retire', id, why: 'surplus' })),
      ...again.steps,
      ...creations(rollout, made),
    ],
    nextAt: again.nextAt,
  };
}

/** What an engine would not have goes after a while, so that it is made anew. */
function planRefused(members: readonly Member[], now: number): RolloutPlan {
  const refused = members.filter((one) => one.refused && !one.leaving);
  const isDue = ({ since }: Member) => now - since >= REFUSED_MS;
  return {
    steps: refused.filter(isDue).map(({ id }) => ({ step: 'retire', id, why: 'refused' })),
    nextAt: earliest(refused.flatMap((one) => (isDue(one) ? [] : { nextAt: one.since + REFUSED_MS }))),
  };
}

type Sides = Readonly<{
  /** Of the releases before, and not leaving. */
  olds: readonly Member[];
  news: readonly Member[];
  /** New ones that have not proved themselves yet. */
  unsettled: readonly Member[];
}>;

function sidesOf({ members, release, failed, policy, now }: Rollout): Sides {
  const live = members.filter(({ leaving }) => !leaving);
  const news = live.filter((one) => one.release === release);
  return {
    olds: live.filter((one) => one.release !== release),
    news,
    unsettled: news.filter(
      ({ index, state, since }) =>
        !failed.includes(index) && !(state === 'ready' && now - since >= policy.monitorMs),
    ),
  };
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
  const reason = `container ${first.index} ${first.said}`;
  const answer: RolloutStep =
    policy.onFailure === 'rollback' && mayRollBack
      ? { step: 'roll-back', reason }
      : { step: 'enter', state: 'paused', reason };
  return { steps: [note, answer], nextAt: undefined };
}

/** All old ones go before the first new one comes: two versions are never there at once. */
function planRecreate(rollout: Rollout): RolloutPlan {
  const { members, release } = rollout;
  const olds = members.filter((one) => one.release !== release);
  if (olds.length === 0) return withProofs(rollout, [...surplusOf(rollout), ...creations(rollout, release)]);
  const steps = olds
    .filter(({ leaving }) => !leaving)
    .map(({ id }): RolloutStep => ({ step: 'retire', id, why: 'replaced' }));
  return { steps, nextAt: undefined };
}

function planRolling(rollout: Rollout): RolloutPlan {
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
  if (policy.order === 'start-first') {
    const room = Math.min(
      parallel - unsettled.length,
      // Those that leave still have their memory and ports.
      wanted + parallel - rollout.members.length,
      wanted - news.length,
    );
    const made = open || olds.length === 0 ? newIndexes(rollout, Math.max(0, room)) : [];
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

/** New ones beyond the number that is wanted: it was made smaller meanwhile. */
function surplusOf(rollout: Rollout): RolloutStep[] {
  const { news } = sidesOf(rollout);
  return [...news]
    .sort((a, b) => b.index - a.index)
    .slice(0, Math.max(0, news.length - rollout.wanted))
    .map(({ id }) => ({ step: 'retire', id, why: 'surplus' }));
}

/** The delay counts from when the last new one had proved itself. */
function nextBatchAt(rollout: Rollout): number {
  const { policy } = rollout;
  const { news, unsettled } = sidesOf(rollout);
  const proven = news.filter((one) => !unsettled.includes(one) && one.state === 'ready');
  if (proven.length === 0) return 0;
  return Math.max(...proven.map(({ since }) => since)) + policy.monitorMs + policy.delayMs;
}

/** The plan, with the times at which new containers will have proved themselves. */
function withProofs(
  rollout: Rollout,
  steps: readonly RolloutStep[],
  times: readonly number[] = [],
): RolloutPlan {
  const { unsettled } = sidesOf(rollout);
  const proofs = unsettled
    .filter(({ state }) => state === 'ready')
    .map(({ since }) => since + rollout.policy.monitorMs);
  return { steps, nextAt: earliest([...times, ...proofs].map((nextAt) => ({ nextAt }))) };
}

/** What is missing, under the lowest free indexes; those that leave have theirs until they are gone. */
function creations(
  { members, wanted, uncovered }: Pick<Rollout, 'members' | 'wanted' | 'uncovered'>,
  release: number,
): RolloutStep[] {
  const hosts = uncovered ?? [];
  const count = uncovered === undefined ? wanted - members.length : hosts.length;
  return newIndexes({ members }, Math.max(0, count)).map((index, i) => {
    const hostId = hosts[i];
    return { step: 'create', index, release, ...(hostId === undefined ? {} : { hostId }) };
  });
}

function newIndexes({ members }: Pick<Rollout, 'members'>, count: number): number[] {
  const taken = new Set(members.map(({ index }) => index));
  const free: number[] = [];
  for (let index = 1; free.length < count; index++) if (!taken.has(index)) free.push(index);
  return free;
}

function earliest(times: readonly Pick<RolloutPlan, 'nextAt'>[]): number | undefined {
  const known = times.flatMap(({ nextAt }) => nextAt ?? []);
  return known.length === 0 ? undefined : Math.min(...known);
}
