import { BerthError } from '../kit/errors.ts';
import type { Scaling, ScalingMetric, ScalingRule } from '../model/scaling.ts';
import { scheduleText } from '../model/schedule.ts';
import { span } from './terminal/format.ts';

/** Flag of `autoscale set`, its metric, and what its figures are. */
export const METRIC_FLAGS: readonly (readonly [flag: string, metric: ScalingMetric, unit: string])[] = [
  ['cpu', 'cpu', 'per cent of the CPU that it asks for or may use'],
  ['memory', 'memory', 'per cent of its memory limit'],
  ['network-in', 'networkIn', 'bytes per second received'],
  ['network-out', 'networkOut', 'bytes per second sent'],
  ['requests', 'requests', 'requests per second for each container'],
  ['latency', 'latency', 'milliseconds in which 95 % of requests are answered'],
];

const NUMBER = String.raw`\d{1,15}(?:\.\d{1,3})?`;
const BAND = new RegExp(`^(${NUMBER})?\\.\\.(${NUMBER})?$`);
const TARGET = new RegExp(`^${NUMBER}$`);

/**
 * `60` is a target, `30..70` a band, `..70` and `30..` one end of it.
 * @throws BerthError `bad_request`
 */
export function ruleFrom(text: string, metric: ScalingMetric, flag: string): ScalingRule {
  const hint = 'write 60 for a target, 30..70 for a band, ..70 or 30.. for one end of it';
  if (TARGET.test(text) && metric !== 'latency') return { metric, target: Number(text) };
  if (TARGET.test(text))
    throw new BerthError('bad_request', `${flag}: latency has no target, as it does not fall in proportion`, {
      hint: 'write a band such as 50..200',
    });
  const [found, below, above] = BAND.exec(text) ?? [];
  if (found === undefined || (below ?? above) === undefined)
    throw new BerthError('bad_request', `${flag}: "${text}" is no target and no band`, { hint });
  if (below !== undefined && above !== undefined && Number(below) >= Number(above))
    throw new BerthError('bad_request', `${flag}: ${below} must be less than ${above}`, { hint });
  return {
    metric,
    ...(above === undefined ? {} : { above: Number(above) }),
    ...(below === undefined ? {} : { below: Number(below) }),
  };
}

/** All rules in one line: `cpu 30..70, memory 60, weekdays 08:00-20:00 UTC: at least 6`. */
export function rulesText({ rules, schedules = [] }: Scaling): string {
  const of = ({ metric, above, below, target }: ScalingRule) => {
    const flag = METRIC_FLAGS.find(([, known]) => known === metric)?.[0] ?? metric;
    return `${flag} ${target ?? `${below ?? ''}..${above ?? ''}`}`;
  };
  return [...rules.map(of), ...schedules.map(scheduleText)].join(', ');
}

export function timesText({
  periodMs,
  upAfterMs,
  downAfterMs,
}: Readonly<Record<'periodMs' | 'upAfterMs' | 'downAfterMs', number>>): string {
  return `averages over ${span(periodMs)}; more after ${span(upAfterMs)}, fewer after ${span(downAfterMs)}`;
}
