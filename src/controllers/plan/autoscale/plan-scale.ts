import { say } from '../../../model/said/index.ts';
import { type Scaling, type ScalingMetric, type ScalingRule, timesOf } from '../../../model/scaling.ts';
import { isNowIn, leastAt, type Schedule, scheduleText } from '../../../model/schedule.ts';
import { metricName, type Opinion, opinionOf, type ScaledVersion } from './opinion.ts';

/** What was thought right at `at`, by a clock that is never set. */
type Thought = Readonly<{ at: number; count: number }>;

/** What the planner remembers of a service: all since its number was changed last, as long as it counts. */
export type ScaleMemory = Readonly<{ current: number; thoughts: readonly Thought[] }>;

export type ScaleState = Readonly<{
  /** By a clock that is never set, and by the one on the wall: milliseconds. */
  now: number;
  wall: number;
  scaling: Scaling;
  /** Containers that there are to be now. */
  current: number;
  /** A version of it is going out: it gets no fewer containers meanwhile. */
  releasing: boolean;
  /** One, or two that serve at once with a share of the requests each: an idle one does not hide what the other does. */
  versions: readonly ScaledVersion[];
  memory: ScaleMemory | undefined;
}>;

export type ScalePlan = Readonly<{
  /** Containers that there are to be from now on; `current` where nothing is to change. */
  wanted: number;
  /** Why, in one line. */
  why: string;
  /** How that came about, a sentence each. */
  sentences: readonly string[];
  /** What its rules look at, of the version that has most of it; without those of which nothing is known. */
  seen: Readonly<Partial<Record<ScalingMetric, number>>>;
  memory: ScaleMemory;
}>;

/** Looks further apart than this say nothing of what was between them. */
const MOST_GAP_MS = 30_000;

/**
 * How many containers a service is to have. Rules say what they want; the one that wants most counts. There are more once
 * all looks of `upAfterMs` wanted more, and fewer once all of `downAfterMs` wanted fewer: then as many as the most cautious
 * of them (Kubernetes calls it stabilisation). Limits count at once.
 */
export function planScale(state: ScaleState): ScalePlan {
  const { current, scaling, now } = state;
  const { floor, ceiling, said } = limitsOf(state);
  const fresh: ScaleMemory = { current, thoughts: [] };
  if (current === 0 && scaling.min > 0) {
    const why = say('scaling.why.rests');
    return { wanted: 0, why, sentences: [say('scaling.rests', { why })], seen: {}, memory: fresh };
  }
  const { right, reasons, seen } = thoughtOf(state, floor, ceiling);
  if (current < floor || current > ceiling) {
    const wanted = Math.min(ceiling, Math.max(floor, current));
    const why =
      current < floor ? say('scaling.why.few', { least: floor }) : say('scaling.why.many', { most: ceiling });
    return {
      ...{ wanted, why, seen, memory: { current: wanted, thoughts: [] } },
      sentences: [said, say('scaling.limited', { why, n: wanted })],
    };
  }
  const before = usable(state);
  const { upAfterMs, downAfterMs } = timesOf(scaling);
  const thoughts = forgotten([...before, { at: now, count: right }], now - Math.max(upAfterMs, downAfterMs));
  const memory = { current, thoughts };
  const settled = settle(thoughts, current, now, right > current ? upAfterMs : downAfterMs);
  const sentences = [said, ...reasons.map((reason) => say('scaling.says', { opinion: reason.said }))];
  const why = reasonOf(right, current, reasons);
  if (right === current)
    return {
      wanted: current,
      why: say('scaling.why.none'),
      sentences: [...sentences, say('scaling.stays')],
      seen,
      memory,
    };
  if (settled.kind === 'waits') {
    const wait = say('scaling.waits', { n: right, seconds: Math.max(1, Math.ceil(settled.ms / 1000)) });
    return { wanted: current, why, sentences: [...sentences, wait], seen, memory };
  }
  return {
    ...{ wanted: settled.count, why, seen },
    sentences: [...sentences, say('scaling.goes', { n: settled.count })],
    memory: { current: settled.count, thoughts: [] },
  };
}

/** `said`: how many there are, and within which limits. */
type Limits = Readonly<{ floor: number; ceiling: number; said: string }>;

function limitsOf({ current, scaling, wall }: ScaleState): Limits {
  const { min, max, schedules = [], rules } = scaling;
  const least = leastAt(scaling, wall);
  // Without a container nothing is to be seen that asks for one.
  const floor = Math.min(max, rules.length === 0 ? least : Math.max(1, least));
  const isSaid = (one: Schedule) => least > min && one.min === least && isNowIn(one, wall);
  const by = schedules.filter(isSaid).map(scheduleText);
  return { floor, ceiling: max, said: nowText(current, { floor, ceiling: max }, by.join('; ')) };
}

function nowText(n: number, limits: Readonly<{ floor: number; ceiling: number }>, schedules: string): string {
  if (schedules === '')
    return n === 1 ? say('scaling.now.one', limits) : say('scaling.now.many', { ...limits, n });
  return n === 1
    ? say('scaling.now.one.scheduled', { ...limits, schedules })
    : say('scaling.now.many.scheduled', { ...limits, schedules, n });
}

type Reason = Readonly<{ opinion: Opinion | undefined; said: string }>;

type Asked = readonly Readonly<{ rule: ScalingRule; opinion: Opinion }>[];

/** The number that is right by what is to be seen now, within the limits, and what that is. */
function thoughtOf(
  state: ScaleState,
  floor: number,
  ceiling: number,
): Readonly<{ right: number; reasons: readonly Reason[] }> & Pick<ScalePlan, 'seen'> {
  const { current, scaling, versions } = state;
  const { rules, step } = scaling;
  const asked = rules.flatMap((rule) =>
    versions.map((version) => ({ rule, opinion: opinionOf(rule, { current, version, step }) })),
  );
  const seen: Partial<Record<ScalingMetric, number>> = {};
  for (const { rule, opinion } of asked)
    if (opinion.value !== undefined) seen[rule.metric] = Math.max(opinion.value, seen[rule.metric] ?? 0);
  return { ...rightBy(asked, state, floor, ceiling), seen };
}

function rightBy(
  asked: Asked,
  { current, scaling, releasing }: ScaleState,
  floor: number,
  ceiling: number,
): Readonly<{ right: number; reasons: readonly Reason[] }> {
  const { rules, schedules = [] } = scaling;
  const opinions = asked.map(({ opinion }) => opinion);
  const reasons: Reason[] = opinions.map((opinion) => ({ opinion, said: opinion.said }));
  const within = (count: number) => Math.min(ceiling, Math.max(floor, count));
  if (rules.length === 0) {
    if (schedules.length === 0)
      return { right: current, reasons: [{ opinion: undefined, said: say('opinion.ruleless') }] };
    return { right: floor, reasons: [{ opinion: undefined, said: say('opinion.schedules') }] };
  }
  const most = Math.max(...opinions.map(({ wants }) => wants));
  if (most > current) {
    const right = within(most);
    if (right > current) return { right, reasons };
    return {
      right,
      reasons: [...reasons, { opinion: undefined, said: say('opinion.most', { most: ceiling }) }],
    };
  }
  if (!opinions.some(({ asksFewer }) => asksFewer)) return { right: current, reasons };
  const fewest = Math.max(...opinions.map(({ bears }) => bears));
  const right = within(fewest);
  if (right < current && releasing)
    return {
      right: current,
      reasons: [...reasons, { opinion: undefined, said: say('opinion.releasing') }],
    };
  if (right < current) return { right, reasons };
  const holder = asked.find(({ opinion }) => opinion.bears === fewest && fewest >= current);
  const held =
    holder === undefined
      ? say('opinion.least', { least: floor })
      : say('opinion.because', { metric: metricName(holder.rule.metric) });
  return { right, reasons: [...reasons, { opinion: undefined, said: held }] };
}

function reasonOf(right: number, current: number, reasons: readonly Reason[]): string {
  const asking = reasons.filter(
    ({ opinion }) =>
      opinion === undefined ||
      (right > current ? opinion.wants > current : right < current && opinion.asksFewer),
  );
  return (asking.length === 0 ? reasons : asking).map(({ said }) => said).join('; ');
}

/** What is remembered of this number, unless looks have paused. */
function usable({ memory, current, now }: ScaleState): readonly Thought[] {
  if (memory === undefined || memory.current !== current) return [];
  const last = memory.thoughts.at(-1);
  return last === undefined || now - last.at > MOST_GAP_MS || last.at > now ? [] : memory.thoughts;
}

/** Without those from before `from`, but for the newest of them: it says that the time since is known. */
function forgotten(thoughts: readonly Thought[], from: number): readonly Thought[] {
  const first = thoughts.findIndex(({ at }) => at > from);
  return first <= 0 ? thoughts : thoughts.slice(first - 1);
}

type Settled = Readonly<{ kind: 'settled'; count: number }> | Readonly<{ kind: 'waits'; ms: number }>;

/** Whether all thoughts of the last `ms` were on the same side of the number, and what the most cautious of them was. */
function settle(thoughts: readonly Thought[], current: number, now: number, ms: number): Settled {
  const side = Math.sign((thoughts.at(-1)?.count ?? current) - current);
  let since = now;
  let count = thoughts.at(-1)?.count ?? current;
  for (const thought of [...thoughts].reverse()) {
    if (Math.sign(thought.count - current) !== side) break;
    if (since <= now - ms && thought.at < now - ms) break;
    since = thought.at;
    count = side > 0 ? Math.min(count, thought.count) : Math.max(count, thought.count);
  }
  return now - since >= ms ? { kind: 'settled', count } : { kind: 'waits', ms: ms - (now - since) };
}
