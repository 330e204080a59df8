import { z } from 'zod';
import { cronSchema, jobRunSchema } from '../../model/cron.ts';
import { json, type RouteSpec } from './route.ts';
import { serviceParams } from './services.ts';

const runSchema = jobRunSchema
  .omit({ kind: true, stack: true, service: true, hostId: true })
  .extend({ hostName: z.string() });
export type JobRunView = z.infer<typeof runSchema>;

const jobSchema = cronSchema.omit({ kind: true }).extend({
  stack: z.string(),
  service: z.string(),
  image: z.string(),
  /** Milliseconds since the epoch; null where the job is being taken away. */
  nextAt: z.number().nullable(),
  /** Runs that go on. */
  running: z.number(),
  /** The newest one; null before the first. */
  last: runSchema.nullable(),
});
export type JobView = z.infer<typeof jobSchema>;

export const jobRoutes = {
  /** Services that run at their times. */
  'job.list': {
    method: 'GET',
    path: '/v1/jobs',
    role: 'viewer',
    answer: json(z.object({ jobs: z.array(jobSchema) })),
  },
  /** Newest first. */
  'job.history': {
    method: 'GET',
    path: '/v1/stacks/:stack/services/:service/runs',
    role: 'viewer',
    params: serviceParams,
    answer: json(z.object({ runs: z.array(runSchema) })),
  },
  /** Begins a run now, beside its times; the history tells how it goes. */
  'job.run': {
    method: 'POST',
    path: '/v1/stacks/:stack/services/:service/runs',
    role: 'operator',
    action: 'job.run',
    params: serviceParams,
    answer: json(runSchema),
  },
} as const satisfies Record<string, RouteSpec>;
