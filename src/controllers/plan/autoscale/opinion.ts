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

type Unit = Readonly<{ name: string; text(value: number): string }>;

const perCent = (value: number) => `${Math.round(value)} %`;
const UNITS: { readonly [M in ScalingRule['metric']]: Unit } = {
  cpu: { name: 'CPU', text: perCent },
  memory: { name: 'memory', text: perCent },
  networkIn: { name: 'received', text: bytesText },
  networkOut: { name: 'sent', text: bytesText },
  requests: { name: 'requests', text: (value) => `${Number(value.toPrecision(3))}/s` },
  latency: { name: 'latency (p95)', text: (value) => `${Math.round(value)} ms` },
};

function bytesText(value: number): string {
  const units = ['B/s', 'KB/s', 'MB/s', 'GB/s'];
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, value)) / 3)));
  return `${Number((value / 1000 ** power).toPrecision(3))} ${units[power]}`;
}

export function metricName(metric: ScalingRule['metric']): string {
  return UNITS[metric].name;
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
  const said = release === undefined ? own.said : `release ${release}, ${own.said}`;
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
  const more = silent.length > 1 ? ` and ${silent.length - 1} more` : '';
  return {
    sum: values.reduce((sum, value) => sum + value, 0),
    known: values.length,
    missing:
      first === undefined
        ? undefined
        : `no figures of ${first.name}${more}${first.silent === undefined ? '' : ` (${first.silent})`}`,
  };
}

function sharesOfRequests({ members, router }: Load): Shares {
  const ready = members.filter(({ state }) => state === 'ready').length;
  if (router === undefined) return { sum: 0, known: 0, missing: 'no figures of routers' };
  return { sum: router.requestsPerSecond, known: ready, missing: silentRouters(router) };
}

function silentRouters({ missing }: RouterReading): string | undefined {
  return missing.length === 0 ? undefined : `no figures of the router on ${missing.join(', ')}`;
}

function ofShares(rule: ScalingRule, load: Load, { sum, known, missing }: Shares): Opinion {
  const { current, members, step } = load;
  const { above, below, target } = rule;
  const unit = UNITS[rule.metric];
  const starting = members.filter(({ state }) => state === 'starting').length;
  const stay = (said: string, value?: number): Opinion => ({
    ...{ value, wants: current, bears: current, asksFewer: false, said },
  });
  if (known === 0) return stay(`${unit.name}: ${missing ?? 'no container is ready'}, so the number stays`);
  const average = sum / known;
  const about = `${unit.name}: ${unit.text(average)} on average`;
  // Those that are on their way, or say nothing, are taken for idle: what they will do is not asked for twice.
  const failed = members.filter(({ state }) => state === 'failed').length;
  const hands = Math.max(known, members.length - failed, current - failed);
  const spread = sum / hands;
  const damped = hands > known ? `, ${unit.text(spread)} once all ${hands} do their share` : '';
  const over = above ?? (target === undefined ? undefined : target * (1 + TOLERANCE));
  if (over !== undefined && spread > over) {
    const wants = target === undefined ? current + step : grown(current, Math.ceil(sum / target));
    const why = target === undefined ? `over ${unit.text(over)}` : `over its target of ${unit.text(target)}`;
    return { ...stay(`${about}${damped}, ${why}`, average), wants: Math.max(current, wants) };
  }
  const wait = missing ?? (starting > 0 ? `${starting} not ready yet` : undefined);
  const under = below ?? (target === undefined ? undefined : target * (1 - TOLERANCE));
  const isUnder = under !== undefined && average < under;
  if (wait !== undefined) {
    const held = isUnder ? `, which would be few enough, but ${wait}: no fewer` : `${damped} (${wait})`;
    return stay(`${about}${held}`, average);
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
    const within = target === undefined ? withinText(rule) : `near its target of ${unit.text(target)}`;
    // Only a rule that says when there are to be fewer keeps the number by what it sees.
    return { ...stay(`${about}, ${within}`, average), bears: under === undefined ? bears : current };
  }
  const fewer = target === undefined ? Math.max(bears, current - step) : bears;
  const why = target === undefined ? `under ${unit.text(under)}` : `under its target of ${unit.text(target)}`;
  if (current === 1) return stay(`${about}, ${why}, and there is but one`, average);
  if (fewer >= current)
    return stay(
      `${about}, ${why}, but with one less it would be ${unit.text(sum / (current - 1))}: it would become more again`,
      average,
    );
  return {
    ...stay(`${about}, ${why}`, average),
    bears: Math.min(current, fewer),
    asksFewer: fewer < current,
  };
}

/** Whose figure is the service's, and says nothing of what it would be with another number. */
function ofLatency({ metric, above, below }: ScalingRule, { current, members, router, step }: Load): Opinion {
  const unit = UNITS[metric];
  const stay = (said: string, value?: number): Opinion => ({
    ...{ value, wants: current, bears: current, asksFewer: false, said },
  });
  if (router === undefined) return stay(`${unit.name}: no figures of routers, so the number stays`);
  const value = router.requestsPerSecond === 0 ? 0 : router.p95Ms;
  if (value === undefined) return stay(`${unit.name}: no figures of routers, so the number stays`);
  const about = `${unit.name}: ${unit.text(value)}`;
  const starting = members.filter(({ state }) => state === 'starting').length;
  if (starting > 0) return stay(`${about}, and ${starting} not ready yet: the number stays`, value);
  if (above !== undefined && value > above)
    return { ...stay(`${about}, over ${unit.text(above)}`, value), wants: current + step };
  const missing = silentRouters(router);
  if (missing !== undefined) return stay(`${about} (${missing})`, value);
  if (below !== undefined && value < below)
    return {
      ...stay(`${about}, under ${unit.text(below)}`, value),
      bears: Math.max(0, current - step),
      asksFewer: true,
    };
  return {
    ...stay(`${about}, ${withinText({ metric, above, below })}`, value),
    // Without a limit below it only sees to it that it is not over the one above.
    bears: below === undefined ? 0 : current,
  };
}

function grown(current: number, wants: number): number {
  return Math.min(wants, Math.max(current * 2, current + GROWTH));
}

function withinText({ metric, above, below }: ScalingRule): string {
  const unit = UNITS[metric];
  if (above === undefined) return `not under ${unit.text(below ?? 0)}`;
  return below === undefined
    ? `not over ${unit.text(above)}`
    : `between ${unit.text(below)} and ${unit.text(above)}`;
}
