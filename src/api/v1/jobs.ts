import type { JobRunView, JobView } from '../../contract/v1/jobs.ts';
import { BerthError } from '../../kit/errors.ts';
import { type CronRuns, goesOn, type JobRun, nextDue } from '../../model/cron.ts';
import type { ServiceRecord } from '../../model/deployment.ts';
import { jobRunsOf } from '../../store/releases.ts';
import type { ReadTx } from '../../store/store.ts';
import { isLeaving } from '../services/leaving.ts';
import type { Handlers } from './handler.ts';
import { findService } from './service-view.ts';

type Job = Readonly<{ record: ServiceRecord; cron: CronRuns }>;

export const jobHandlers: Handlers<'job.list' | 'job.history' | 'job.run'> = {
  'job.list': ({ deps }) =>
    deps.store.view((tx) => ({
      jobs: [...tx.all('services')]
        .flatMap((record) => jobOf(record) ?? [])
        .sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1))
        .map((job) => jobView(tx, job, deps.clock.now())),
    })),
  'job.history': ({ deps, params: { stack, service } }) =>
    deps.store.view((tx) => {
      findJob(tx, stack, service);
      return { runs: jobRunsOf(tx, stack, service).map((run) => runView(tx, run)) };
    }),
  'job.run': ({ deps, params: { stack, service }, principal, about }) => {
    about(`${stack}/${service}`);
    return deps.store.update((tx) => {
      const { record, cron } = findJob(tx, stack, service);
      if (isLeaving(tx, record)) throw new BerthError('conflict', `service ${service} is being taken away`);
      const runs = jobRunsOf(tx, stack, service);
      const other = runs.find(goesOn);
      if (other !== undefined && cron.overlap !== 'allow')
        throw new BerthError('conflict', `run ${other.number} of ${stack}/${service} goes on`, {
          hint: 'wait for its end, or write allow in berth.cron.overlap',
        });
      const run: JobRun = {
        ...{ kind: 'job-run', stack, service, number: (runs[0]?.number ?? 0) + 1, release: record.release },
        ...{ dueAt: deps.clock.now(), by: principal.user, state: 'starting', reason: '' },
      };
      tx.put('jobRuns', run);
      return runView(tx, run);
    });
  },
};

function jobOf(record: ServiceRecord): Job | undefined {
  const { runs } = record.service;
  return runs.kind === 'cron' ? { record, cron: runs } : undefined;
}

/** @throws BerthError `not_found`; `conflict` where the service has no times */
function findJob(tx: ReadTx, stack: string, service: string): Job {
  const job = jobOf(findService(tx, stack, service));
  if (job !== undefined) return job;
  throw new BerthError('conflict', `service ${stack}/${service} does not run at times`, {
    hint: '"berth job ls" lists those that do; the label berth.cron makes one',
  });
}

function nameOf({ record: { stack, name } }: Job): string {
  return `${stack}/${name}`;
}

function jobView(tx: ReadTx, { record, cron }: Job, now: number): JobView {
  const { stack, name: service } = record;
  const { kind: _, ...times } = cron;
  const runs = jobRunsOf(tx, stack, service);
  const [last] = runs;
  return {
    ...{ ...times, stack, service, image: record.service.container.Image },
    nextAt: isLeaving(tx, record) ? null : (nextDue(cron, now) ?? null),
    running: runs.filter(goesOn).length,
    last: last === undefined ? null : runView(tx, last),
  };
}

function runView(tx: ReadTx, { kind: _, stack: _1, service: _2, hostId, ...run }: JobRun): JobRunView {
  return { ...run, hostName: hostId === undefined ? '' : (tx.get('hosts', hostId)?.name ?? hostId) };
}
