import { z } from 'zod';
import { json, type RouteSpec } from './route.ts';

const routeViewSchema = z.object({
  /** `shop.example.com/api`; `:5432` for a port of the ingress hosts. */
  name: z.string(),
  /** STACK/SERVICE. */
  service: z.string(),
  /** Of its containers. */
  port: z.number(),
  /** Containers that requests go to. */
  ready: z.number(),
  /** One for each release that has containers, the newest first. */
  pools: z.array(
    z.object({
      release: z.number(),
      /** Share of requests, in relation to the other pools. */
      weight: z.number(),
      /** Where routers reach the containers; `maint` is one that leaves. */
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
    answer: json(
      z.object({
        routes: z.array(routeViewSchema),
        /** Hosts that domains have to lead to. */
        ingress: z.array(
          z.object({ host: z.string(), address: z.string(), serving: z.boolean(), error: z.string() }),
        ),
      }),
    ),
  },
} as const satisfies Record<string, RouteSpec>;
