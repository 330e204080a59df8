import { say } from '../../../model/said/index.ts';
import type { ContainerMetric, ScalingRule } from '../../../model/scaling.ts';
import type { Averages } from './figure-windows.ts';

/** A container of a service, as the planner of its number sees it. */
export type ScaledMember = Readonly<{
  name: string;
  /** `starting`: it will do its share soon. `failed`: nobody knows when it will. */
  state: 'ready' | 'starting' | 'failed';
  /** Over the period; undefined where they are not known. */
  figures: Averages | undefined;
  /** Why they are not, in words that go behind its name. */
  silent?: string;
}>;

/** What routers say of a service over the period. */
export type RouterReading = Readonly<{
  requestsPerSecond: number;
  p95Ms: number | undefined;
  /** Names of ingress hosts that have not told of all of it: there may have been more. */
  missing: readonly string[];
}>;

/** Containers that are equal to each other: all of a service, or those of one of two versions that serve at once. */
export type ScaledVersion = Readonly<{
  /** Number of its release where there are two; undefined where all are one. */
  release: number | undefined;
  /** Containers that it is to have now: of a canary fewer than the service. */
  count: number;
  members: readonly ScaledMember[];
  /** Undefined where they have said nothing. */
  router: RouterReading | undefined;
}>;

/** A version, as if it were a service of its own. */
type Load = Readonly<{ current: number; step: number }> & Pick<ScaledVersion, 'members' | 'router'>;

/** What one rule says of the number. */
export type Opinion = Readonly<{
  /** Undefined where it is not to be known. */
  value: number | undefined;
  /** Containers that it wants to have; never fewer than `current`. */
  wants: number;
  /** As few as it would put up with; never more than `current`. */
  bears: number;
  /** It asks for fewer, rather than only putting up with them. */
  asksFewer: boolean;
  /** In a sentence without its end. */
  said: string;
}>;

/** Averages within this share of a target are at it. */
const TOLERANCE = 0.1;
/** What fewer containers would come to is at most this share of where they would become more again. */
const MARGIN = 0.9;
/** Targets let the number grow to twice as much at a time, or by this many. */
const GROWTH = 4;

const perCent = (value: number) => `${Math.round(value)} %`;
const UNITS: { readonly [M in ScalingRule['metric']]: (value: number) => string } = {
  cpu: perCent,
  memory: perCent,
  networkIn: bytesText,
  networkOut: bytesText,
  requests: (value) => `${Number(value.toPrecision(3))}/s`,
  latency: (value) => `${Math.round(value)} ms`,
};

function bytesText(value: number): string {
  const units = ['B/s', 'KB/s', 'MB/s', 'GB/s'];
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, value)) / 3)));
  return `${Number((value / 1000 ** power).toPrecision(3))} ${units[power]}`;
}

export function metricName(metric: ScalingRule['metric']): string {
  return say(`metric.${metric}`);
}

/**
 * What a rule says of one version. The number is the service's, so the version's wish for so many more or fewer is taken
 * for the service's; it is not yet within the limits.
 * @param current containers that the service is to have now
 */
export function opinionOf(
  rule: ScalingRule,
  { current, version, step }: Readonly<{ current: number; version: ScaledVersion; step: number }>,
): Opinion {
  const { release, count, members, router } = version;
  const own = ofVersion(rule, { current: count, members, router, step });
  const said = release === undefined ? own.said : say('opinion.release', { release, opinion: own.said });
  const more = current - count;
  return { ...own, said, wants: own.wants + more, bears: own.bears + more };
}

function ofVersion(rule: ScalingRule, load: Load): Opinion {
  switch (rule.metric) {
    case 'latency':
      return ofLatency(rule, load);
    case 'requests':
      return ofShares(rule, load, sharesOfRequests(load));
    default:
      return ofShares(rule, load, sharesOfContainers(rule.metric, load));
  }
}

/** Of a load that is spread over containers: its sum, and by how many it is done. */
type Shares = Readonly<{
  sum: number;
  /** Containers whose share is known. */
  known: number;
  /** Why the sum is not the whole one. */
  missing: string | undefined;
}>;

function sharesOfContainers(metric: ContainerMetric, { members }: Load): Shares {
  const ready = members.filter(({ state }) => state === 'ready');
  const values = ready.flatMap(({ figures }) => figures?.[metric] ?? []);
  const silent = ready.filter(({ figures }) => figures?.[metric] === undefined);
  const [first] = silent;
  return {
    sum: values.reduce((sum, value) => sum + value, 0),
    known: values.length,
    missing: first && silentText(first, silent.length - 1),
  };
}

function silentText({ name, silent: why }: ScaledMember, n: number): string {
  if (n === 0)
    return why === undefined ? say('scaling.silent', { name }) : say('scaling.silent.why', { name, why });
  return why === undefined
    ? say('scaling.silent.more', { name, n })
    : say('scaling.silent.more.why', { name, n, why });
}

function sharesOfRequests({ members, router }: Load): Shares {
  const ready = members.filter(({ state }) => state === 'ready').length;
  if (router === undefined) return { sum: 0, known: 0, missing: say('scaling.silent.routers') };
  return { sum: router.requestsPerSecond, known: ready, missing: silentRouters(router) };
}

function silentRouters({ missing }: RouterReading): string | undefined {
  return missing.length === 0 ? undefined : say('scaling.silent.router', { hosts: missing.join(', ') });
}

function ofShares(rule: ScalingRule, load: Load, { sum, known, missing }: Shares): Opinion {
  const { current, members, step } = load;
  const { above, below, target } = rule;
  const text = UNITS[rule.metric];
  const metric = metricName(rule.metric);
  const starting = members.filter(({ state }) => state === 'starting').length;
  const stay = (said: string, value?: number): Opinion => ({
    ...{ value, wants: current, bears: current, asksFewer: false, said },
  });
  if (known === 0) return stay(say('opinion.unknown', { metric, why: missing ?? say('scaling.none') }));
  const average = sum / known;
  const value = text(average);
  const about = (than: string) => say('opinion.average', { metric, value, than });
  // Those that are on their way, or say nothing, are taken for idle: what they will do is not asked for twice.
  const failed = members.filter(({ state }) => state === 'failed').length;
  const hands = Math.max(known, members.length - failed, current - failed);
  const spread = sum / hands;
  const damped = hands > known ? { metric, value, spread: text(spread), hands } : undefined;
  const over = above ?? (target === undefined ? undefined : target * (1 + TOLERANCE));
  if (over !== undefined && spread > over) {
    const wants = target === undefined ? current + step : grown(current, Math.ceil(sum / target));
    const than =
      target === undefined
        ? say('than.over', { limit: text(over) })
        : say('than.over.target', { target: text(target) });
    const said = damped === undefined ? about(than) : say('opinion.spread', { ...damped, than });
    return { ...stay(said, average), wants: Math.max(current, wants) };
  }
  const why = missing ?? (starting > 0 ? say('scaling.starting', { starting }) : undefined);
  const under = below ?? (target === undefined ? undefined : target * (1 - TOLERANCE));
  const isUnder = under !== undefined && average < under;
  if (why !== undefined) {
    if (isUnder) return stay(say('opinion.average.few', { metric, value, why }), average);
    const said =
      damped === undefined
        ? say('opinion.average.partly', { metric, value, why })
        : say('opinion.spread.partly', { ...damped, why });
    return stay(said, average);
  }
  // So few that each does no more than makes them become more again.
  const limit = over === undefined ? undefined : target === undefined ? over * MARGIN : target;
  const bears =
    limit === undefined || limit === 0
      ? isUnder
        ? 0
        : current
      : Math.min(current, Math.ceil(sum / limit - 1e-9));
  if (!isUnder) {
    const within = target === undefined ? withinText(rule) : say('than.near', { target: text(target) });
    // Only a rule that says when there are to be fewer keeps the number by what it sees.
    return { ...stay(about(within), average), bears: under === undefined ? bears : current };
  }
  const fewer = target === undefined ? Math.max(bears, current - step) : bears;
  const opinion = about(
    target === undefined
      ? say('than.under', { limit: text(under) })
      : say('than.under.target', { target: text(target) }),
  );
  if (current === 1) return stay(say('opinion.alone', { opinion }), average);
  if (fewer >= current)
    return stay(say('opinion.oneLess', { opinion, value: text(sum / (current - 1)) }), average);
  return {
    ...stay(opinion, average),
    bears: Math.min(current, fewer),
    asksFewer: fewer < current,
  };
}

/** Whose figure is the service's, and says nothing of what it would be with another number. */
function ofLatency(rule: ScalingRule, { current, members, router, step }: Load): Opinion {
  const { above, below } = rule;
  const text = UNITS[rule.metric];
  const metric = metricName(rule.metric);
  const stay = (said: string, value?: number): Opinion => ({
    ...{ value, wants: current, bears: current, asksFewer: false, said },
  });
  const unknown = () => stay(say('opinion.unknown', { metric, why: say('scaling.silent.routers') }));
  if (router === undefined) return unknown();
  const value = router.requestsPerSecond === 0 ? 0 : router.p95Ms;
  if (value === undefined) return unknown();
  const about = (than: string) => stay(say('opinion.latency', { metric, value: text(value), than }), value);
  const starting = members.filter(({ state }) => state === 'starting').length;
  if (starting > 0)
    return stay(say('opinion.latency.starting', { metric, value: text(value), starting }), value);
  if (above !== undefined && value > above)
    return { ...about(say('than.over', { limit: text(above) })), wants: current + step };
  const why = silentRouters(router);
  if (why !== undefined)
    return stay(say('opinion.latency.partly', { metric, value: text(value), why }), value);
  if (below !== undefined && value < below)
    return {
      ...about(say('than.under', { limit: text(below) })),
      bears: Math.max(0, current - step),
      asksFewer: true,
    };
  // Without a limit below it only sees to it that it is not over the one above.
  return { ...about(withinText(rule)), bears: below === undefined ? 0 : current };
}

function grown(current: number, wants: number): number {
  return Math.min(wants, Math.max(current * 2, current + GROWTH));
}

function withinText({ metric, above, below }: ScalingRule): string {
  const text = UNITS[metric];
  if (above === undefined) return say('than.notUnder', { limit: text(below ?? 0) });
  return below === undefined
    ? say('than.notOver', { limit: text(above) })
    : say('than.between', { low: text(below), high: text(above) });
}
