import { z } from 'zod';
import { fieldChangeSchema, releaseRecordSchema } from '../../model/deployment.ts';
import { updatePolicySchema } from '../../model/service.ts';
import { json, queryNumber, type RouteSpec } from './route.ts';
import { serviceAnswer, serviceParams } from './services.ts';
import { trafficViewSchema } from './traffic.ts';

const releaseSchema = releaseRecordSchema
  .omit({ kind: true, stack: true, service: true, spec: true })
  .extend({ image: z.string() });
export type Release = z.infer<typeof releaseSchema>;

const nextSchema = z.discriminatedUnion('kind', [
  /** Per cent of the requests for the new version. */
  z.object({ kind: z.literal('weight'), weight: z.number() }),
  /** Somebody has to confirm it. */
  z.object({ kind: z.literal('confirm') }),
  /** All requests go to the new version, and the old one goes. */
  z.object({ kind: z.literal('all') }),
]);

const comingSchema = z.discriminatedUnion('kind', [
  /** Somebody has to confirm it, or to take it back. */
  z.object({ kind: z.literal('confirmation') }),
  /** Once its containers are ready. */
  z.object({ kind: z.literal('ready'), next: nextSchema }),
  /** `step` counts from 1; `until` is in milliseconds since the epoch. */
  z.object({
    kind: z.literal('step'),
    ...{ step: z.number(), of: z.number(), until: z.number(), next: nextSchema },
  }),
]);
/** What comes next in a release in which both versions serve. */
export type Coming = z.infer<typeof comingSchema>;

/** The release that whoever asks has seen: refused where another one has begun since. */
const seen = { release: z.number().int().min(1).optional() };

export const releaseRoutes = {
  /** Newest first. */
  'release.history': {
    method: 'GET',
    path: '/v1/stacks/:stack/services/:service/releases',
    role: 'viewer',
    params: serviceParams,
    answer: json(z.object({ releases: z.array(releaseSchema) })),
  },
  /** Begins a new release that is as an earlier one. */
  'release.rollback': {
    method: 'POST',
    path: '/v1/stacks/:stack/services/:service/rollback',
    role: 'operator',
    action: 'release.rollback',
    params: serviceParams,
    body: z.strictObject({
      /** Number of the release; the last one before this that was done, if left out. */
      to: z.number().int().min(1).optional(),
      ...seen,
    }),
    answer: serviceAnswer,
  },
  /** What a rollback would bring back. */
  'release.preview': {
    method: 'GET',
    path: '/v1/stacks/:stack/services/:service/rollback',
    role: 'viewer',
    params: serviceParams,
    /** As in `release.rollback`. */
    query: z.strictObject({ to: queryNumber.optional() }),
    answer: json(
      z.object({
        /** The one that would come back. */
        release: releaseSchema,
        /** Against what is wanted now. */
        changes: z.array(fieldChangeSchema),
      }),
    ),
  },
  'release.pause': {
    method: 'POST',
    path: '/v1/stacks/:stack/services/:service/pause',
    role: 'operator',
    action: 'release.pause',
    params: serviceParams,
    body: z.strictObject(seen),
    answer: serviceAnswer,
  },
  'release.resume': {
    method: 'POST',
    path: '/v1/stacks/:stack/services/:service/resume',
    role: 'operator',
    action: 'release.resume',
    params: serviceParams,
    body: z.strictObject(seen),
    answer: serviceAnswer,
  },
  /** How far the release is that is wanted. */
  'release.status': {
    method: 'GET',
    path: '/v1/stacks/:stack/services/:service/release',
    role: 'viewer',
    params: serviceParams,
    answer: json(
      z.object({
        release: releaseSchema,
        kind: updatePolicySchema.shape.kind,
        /** Why it goes no further now; empty where nothing holds it up. */
        waiting: z.string(),
        /** What comes next, in words; empty where nothing does. */
        next: z.string(),
        /** The same, to be said in other words; left out where nothing does. */
        coming: comingSchema.optional(),
        /** Those that have containers, by the release that these were made for, the newest first. */
        versions: z.array(
          z.object({
            release: z.number(),
            image: z.string(),
            containers: z.number(),
            ready: z.number(),
            /** Per cent of the requests for its version; null where all containers get the same. */
            weight: z.number().nullable(),
            traffic: trafficViewSchema,
          }),
        ),
        /** Names of ingress hosts that have not told of all of the last minute. */
        missing: z.array(z.string()),
      }),
    ),
  },
  /** Of a release in which both versions serve: how many per cent of the requests go to the new one. */
  'release.weight': {
    method: 'POST',
    path: '/v1/stacks/:stack/services/:service/weight',
    role: 'operator',
    action: 'release.weight',
    params: serviceParams,
    body: z.strictObject({
      weight: z.number().int().min(0).max(100),
      /** The share that whoever asks has seen: refused where it is another one by now. */
      was: z.number().int().optional(),
      ...seen,
    }),
    answer: serviceAnswer,
  },
  /** All requests go to the new version, and the old one goes. */
  'release.confirm': {
    method: 'POST',
    path: '/v1/stacks/:stack/services/:service/confirm',
    role: 'operator',
    action: 'release.confirm',
    params: serviceParams,
    body: z.strictObject(seen),
    answer: serviceAnswer,
  },
} as const satisfies Record<string, RouteSpec>;
