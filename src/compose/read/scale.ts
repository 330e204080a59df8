import { cronFault, cronSchema, isTimeZone } from '../../model/cron.ts';
import { MOST_REPLICAS, type Scaling } from '../../model/scaling.ts';
import type { Service } from '../../model/service.ts';
import type { LabelSet } from '../labels/label-set.ts';
import { scalingOf } from '../labels/scaling.ts';
import type { Reader } from '../reader.ts';

/** How many containers a service has, and how that changes. */
export type Scale = Readonly<{
  scale: Service['scale'];
  scaling: Scaling | undefined;
  runs: Service['runs'];
  /** Most containers that it may come to; Infinity for global services and jobs with times. */
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
  if (runs.kind === 'cron') {
    if (isGlobal) everywhere.error('stands beside berth.cron: a run is one container');
    given.find((_, i) => counts[i] !== 1)?.error('stands beside berth.cron: a run is one container');
    if (scaling !== undefined)
      labels.get('cron').error('stands beside automatic scaling: a run is one container');
    // Those of earlier runs are kept for a while: it has no names and ports of its own.
    const scale = { kind: 'replicated', replicas: 1 } as const;
    return { scale, scaling: undefined, runs, most: Number.POSITIVE_INFINITY };
  }
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

function runsOf(mode: string | undefined, labels: LabelSet): Service['runs'] {
  const cron = labels.get('cron');
  const job = labels.get('job');
  if (!cron.isThere) {
    const [first] = labels.below('cron.');
    first?.[1].error('goes with berth.cron, which says when it runs');
    return { kind: job.boolean === true || mode?.endsWith('-job') ? 'job' : 'service' };
  }
  if (job.boolean === true) job.error('stands beside berth.cron: only one of them is possible');
  const of = (name: string) => labels.get(`cron.${name}`);
  const timeoutMs = of('timeout').duration;
  if (timeoutMs !== undefined && timeoutMs < 1000) of('timeout').error('is less than a second');
  const latestMs = of('latest').duration;
  const overlap = of('overlap').oneOf(['skip', 'replace', 'allow']);
  const keep = of('keep').whole(1, 100);
  const runs = cronSchema.parse({
    kind: 'cron',
    schedule: (cron.text ?? '').trim().replace(/\s+/g, ' '),
    ...(of('time_zone').text === undefined ? {} : { timeZone: of('time_zone').text }),
    ...(overlap === undefined ? {} : { overlap }),
    ...(timeoutMs === undefined || timeoutMs < 1000 ? {} : { timeoutMs: Math.round(timeoutMs) }),
    ...(latestMs === undefined ? {} : { latestMs: Math.round(latestMs) }),
    ...(keep === undefined ? {} : { keep }),
  });
  const fault = cronFault(runs);
  if (fault !== undefined) (isTimeZone(runs.timeZone) ? cron : of('time_zone')).error(fault);
  return runs;
}
