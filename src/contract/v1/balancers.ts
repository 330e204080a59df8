import { z } from 'zod';
import {
  balancerCheckSchema,
  balancerListenSchema,
  balancerNameSchema,
  balancerTargetSchema,
} from '../../model/balancer.ts';
import { json, nothingSchema, type RouteSpec } from './route.ts';

// What rules there are, for pages, which may import no model.
export { ROUTE_FIELDS } from '../../model/route-fields.ts';

const viewSchema = z.object({
  name: z.string(),
  targets: z.array(
    z.object({
      /** `web:80`, `192.0.2.1:80`. */
      name: z.string(),
      weight: z.number(),
      /** Where routers reach it; absent where they do not. */
      address: z.string().optional(),
      /** Why they do not, or why nothing goes there, in a sentence. */
      problem: z.string().optional(),
      /** What ingress hosts say that have asked it in vain. */
      failing: z.array(z.object({ host: z.string(), why: z.string() })),
    }),
  ),
  /** `shop.example.com/api`, `:5432`. */
  listens: z.array(z.string()),
  rules: z.record(z.string(), z.string()),
  sticky: z.boolean(),
  check: z.string(),
  createdAt: z.number(),
  createdBy: z.string(),
});
export type BalancerView = z.infer<typeof viewSchema>;

const params = z.strictObject({ balancer: balancerNameSchema });

/** Balancers: domains and ports that lead to what no service has. */
export const balancerRoutes = {
  'balancer.list': {
    method: 'GET',
    path: '/v1/balancers',
    role: 'viewer',
    answer: json(z.object({ balancers: z.array(viewSchema) })),
  },
  'balancer.create': {
    method: 'POST',
    path: '/v1/balancers',
    role: 'operator',
    action: 'balancer.create',
    body: z.strictObject({ name: balancerNameSchema }),
    answer: json(viewSchema),
  },
  /** All of it in one step, or nothing. */
  'balancer.change': {
    method: 'PATCH',
    path: '/v1/balancers/:balancer',
    role: 'operator',
    action: 'balancer.change',
    params,
    body: z.strictObject({
      /** One that is there already is as given now. */
      attach: z.array(balancerTargetSchema).max(500).default([]),
      /** As they are listed. */
      detach: z.array(z.string().max(300)).max(500).default([]),
      /** By target, as it is listed. */
      weights: z.record(z.string().max(300), z.number().int().min(0).max(100)).default({}),
      listen: z.array(balancerListenSchema).max(200).default([]),
      /** As they are listed. */
      unlisten: z.array(z.string().max(60_000)).max(200).default([]),
      /** Null takes a rule away. */
      rules: z.record(z.string().max(100), z.string().max(100_000).nullable()).default({}),
      sticky: z.boolean().optional(),
      check: balancerCheckSchema.nullable().optional(),
      /** As they were listed for whoever asks; refused where one of them is another by now. */
      was: z
        .strictObject({
          weights: z.record(z.string().max(300), z.number().int()).default({}),
          /** Null: there was none. */
          rules: z.record(z.string().max(100), z.string().max(100_000).nullable()).default({}),
          sticky: z.boolean().optional(),
          check: z.string().max(10_000).optional(),
        })
        .optional(),
    }),
    answer: json(viewSchema),
  },
  'balancer.delete': {
    method: 'DELETE',
    path: '/v1/balancers/:balancer',
    role: 'operator',
    action: 'balancer.delete',
    params,
    answer: json(nothingSchema),
  },
} as const satisfies Record<string, RouteSpec>;
