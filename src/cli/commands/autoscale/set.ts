import { BerthError } from '../../../kit/errors.ts';
import type { Scaling } from '../../../model/scaling.ts';
import { parseSchedule, SCHEDULE_FORM } from '../../../model/schedule.ts';
import { command } from '../../command.ts';
import { METRIC_FLAGS, ruleFrom, rulesText } from '../../scaling-text.ts';
import { serviceArgument, serviceRef } from '../../service-ref.ts';
import { clean } from '../../terminal/text.ts';
import { collect, parseCount, parseDuration } from '../../values.ts';

type Flags = Readonly<{
  min?: number;
  max?: number;
  step?: number;
  cpu?: string;
  memory?: string;
  networkIn?: string;
  networkOut?: string;
  requests?: string;
  latency?: string;
  schedule?: readonly string[];
  period?: number;
  upAfter?: number;
  downAfter?: number;
  off?: boolean;
}>;

export const autoscaleSet = command<Flags, [service: string]>({
  name: 'autoscale set',
  summary: 'Let a service scale by itself, or see to it that it does not',
  details:
    'Takes the place of all that was set before, and goes before the compose file until "berth autoscale rm". A single ' +
    'figure is a target to which so many containers come; a band such as 30..70 makes it more above it, and fewer below.',
  arguments: [serviceArgument],
  options: [
    { flags: '--min <N>', summary: 'fewest containers', parse: parseCount(0, 10_000), fallback: '1' },
    { flags: '--max <N>', summary: 'most containers', parse: parseCount(1, 10_000), fallback: '10' },
    {
      flags: '--step <N>',
      summary: 'containers at a time, by bands',
      parse: parseCount(1, 10_000),
      fallback: '1',
    },
    ...METRIC_FLAGS.map(([flag, , unit]) => ({ flags: `--${flag} <RULE>`, summary: unit })),
    {
      flags: '--schedule <TEXT>',
      summary: `so many at a time of the week, as in ${SCHEDULE_FORM}; again for more`,
      parse: collect,
    },
    {
      flags: '--period <DURATION>',
      summary: 'over which figures are averages',
      parse: parseDuration,
      fallback: '60s',
    },
    {
      flags: '--up-after <DURATION>',
      summary: 'how long a rule must want more',
      parse: parseDuration,
      fallback: '2m',
    },
    {
      flags: '--down-after <DURATION>',
      summary: 'how long rules must want fewer',
      parse: parseDuration,
      fallback: '5m',
    },
    { flags: '--off', summary: 'it does not scale by itself, whatever its compose file says' },
  ],
  examples: [
    ['berth autoscale set shop/web --min 2 --max 20 --cpu 60', 'so many that each uses 60 % of its CPU'],
    ['berth autoscale set shop/web --requests 50..200', 'more over 200 requests/s each, fewer under 50'],
    [
      'berth autoscale set shop/web --cpu 60 --schedule "weekdays 8-20 Europe/Berlin: at least 6"',
      'six at least in working hours',
    ],
  ],
  async run({ call, out, globals }, flags, service) {
    const scaling = flags.off === true ? offOf(flags) : scalingFrom(flags);
    const answer = await call('autoscale.set', { ...serviceRef(service), scaling });
    if (globals.json) {
      out.json(answer);
      return;
    }
    if (scaling.kind === 'off') out.line(`${clean(service)} does not scale by itself`);
    else
      out.line(
        `${clean(service)} scales from ${scaling.min} to ${scaling.max} containers by ${rulesText(scaling)}`,
      );
  },
});

function offOf(flags: Flags): { kind: 'off' } {
  const others = [...METRIC_FLAGS.map(([, metric]) => metric), 'schedule', 'min', 'max'] as const;
  const more = others.find((name) => flags[name] !== undefined);
  if (more === undefined) return { kind: 'off' };
  throw new BerthError('bad_request', `--off stands beside --${more}: give the one or the other`);
}

function scalingFrom(flags: Flags): Scaling {
  const { min = 1, max = Math.max(10, min), step = 1, period, upAfter, downAfter } = flags;
  const rules = METRIC_FLAGS.flatMap(([flag, metric]) => {
    const text = flags[metric];
    return text === undefined ? [] : [ruleFrom(text, metric, `--${flag}`)];
  });
  const schedules = (flags.schedule ?? []).map((text) => {
    const schedule = parseSchedule(text);
    if (typeof schedule !== 'string') return schedule;
    throw new BerthError('bad_request', `--schedule: "${text}" ${schedule}`);
  });
  if (rules.length + schedules.length === 0)
    throw new BerthError('bad_request', 'nothing says when there are to be more or fewer', {
      hint: 'give a rule such as --cpu 60, or a --schedule',
    });
  if (min > max)
    throw new BerthError('bad_request', `--min ${min} is more than --max ${max}`, {
      hint: 'lower the one or raise the other',
    });
  const most = Math.max(0, ...schedules.map((one) => one.min));
  if (most > max)
    throw new BerthError('bad_request', `--schedule: at least ${most} is more than --max ${max}`, {
      hint: 'lower the one or raise the other',
    });
  return {
    ...{ kind: 'scaling', min, max, step, rules },
    ...(schedules.length === 0 ? {} : { schedules }),
    ...(period === undefined ? {} : { periodMs: period * 1000 }),
    ...(upAfter === undefined ? {} : { upAfterMs: upAfter * 1000 }),
    ...(downAfter === undefined ? {} : { downAfterMs: downAfter * 1000 }),
  };
}
