import { MOST_REPLICAS, type Scaling, type ScalingRule, scalingSchema } from '../../model/scaling.ts';
import { parseSchedule, type Schedule } from '../../model/schedule.ts';
import { quoted } from '../problems.ts';
import type { Reader } from '../reader.ts';
import type { LabelSet } from './label-set.ts';

/** The word in labels, the metric, and its largest value. */
const METRICS = [
  ['cpu', 'cpu', 1_000],
  ['memory', 'memory', 100],
  ['internetInRate', 'networkIn', Number.MAX_SAFE_INTEGER],
  ['internetOutRate', 'networkOut', Number.MAX_SAFE_INTEGER],
  ['requests', 'requests', Number.MAX_SAFE_INTEGER],
  ['latency', 'latency', 3_600_000],
] as const;

/** Rules of automatic scaling; undefined where no label speaks of it. */
export function scalingOf(labels: LabelSet): Scaling | undefined {
  const all = labels.below('auto_scaling.');
  const [first] = all;
  if (first === undefined) return undefined;
  const get = (name: string) => labels.get(`auto_scaling.${name}`);
  const min = get('min_instances').whole(0, MOST_REPLICAS) ?? 1;
  const max = get('max_instances').whole(1, MOST_REPLICAS) ?? Math.max(10, min);
  const step = get('step').whole(1, MOST_REPLICAS) ?? 1;
  if (min > max) {
    const reader = get('min_instances').isThere ? get('min_instances') : get('max_instances');
    reader.error(`min_instances ${min} is more than max_instances ${max}: lower the one or raise the other`);
  }
  const rules = METRICS.flatMap(([word, metric, most]) => ruleOf(get, word, metric, most));
  const schedules = schedulesOf(get('schedule'), max);
  const scaling: Scaling = {
    ...{ kind: 'scaling', min, max, step, rules },
    ...(schedules.length === 0 ? {} : { schedules }),
    ...timeOf(get('period'), 'periodMs', 4_000),
    ...timeOf(get('up_after'), 'upAfterMs', 0),
    ...timeOf(get('down_after'), 'downAfterMs', 0),
  };
  if (rules.length === 0 && schedules.length === 0)
    first[1].warn('there is no max_cpu, max_memory or the like: nothing but the limits of scaling is set');
  else if (rules.length > 0 && rules.every(({ below, target }) => (below ?? target) === undefined))
    first[1].warn('there is no min_cpu, min_memory or the like: containers become more, and never fewer');
  // What is left was told above, each with its own key.
  return scalingSchema.safeParse(scaling).success ? scaling : { kind: 'scaling', min, max, step, rules: [] };
}

function ruleOf(
  get: (name: string) => Reader,
  word: string,
  metric: ScalingRule['metric'],
  most: number,
): ScalingRule[] {
  const above = get(`max_${word}`).number({ min: 0, max: most });
  const below = get(`min_${word}`).number({ min: 0, max: most });
  const target = get(`target_${word}`).number({ min: 0, max: most });
  if (above !== undefined && below !== undefined && below >= above)
    get(`min_${word}`).error(`is ${below}, and max_${word} is ${above}: it must be less`);
  if (target === 0) get(`target_${word}`).error('is 0: no number of containers comes to that');
  if (target !== undefined && (above ?? below) !== undefined)
    get(`target_${word}`).error(
      `stands beside ${above === undefined ? 'min' : 'max'}_${word}: keep the one or the other`,
    );
  if (above === undefined && below === undefined && target === undefined) return [];
  return [
    {
      metric,
      ...(above === undefined ? {} : { above }),
      ...(below === undefined ? {} : { below }),
      ...(target === undefined ? {} : { target }),
    },
  ];
}

/** Of a service without a route: nothing is known of its requests. */
export function warnOfNoRequests(labels: LabelSet): void {
  for (const [name, reader] of labels.below('auto_scaling.'))
    if (/_(?:requests|latency)$/.test(name))
      reader.warn(
        'keeps the number as it is: nothing leads requests to the service, so give it a route by routing.port_PORT',
      );
}

function schedulesOf(reader: Reader, max: number): Schedule[] {
  const texts = (reader.text ?? '').split(';').filter((text) => text.trim() !== '');
  return texts.flatMap((text) => {
    const schedule = parseSchedule(text);
    if (typeof schedule === 'string') {
      reader.error(`${quoted(text.trim())} ${schedule}`);
      return [];
    }
    if (schedule.min > max) reader.error(`wants ${schedule.min} containers, and max_instances is ${max}`);
    return [schedule];
  });
}

/** An hour at most: what is averaged or waited for is kept in memory. */
function timeOf<K extends string>(reader: Reader, key: K, least: number): { [P in K]?: number } {
  const ms = reader.duration;
  if (ms === undefined) return {};
  if (ms < least || ms > 3_600_000)
    reader.error(`is ${quoted(reader.text ?? '')}, and must be from ${least / 1000}s to 1h`);
  return { [key]: Math.round(ms) } as { [P in K]?: number };
}
