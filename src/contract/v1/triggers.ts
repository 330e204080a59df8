import { z } from 'zod';
import { triggerActionSchema, triggeredSchema, triggerNameSchema } from '../../model/trigger.ts';
import { json, nothingSchema, queryNumber, type RouteSpec } from './route.ts';
import { serviceParams } from './services.ts';

const triggerSchema = z.object({
  id: z.string(),
  stack: z.string(),
  service: z.string(),
  name: z.string(),
  action: triggerActionSchema,
  createdAt: z.number(),
  createdBy: z.string(),
  /** When it has done something last, milliseconds since the epoch; null: never. */
  firedAt: z.number().nullable(),
});
export type TriggerView = z.infer<typeof triggerSchema>;

/** Containers more or fewer at a time. */
const MOST_STEP = 100;

export const triggerRoutes = {
  'trigger.create': {
    method: 'POST',
    path: '/v1/stacks/:stack/services/:service/triggers',
    role: 'operator',
    action: 'trigger.create',
    params: serviceParams,
    body: z.strictObject({
      /** As its action is called, unless told. */
      name: triggerNameSchema.optional(),
      action: triggerActionSchema,
    }),
    /** `token`, and `url` that has it, are shown this once. */
    answer: json(triggerSchema.extend({ token: z.string(), url: z.string() })),
  },
  'trigger.list': {
    method: 'GET',
    path: '/v1/triggers',
    role: 'viewer',
    answer: json(z.object({ triggers: z.array(triggerSchema) })),
  },
  'trigger.delete': {
    method: 'DELETE',
    path: '/v1/triggers/:id',
    role: 'operator',
    action: 'trigger.remove',
    params: z.strictObject({ id: z.string().min(1).max(64) }),
    answer: json(nothingSchema),
  },
  /** The URL itself: its token, in the query or as `Authorization: Bearer`, is its log-in. */
  'trigger.fire': {
    method: 'POST',
    path: '/v1/trigger',
    role: 'public',
    action: 'trigger.fire',
    headers: z.object({
      authorization: z.string().max(512).optional(),
      /** A delivery with the key of an earlier one does nothing, and gets its answer. */
      'idempotency-key': z.string().min(1).max(255).optional(),
    }),
    query: z.strictObject({
      id: z.string().max(64).optional(),
      token: z.string().max(256).optional(),
      /** Of a trigger that scales. */
      type: z.enum(['scale_out', 'scale_in']).optional(),
      step: queryNumber
        .refine((step) => step >= 1 && step <= MOST_STEP, { error: `a step is 1 to ${MOST_STEP}` })
        .optional(),
    }),
    /** Webhooks send what they have to say; nothing of it is read. */
    body: z.looseObject({}),
    answer: json(
      z.object({
        /** STACK/SERVICE. */
        service: z.string(),
        trigger: z.string(),
        /** It was the same delivery once more: this is what came of the first one. */
        repeated: z.boolean(),
        did: triggeredSchema,
      }),
    ),
  },
} as const satisfies Record<string, RouteSpec>;
