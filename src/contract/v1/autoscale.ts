import { z } from 'zod';
import { scaleChangeSchema, scalingByHandSchema, scalingSchema } from '../../model/scaling.ts';
import { json, type RouteSpec } from './route.ts';
import { serviceParams } from './services.ts';

const scaledSchema = z.object({
  stack: z.string(),
  name: z.string(),
  /** Containers that there are to be. */
  current: z.number(),
  scaling: scalingSchema,
  /** Set beside the compose file. */
  byHand: z.boolean(),
  /** What its number would be now, were there no time to wait, and why. */
  wanted: z.number(),
  why: z.string(),
});
export type ScaledView = z.infer<typeof scaledSchema>;

const scaledAnswer = json(scaledSchema.extend({ sentences: z.array(z.string()) }));

const path = '/v1/stacks/:stack/services/:service/autoscale';

export const autoscaleRoutes = {
  /** Services that scale by themselves. */
  'autoscale.list': {
    method: 'GET',
    path: '/v1/autoscale',
    role: 'viewer',
    answer: json(z.object({ services: z.array(scaledSchema) })),
  },
  'autoscale.explain': { method: 'GET', path, role: 'viewer', params: serviceParams, answer: scaledAnswer },
  /** Changes of its number, the newest first. */
  'autoscale.history': {
    method: 'GET',
    path: `${path}/history`,
    role: 'viewer',
    params: serviceParams,
    answer: json(z.object({ changes: z.array(scaleChangeSchema) })),
  },
  /** Goes before what the compose file says, until it is taken away. */
  'autoscale.set': {
    method: 'PUT',
    path,
    role: 'operator',
    action: 'autoscale.set',
    params: serviceParams,
    body: z.strictObject({
      scaling: scalingByHandSchema,
      /** The rules that whoever asks has seen, null where it had none: refused where they are others by now. */
      was: scalingSchema.nullable().optional(),
    }),
    answer: json(z.object({ scaling: scalingByHandSchema })),
  },
  /** What was set by hand; then the compose file's rules count again, where it has some. */
  'autoscale.remove': {
    method: 'DELETE',
    path,
    role: 'operator',
    action: 'autoscale.remove',
    params: serviceParams,
    /** `was` as above. */
    body: z.strictObject({ was: scalingSchema.nullable().optional() }),
    answer: json(z.object({ scaling: scalingSchema.nullable() })),
  },
} as const satisfies Record<string, RouteSpec>;
