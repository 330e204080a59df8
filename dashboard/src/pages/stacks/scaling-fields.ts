import { parseSchedule, scheduleText } from '../../../../src/contract/page-client.ts';
import type { ScaledView } from '../../../../src/contract/v1/autoscale.ts';
import { shellWord } from '../../parts/format.ts';

export type Scaling = ScaledView['scaling'];
export type Metric = Scaling['rules'][number]['metric'];

/** What a field of a number has; empty while another is typed, and where nothing is said. */
type Typed = number | '';

/** The rules of a service as a form has them. */
export type Fields = Readonly<{
  min: Typed;
  max: Typed;
  step: Typed;
  rules: readonly Readonly<{
    metric: Metric;
    kind: 'target' | 'band';
    target: Typed;
    below: Typed;
    above: Typed;
  }>[];
  /** One of each line: `weekdays 8-20 Europe/Berlin: at least 6`. */
  schedules: string;
  /** Seconds. */
  period: Typed;
  upAfter: Typed;
  downAfter: Typed;
}>;

/** With the flag of `berth autoscale set`. */
export const METRICS: Readonly<Record<Metric, string>> = {
  cpu: 'cpu',
  memory: 'memory',
  networkIn: 'network-in',
  networkOut: 'network-out',
  requests: 'requests',
  latency: 'latency',
};

const FIRST: Fields = {
  ...{ min: 1, max: 10, step: 1, schedules: '', period: '', upAfter: '', downAfter: '' },
  rules: [{ metric: 'cpu', kind: 'target', target: 60, below: '', above: '' }],
};

/** @param scaling null: there are none yet, and the form proposes some */
export function fieldsOf(scaling: Scaling | null): Fields {
  if (scaling === null) return FIRST;
  const { min, max, step, rules, schedules = [], periodMs, upAfterMs, downAfterMs } = scaling;
  return {
    ...{ min, max, step },
    rules: rules.map(({ metric, target, below, above }) => ({
      ...{ metric, kind: target === undefined ? 'band' : 'target' },
      ...{ target: target ?? '', below: below ?? '', above: above ?? '' },
    })),
    schedules: schedules.map(scheduleText).join('\n'),
    ...{ period: secondsOf(periodMs), upAfter: secondsOf(upAfterMs), downAfter: secondsOf(downAfterMs) },
  };
}

/** The rules that the fields say, or the line of a schedule that cannot be read with why. The manager checks the rest. */
export function scalingFrom(
  fields: Fields,
): Scaling | Readonly<{ kind: 'fault'; line: string; why: string }> {
  const lines = fields.schedules
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const schedules = [];
  for (const line of lines) {
    const schedule = parseSchedule(line);
    if (typeof schedule === 'string') return { kind: 'fault', line, why: schedule };
    schedules.push(schedule);
  }
  const { min, max, step, period, upAfter, downAfter } = fields;
  return {
    ...{ kind: 'scaling', min: Number(min), max: Number(max), step: Number(step) },
    rules: fields.rules.map(({ metric, kind, target, below, above }) => ({
      metric,
      ...(kind === 'target' ? said({ target }) : { ...said({ below }), ...said({ above }) }),
    })),
    ...(schedules.length === 0 ? {} : { schedules }),
    ...milliseconds('periodMs', period),
    ...milliseconds('upAfterMs', upAfter),
    ...milliseconds('downAfterMs', downAfter),
  };
}

/** The command line that sets them. */
export function autoscaleCli(
  name: string,
  { min, max, step, rules, schedules = [], ...times }: Scaling,
): string {
  const { periodMs, upAfterMs, downAfterMs } = times;
  const seconds = (flag: string, ms: number | undefined) =>
    ms === undefined ? [] : [`--${flag} ${ms / 1000}s`];
  return [
    `berth autoscale set ${shellWord(name)} --min ${min} --max ${max}`,
    ...(step === 1 ? [] : [`--step ${step}`]),
    ...rules.map(
      ({ metric, target, below, above }) =>
        `--${METRICS[metric]} ${target ?? `${below ?? ''}..${above ?? ''}`}`,
    ),
    ...schedules.map((schedule) => `--schedule ${shellWord(scheduleText(schedule))}`),
    ...seconds('period', periodMs),
    ...seconds('up-after', upAfterMs),
    ...seconds('down-after', downAfterMs),
  ].join(' ');
}

function secondsOf(ms: number | undefined): Typed {
  return ms === undefined ? '' : ms / 1000;
}

/** A field that is empty is left out. */
function said<K extends string>(field: Readonly<Record<K, Typed>>): Partial<Record<K, number>> {
  return Object.fromEntries(Object.entries(field).filter(([, value]) => value !== '')) as Partial<
    Record<K, number>
  >;
}

function milliseconds<K extends string>(key: K, seconds: Typed): Partial<Record<K, number>> {
  return seconds === '' ? {} : ({ [key]: Math.round(seconds * 1000) } as Record<K, number>);
}
