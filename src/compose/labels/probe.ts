import type { Probe } from '../../model/probe.ts';
import { probeOfLabels } from '../../model/probe-labels.ts';
import type { LabelSet } from './label-set.ts';

/** A probe from labels; undefined where there is none. */
export function probeOf(labels: LabelSet, name: 'probe' | 'liveness'): Probe | undefined {
  const get = (field: string) => labels.get(`${name}.${field}`);
  const { probe, problems } = probeOfLabels(name, (field) => get(field).text);
  for (const { field, message } of problems) get(field).error(message);
  const without = labels.below(`${name}.`).find(([field]) => !['url', 'cmd'].includes(field));
  if (!get('url').isThere && !get('cmd').isThere)
    without?.[1].warn(`changes nothing without ${name}.url or ${name}.cmd`);
  return probe;
}
