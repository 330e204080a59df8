import type { Scaling } from '../../model/service.ts';
import type { LabelSet } from './label-set.ts';

/** The word in labels, the metric, and its largest value. */
const METRICS = [
  ['cpu', 'cpu', 100],
  ['memory', 'memory', 100],
  ['internetInRate', 'networkIn', Number.MAX_SAFE_INTEGER],
  ['internetOutRate', 'networkOut', Number.MAX_SAFE_INTEGER],
] as const;

/** More containers than this on one service are a slip. */
export const MOST_REPLICAS = 10_000;

/** Rules of automatic scaling; undefined where no label speaks of it. */
export function scalingOf(labels: LabelSet): Scaling | undefined {
  const all = labels.below('auto_scaling.');
  if (all.length === 0) return undefined;
  const get = (name: string) => labels.get(`auto_scaling.${name}`);
  const min = get('min_instances').whole(0, MOST_REPLICAS) ?? 1;
  const max = get('max_instances').whole(1, MOST_REPLICAS) ?? Math.max(10, min);
  const step = get('step').whole(1, MOST_REPLICAS) ?? 1;
  if (min > max) {
    const reader = get('min_instances').isThere ? get('min_instances') : get('max_instances');
    reader.error(`min_instances ${min} is more than max_instances ${max}: lower the one or raise the other`);
  }
  const rules = METRICS.flatMap(([word, metric, most]) => {
    const above = get(`max_${word}`).number({ min: 0, max: most });
    const below = get(`min_${word}`).number({ min: 0, max: most });
    if (above !== undefined && below !== undefined && below >= above)
      get(`min_${word}`).error(`is ${below}, and max_${word} is ${above}: it must be less`);
    if (above === undefined && below === undefined) return [];
    return [{ metric, ...(above === undefined ? {} : { above }), ...(below === undefined ? {} : { below }) }];
  });
  if (rules.length === 0)
    all[0]?.[1].warn('there is no max_cpu, max_memory or the like: nothing but the limits of scaling is set');
  return { kind: 'scaling', min, max, step, rules };
}
