import type { Scaling, Service } from '../../model/service.ts';
import type { LabelSet } from '../labels/label-set.ts';
import { MOST_REPLICAS, scalingOf } from '../labels/scaling.ts';
import type { Reader } from '../reader.ts';

/** How many containers a service has, and how that changes. */
export type Scale = Readonly<{
  scale: Service['scale'];
  scaling: Scaling | undefined;
  runs: Service['runs'];
  /** Most containers that it may come to; Infinity for global services. */
  most: number;
}>;

export function scaleOf(service: Reader, labels: LabelSet): Scale {
  const mode = service
    .get('deploy')
    .get('mode')
    .oneOf(['replicated', 'global', 'replicated-job', 'global-job']);
  const everywhere = labels.get('global');
  const isGlobal = everywhere.boolean ?? mode?.startsWith('global') ?? false;
  const runs = runsOf(mode, labels);
  const scaling = scalingOf(labels);
  const given = [labels.get('scale'), service.get('scale'), service.get('deploy').get('replicas')].filter(
    (one) => one.isThere,
  );
  const counts = given.map((one) => one.whole(0, MOST_REPLICAS));
  const [first] = given;
  if (isGlobal) {
    first?.warn('the service is global, which goes before: one container runs on each host that matches');
    if (scaling !== undefined)
      everywhere.warn('automatic scaling changes nothing: a global service has one container on each host');
    return { scale: { kind: 'global' }, scaling: undefined, runs, most: Number.POSITIVE_INFINITY };
  }
  const different = given.find(
    (_, i) => counts[i] !== undefined && counts[0] !== undefined && counts[i] !== counts[0],
  );
  if (different !== undefined && first !== undefined)
    different.error(`is another number of containers than ${first.key}: remove one of them`);
  const replicas = counts.find((count) => count !== undefined) ?? 1;
  if (scaling === undefined)
    return { scale: { kind: 'replicated', replicas }, scaling, runs, most: replicas };
  const within = Math.min(Math.max(replicas, scaling.min), scaling.max);
  if (within !== replicas)
    first?.warn(
      `is ${replicas}, and automatic scaling has ${scaling.min} to ${scaling.max} containers: the service starts with ${within}`,
    );
  return {
    scale: { kind: 'replicated', replicas: within },
    scaling,
    runs,
    most: Math.max(within, scaling.max),
  };
}

const CRON_FIELDS = [
  [0, 59],
  [0, 23],
  [1, 31],
  [1, 12],
  [0, 7],
] as const;

function runsOf(mode: string | undefined, labels: LabelSet): Service['runs'] {
  const cron = labels.get('cron');
  const job = labels.get('job');
  if (cron.isThere) {
    const schedule = (cron.text ?? '').trim().replace(/\s+/g, ' ');
    if (job.boolean === true) job.error('stands beside berth.cron: only one of them is possible');
    if (!isCron(schedule))
      cron.error(
        'must be five fields: minute, hour, day of the month, month, day of the week, such as 0 3 * * *',
      );
    return { kind: 'cron', schedule };
  }
  return { kind: job.boolean === true || mode?.endsWith('-job') ? 'job' : 'service' };
}

/** POSIX crontab's fields, with steps: `*`, `5`, `1-5`, `1,15`, and these with `/2` behind them. */
function isCron(schedule: string): boolean {
  const fields = schedule.split(' ');
  return (
    fields.length === CRON_FIELDS.length &&
    fields.every((field, i) => {
      const [min, max] = CRON_FIELDS[i] as readonly [number, number];
      return field.split(',').every((part) => {
        const [, from, to, step] = /^(?:\*|(\d{1,2})(?:-(\d{1,2}))?)(?:\/(\d{1,2}))?$/.exec(part) ?? [
          undefined,
          '99',
        ];
        const numbers = [from, to].filter((one) => one !== undefined).map(Number);
        const ordered = to === undefined || Number(from) <= Number(to);
        return ordered && step !== '0' && step !== '00' && numbers.every((one) => one >= min && one <= max);
      });
    })
  );
}
