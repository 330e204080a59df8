import { z } from 'zod';
import { EXPOSITION_TYPE } from '../../kit/exposition.ts';
import {
  CLUSTER_FIGURES,
  CONTAINER_FIGURES,
  HOST_FIGURES,
  MOST_FIGURES_MS,
  ROUTE_FIGURES,
  SCALING_FIGURES,
  SERVICE_FIGURES,
} from '../../model/figures.ts';
import { amountSchema, nodeParamsSchema } from './nodes.ts';
import { json, queryFlag, queryNumber, type RouteSpec } from './route.ts';
import { serviceParams } from './services.ts';

/** A moment that explains what figures do. `at`: milliseconds since the epoch; `subject`: a container, STACK/SERVICE or host. */
const markSchema = z.object({
  at: z.number(),
  kind: z.enum([
    'release', // `number` began, to which `rollback` goes back
    'rollback',
    'weight', // `to` so many per cent of the requests go to that release
    'stopped', // that release goes no further, for the `reason`
    'confirmed', // all requests go to that release
    'scaling', // `from` so many containers `to` so many, `by` a user or the autoscaler
    'failover', // the container was moved away from a host that is down, from `fromHost` to `toHost`
    'move', // it was moved as planned
    'host-down',
    'host-back',
  ]),
  subject: z.string(),
  number: z.number().optional(),
  from: z.number().optional(),
  to: z.number().optional(),
  by: z.string().optional(),
  fromHost: z.string().optional(),
  toHost: z.string().optional(),
  reason: z.string().optional(),
});
export type Mark = z.infer<typeof markSchema>;

/** Points are `stepMs` apart from `from` on; null where nothing was measured. All times are the manager's. */
const frame = {
  from: z.number(),
  stepMs: z.number(),
  marks: z.array(markSchema),
  /** Why nothing is measured now, in a sentence; empty where it is. */
  silent: z.string(),
};

function columns<const N extends string>(names: readonly N[]) {
  const column = z.array(z.number().nullable());
  return z.object(Object.fromEntries(names.map((name) => [name, column])) as Record<N, typeof column>);
}

function charted<const N extends string>(names: readonly N[]) {
  return z.object({ ...frame, series: columns(names) });
}

const query = z.strictObject({
  /** So many seconds up to now, six hours at most; the longer, the further apart are the points. */
  window: queryNumber
    .pipe(
      z
        .number()
        .min(60)
        .max(MOST_FIGURES_MS / 1000),
    )
    .optional(),
});

const limits = { coreLimit: z.number(), memoryLimit: z.number() };

export const metricRoutes = {
  'metrics.cluster': {
    method: 'GET',
    path: '/v1/metrics',
    role: 'viewer',
    query,
    answer: json(charted(CLUSTER_FIGURES)),
  },
  /** What each host uses now, of all of its processes; hosts that have told nothing of late are left out. */
  'metrics.hosts': {
    method: 'GET',
    path: '/v1/node-metrics',
    role: 'viewer',
    answer: json(z.object({ hosts: z.array(amountSchema.extend({ /** Its ID. */ host: z.string() })) })),
  },
  'metrics.host': {
    method: 'GET',
    path: '/v1/nodes/:node/metrics',
    role: 'viewer',
    params: nodeParamsSchema,
    query,
    answer: json(
      charted(HOST_FIGURES).extend({
        /** What there is of it now; 0 where that is not known. */
        cores: z.number(),
        memorySize: z.number(),
        dockerDiskSize: z.number(),
      }),
    ),
  },
  /** `coreLimit` and `memoryLimit`: what it may use; 0 is all there is. */
  'metrics.container': {
    method: 'GET',
    path: '/v1/containers/:container/metrics',
    role: 'viewer',
    params: z.strictObject({ container: z.string().min(1).max(256) }),
    query,
    answer: json(charted(CONTAINER_FIGURES).extend(limits)),
  },
  /** Sums over its containers; `containers` is how many were measured. */
  'metrics.service': {
    method: 'GET',
    path: '/v1/stacks/:stack/services/:service/metrics',
    role: 'viewer',
    params: serviceParams,
    query,
    answer: json(charted(SERVICE_FIGURES)),
  },
  /** What its rules have looked at, of averages over their period, and how many containers it was to have. */
  'metrics.scaling': {
    method: 'GET',
    path: '/v1/stacks/:stack/services/:service/autoscale/metrics',
    role: 'viewer',
    params: serviceParams,
    query,
    answer: json(charted(SCALING_FIGURES)),
  },
  /** What goes through a route, over all routers; `p50` and `p95` are of what containers answered. */
  'metrics.route': {
    method: 'GET',
    path: '/v1/route-metrics',
    role: 'viewer',
    query: query.extend({ /** As `route.list` has it. */ name: z.string().min(1).max(1_400) }),
    answer: json(charted(ROUTE_FIGURES)),
  },
  /** How the releases of a service have answered on all of its routes, those that did within the time, the newest first. */
  'metrics.releases': {
    method: 'GET',
    path: '/v1/stacks/:stack/services/:service/release-metrics',
    role: 'viewer',
    params: serviceParams,
    query,
    answer: json(
      z.object({
        ...frame,
        releases: z.array(z.object({ release: z.number(), series: columns(ROUTE_FIGURES) })),
      }),
    ),
  },
  /** For Prometheus, in its text format; `docs/guide/metrics.md` has what is in it. */
  'metrics.scrape': {
    method: 'GET',
    path: '/metrics',
    role: 'viewer',
    query: z.strictObject({
      /** False leaves out what is told of each container. */
      containers: queryFlag.optional(),
    }),
    answer: { type: 'text', contentType: EXPOSITION_TYPE },
  },
} as const satisfies Record<string, RouteSpec>;
