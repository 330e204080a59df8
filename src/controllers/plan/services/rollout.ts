import type { ReleaseState, Shift } from '../../../model/deployment.ts';
import type { UpdatePolicy } from '../../../model/service.ts';
import type { AccessSummary } from '../../../model/traffic.ts';
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
  /** Its containers would be as those of the release that is wanted: a way back to it. */
  sameBefore?: boolean;
  /** False where the release is a way back itself: it does not go back once more. */
  mayRollBack: boolean;
  /** Indexes whose new container has failed already. */
  failed: readonly number[];
  /** Those that are as the release before wants them have its number, whatever they were made for. */
  members: readonly Member[];
  /** How requests are shared, where the two versions serve at once. */
  shift?: Shift;
  /** What has come of it since then; undefined where it is not known yet. */
  figures?: ShiftFigures;
  /** Of a service that is on each host: hosts that have none of its containers. */
  uncovered?: readonly string[];
  /** IDs of members that are on a host which is to be empty; they count no more. */
  misplaced?: readonly string[];
}>;

/** What routers have counted of both versions since the shares are as they are. */
export type ShiftFigures = Readonly<{ fresh: VersionFigures; old: VersionFigures }>;
export type VersionFigures = Pick<AccessSummary, 'requests' | 'errorRate' | 'p95'>;

/** What is to be done; each is safe to repeat, as what was done shows in the next picture. */
export type RolloutStep =
  | Readonly<{ step: 'create'; index: number; release: number; hostId?: string }>
  /** Stops the container, then removes it. `replaced`: only where its successor would find a host. */
  | Readonly<{ step: 'retire'; id: string; why: 'replaced' | 'surplus' | 'refused' }>
  | Readonly<{ step: 'note-failed'; indexes: readonly number[] }>
  /** From now on so many per cent of the requests are for the new version. */
  | Readonly<{ step: 'shift'; weight: number; at: number }>
  | Readonly<{ step: 'enter'; state: ReleaseState; reason: string }>
  | Readonly<{ step: 'roll-back'; reason: string }>;

export type RolloutPlan = Readonly<{
  steps: readonly RolloutStep[];
  /** When to look again though nothing changes; undefined where there is no need. */
  nextAt: number | undefined;
}>;

/** A container that an engine refused is made anew after this, milliseconds. */
export const REFUSED_MS = 10_000;

/** What an engine would not have goes after a while, so that it is made anew. */
export function planRefused(members: readonly Member[], now: number): RolloutPlan {
  const refused = members.filter((one) => one.refused && !one.leaving);
  const isDue = ({ since }: Member) => now - since >= REFUSED_MS;
  return {
    steps: refused.filter(isDue).map(({ id }) => ({ step: 'retire', id, why: 'refused' })),
    nextAt: earliest(refused.flatMap((one) => (isDue(one) ? [] : { nextAt: one.since + REFUSED_MS }))),
  };
}

export type Sides = Readonly<{
  /** Of the releases before, and not leaving. */
  olds: readonly Member[];
  news: readonly Member[];
  /** New ones that have not proved themselves yet. */
  unsettled: readonly Member[];
}>;

export function sidesOf({ members, release, failed, policy, now }: Rollout): Sides {
  const live = members.filter(({ leaving }) => !leaving);
  const news = live.filter((one) => one.release === release);
  return {
    olds: live.filter((one) => one.release !== release),
    news,
    unsettled: news.filter((one) => !failed.includes(one.index) && !hasProved(one, { policy, now })),
  };
}

/** It has been ready for long enough, or has done what there was to do. */
export function hasProved(
  { state, since }: Pick<Member, 'state' | 'since'>,
  { policy, now }: Pick<Rollout, 'policy' | 'now'>,
): boolean {
  return state === 'ended' || (state === 'ready' && now - since >= policy.monitorMs);
}

/** New ones beyond the number that is wanted: it was made smaller meanwhile. */
export function surplusOf(rollout: Rollout): RolloutStep[] {
  const { news } = sidesOf(rollout);
  return [...news]
    .sort((a, b) => b.index - a.index)
    .slice(0, Math.max(0, news.length - rollout.wanted))
    .map(({ id }) => ({ step: 'retire', id, why: 'surplus' }));
}

/** The plan, with the times at which new containers will have proved themselves. */
export function withProofs(
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
export function creations(
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

export function newIndexes(
  { members }: Readonly<{ members: readonly Pick<Member, 'index'>[] }>,
  count: number,
): number[] {
  const taken = new Set(members.map(({ index }) => index));
  const free: number[] = [];
  for (let index = 1; free.length < count; index++) if (!taken.has(index)) free.push(index);
  return free;
}

export function earliest(times: readonly Pick<RolloutPlan, 'nextAt'>[]): number | undefined {
  const known = times.flatMap(({ nextAt }) => nextAt ?? []);
  return known.length === 0 ? undefined : Math.min(...known);
}
