import { z } from 'zod';
import {
  fieldChangeSchema,
  releaseRecordSchema,
  releaseStateSchema,
  serviceStatusSchema,
} from '../../model/deployment.ts';
import { scaleChangeSchema } from '../../model/scaling.ts';
import { serviceSchema } from '../../model/service.ts';
import { STACK_NAME, stackSchema } from '../../model/stack.ts';
import { stackSourceSchema } from '../../model/stack-source.ts';
import { json, lines, nothingSchema, queryFlag, queryNumber, type RouteSpec } from './route.ts';

export const stackParams = z.strictObject({
  stack: z.string().regex(STACK_NAME, { error: (issue) => `"${String(issue.input)}" is no name of a stack` }),
});
export const serviceParams = stackParams.extend({ service: z.string().min(1).max(128) });

const itemSchema = z.object({
  kind: z.enum(['service', 'external', 'network', 'volume', 'config', 'secret']),
  key: z.string(),
});

/** What a deployment changes. */
export const diffSchema = z.object({
  created: z.array(itemSchema),
  changed: z.array(z.object({ item: itemSchema, fields: z.array(fieldChangeSchema) })),
  removed: z.array(itemSchema),
});

/** What a deployment has done, or would do. */
export const deployedSchema = z.object({
  diff: diffSchema,
  /** What the cluster does not do of it, one sentence each. */
  warnings: z.array(z.string()),
  /** Releases that began with it. */
  releases: z.array(z.object({ service: z.string(), number: z.number() })),
  /** Of the stack, now; 0 where there is none. */
  generation: z.number().default(0),
});

/** Generation of the stack that the caller has seen, 0 for none: where it is another one the answer is a conflict. */
export const expectSchema = z.number().int().min(0).optional();

const serviceViewSchema = serviceStatusSchema.omit({ kind: true, stack: true, name: true }).extend({
  stack: z.string(),
  name: z.string(),
  /** Why it is not whole though there was time enough, in one line; left out otherwise. It is tried on. */
  overdue: z.string().optional(),
  /** Of a release in which both versions serve: until when it is as it is, and what comes then; left out otherwise. */
  next: z.string().optional(),
  image: z.string(),
  /** `cron`: a job that runs at its times; `berth job ls` has these. */
  mode: z.enum(['replicated', 'global', 'job', 'cron']),
  /** Number of containers that was set by hand, or that it has come to by itself; null: as the compose file says. */
  scale: z.number().nullable(),
  /** Between which numbers it scales by itself; null where it does not. */
  scaling: z.object({ min: z.number(), max: z.number() }).nullish(),
  release: z.object({ number: z.number(), state: releaseStateSchema, reason: z.string() }),
  removing: z.boolean(),
});
export type ServiceView = z.infer<typeof serviceViewSchema>;

const stackViewSchema = z.object({
  name: z.string(),
  generation: z.number(),
  at: z.number(),
  by: z.string(),
  removing: z.boolean(),
  services: z.array(serviceViewSchema),
});
export type StackView = z.infer<typeof stackViewSchema>;

const memberSchema = z.object({
  id: z.string(),
  name: z.string(),
  service: z.string(),
  index: z.number(),
  release: z.number(),
  hostId: z.string(),
  hostName: z.string(),
  image: z.string(),
  /** Docker's word, `pending` where the host has not reported it, `leaving` on its way out. */
  state: z.string(),
  /** `none` where it has no health check. */
  health: z.string(),
  /** Milliseconds since the epoch; 0 where it never ran. */
  startedAt: z.number(),
  /** What its host's engine said when it refused it. */
  refusal: z.string(),
});
export type ServiceMember = z.infer<typeof memberSchema>;

/** Seconds since the epoch, with at most nine decimals: as engines take a point in time. */
export const momentSchema = z
  .string()
  .regex(/^\d{1,12}(\.\d{1,9})?$/, { error: (issue) => `"${String(issue.input)}" is no time in seconds` });

export const logItemSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('line'),
    container: z.string(),
    service: z.string(),
    hostName: z.string(),
    /** Of containers with a terminal all is `stdout`. */
    stream: z.enum(['stdout', 'stderr']),
    /** RFC 3339, nanoseconds. */
    at: z.string(),
    /** Without its end; control characters are as the container wrote them. */
    text: z.string(),
  }),
  /** Something of which there are no lines, and why. */
  z.object({ kind: z.literal('note'), text: z.string() }),
]);
export type LogItem = z.infer<typeof logItemSchema>;

/** Something that somebody, or the cluster by itself, has done to a service. */
const stackChangeSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('release'),
    /** Milliseconds since the epoch. */
    at: z.number(),
    by: z.string(),
    service: z.string(),
    ...releaseRecordSchema.pick({ number: true, cause: true, state: true, reason: true }).shape,
  }),
  z.object({
    kind: z.literal('scale'),
    at: z.number(),
    by: z.string(),
    service: z.string(),
    ...scaleChangeSchema.pick({ from: true, to: true, why: true }).shape,
  }),
]);
export type StackChange = z.infer<typeof stackChangeSchema>;

const membersAnswer = json(z.object({ containers: z.array(memberSchema) }));
export const serviceAnswer = json(serviceViewSchema);

export const serviceRoutes = {
  'stack.list': {
    method: 'GET',
    path: '/v1/stacks',
    role: 'viewer',
    answer: json(z.object({ stacks: z.array(stackViewSchema) })),
  },
  /** The stack as it is deployed; of configs and secrets only their IDs. */
  'stack.get': {
    method: 'GET',
    path: '/v1/stacks/:stack',
    role: 'viewer',
    params: stackParams,
    answer: json(stackViewSchema.extend({ spec: stackSchema })),
  },
  /** Answers once it is written down; `stack.get` and the events tell how far it has come. */
  'stack.deploy': {
    method: 'PUT',
    path: '/v1/stacks/:stack',
    role: 'operator',
    action: 'stack.deploy',
    params: stackParams,
    body: z.strictObject({
      /** As `berth stack config --model` prints it, with secrets. */
      spec: stackSchema,
      /** Only tells what would change. */
      dryRun: z.boolean().default(false),
      expect: expectSchema,
      /** The files that it was read from: with these it can be edited where it is shown. */
      source: stackSourceSchema.optional(),
    }),
    /** Its configs and secrets come with it. */
    mostBody: 16 * 1024 * 1024,
    answer: json(deployedSchema),
  },
  /** Containers and networks go, volumes stay. */
  'stack.remove': {
    method: 'DELETE',
    path: '/v1/stacks/:stack',
    role: 'operator',
    action: 'stack.remove',
    params: stackParams,
    answer: json(nothingSchema),
  },
  'stack.ps': {
    method: 'GET',
    path: '/v1/stacks/:stack/containers',
    role: 'viewer',
    params: stackParams,
    answer: membersAnswer,
  },
  /** What its containers have written, in the order of time; with `follow` also what they write from now on. */
  'stack.logs': {
    method: 'GET',
    path: '/v1/stacks/:stack/logs',
    role: 'viewer',
    params: stackParams,
    query: z.strictObject({
      /** Of this service only. */
      service: z.string().min(1).max(128).optional(),
      follow: queryFlag.optional(),
      /** Only so many of each container's newest lines; all, if left out. */
      tail: queryNumber.optional(),
      since: momentSchema.optional(),
      until: momentSchema.optional(),
    }),
    answer: lines(logItemSchema),
  },
  /** Releases and changes of numbers of all its services that are still known, the newest first; 500 at most. */
  'stack.history': {
    method: 'GET',
    path: '/v1/stacks/:stack/history',
    role: 'viewer',
    params: stackParams,
    answer: json(z.object({ changes: z.array(stackChangeSchema) })),
  },
  'service.get': {
    method: 'GET',
    path: '/v1/stacks/:stack/services/:service',
    role: 'viewer',
    params: serviceParams,
    answer: json(serviceViewSchema.extend({ spec: serviceSchema })),
  },
  'service.ps': {
    method: 'GET',
    path: '/v1/stacks/:stack/services/:service/containers',
    role: 'viewer',
    params: serviceParams,
    answer: membersAnswer,
  },
  'service.scale': {
    method: 'POST',
    path: '/v1/stacks/:stack/services/:service/scale',
    role: 'operator',
    action: 'service.scale',
    params: serviceParams,
    body: z.strictObject({
      replicas: z.number().int().min(0).max(10_000),
      /** The number that whoever asks has seen: refused where it is another one by now. */
      was: z.number().int().optional(),
    }),
    answer: serviceAnswer,
  },
  /** What another number of its containers would make and take away, and where; nothing is done. */
  'service.plan': {
    method: 'GET',
    path: '/v1/stacks/:stack/services/:service/plan',
    role: 'viewer',
    params: serviceParams,
    query: z.strictObject({ replicas: queryNumber.pipe(z.number().max(10_000)) }),
    answer: json(
      z.object({
        /** Its host is absent where it would find none. */
        coming: z.array(z.object({ name: z.string(), host: z.string().optional() })),
        leaving: z.array(z.object({ id: z.string(), name: z.string(), host: z.string() })),
        /** Why some would find no host; empty where all do. */
        refusal: z.string(),
      }),
    ),
  },
  /** Makes its containers anew, by the service's own update policy. */
  'service.restart': {
    method: 'POST',
    path: '/v1/stacks/:stack/services/:service/restart',
    role: 'operator',
    action: 'service.restart',
    params: serviceParams,
    answer: serviceAnswer,
  },
} as const satisfies Record<string, RouteSpec>;
