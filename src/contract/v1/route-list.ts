import { z } from 'zod';
import { routeOptionsSchema } from '../../model/route-options.ts';
import { json, queryFlag, type RouteSpec } from './route.ts';
import { trafficViewSchema } from './traffic.ts';

/** How requests are treated, without what is secret of it. */
const shownOptionsSchema = routeOptionsSchema.omit({ auth: true }).extend({
  /** How many names may log in; absent: nobody is asked for one. */
  users: z.number().optional(),
  /** Requests with the same cookie go to the same container. */
  sticky: z.boolean(),
});
export type RouteOptionsView = z.infer<typeof shownOptionsSchema>;

const routeViewSchema = z.object({
  /** `shop.example.com/api`; `:5432` for a port of the ingress hosts. */
  name: z.string(),
  /** STACK/SERVICE; of a balancer's absent. */
  service: z.string().optional(),
  /** Of its containers; targets of balancers have ports of their own. */
  port: z.number().optional(),
  /** The balancer that has it, where that is no service. */
  balancer: z.string().optional(),
  /** Of a domain: name of the certificate that ingress hosts show; absent where they have none, or listen for no TLS. */
  certificate: z.string().optional(),
  options: shownOptionsSchema.default({ sticky: false }),
  /** Containers, or targets, that requests go to; without targets that fail their checks. */
  ready: z.number(),
  /** Of the last minute, over all routers; what the router answered itself as well. Names of one service may share it. */
  traffic: trafficViewSchema,
  /** One for each release that has containers, the newest first; of a balancer one without a number. */
  pools: z.array(
    z.object({
      release: z.number().optional(),
      /** Share of requests, in relation to the other pools. */
      weight: z.number(),
      traffic: trafficViewSchema,
      /** Where routers reach the containers, or targets (a name that they look up is one); `maint` is one that leaves. */
      servers: z.array(z.object({ address: z.string(), port: z.number(), state: z.string() })),
    }),
  ),
});
export type RouteView = z.infer<typeof routeViewSchema>;

export const routeListRoutes = {
  'route.list': {
    method: 'GET',
    path: '/v1/routes',
    role: 'viewer',
    query: z.strictObject({
      /** The one of that name. */
      name: z.string().min(1).max(1_400).optional(),
      /** Without `pools`: of ten thousand routes they are the most. */
      brief: queryFlag.optional(),
    }),
    answer: json(
      z.object({
        routes: z.array(routeViewSchema),
        /** Hosts that domains have to lead to. */
        ingress: z.array(
          z.object({ host: z.string(), address: z.string(), serving: z.boolean(), error: z.string() }),
        ),
        /** Names of ingress hosts that have not told of all of the last minute: their requests are not in the figures. */
        missing: z.array(z.string()),
      }),
    ),
  },
} as const satisfies Record<string, RouteSpec>;
