import { z } from 'zod';
import { nodeParamsSchema, nodeSchema } from './nodes.ts';
import { json, type RouteSpec } from './route.ts';

const containerSchema = z.object({ id: z.string(), name: z.string(), /** Host's name. */ from: z.string() });
const moveSchema = containerSchema.extend({ /** Host's name. */ to: z.string() });

/** Containers that get another host: a plan, or how far it has come. */
const movesSchema = z.object({
  /** planned: only looked at · running · done · none: nothing was asked for since the manager started. */
  state: z.enum(['planned', 'running', 'done', 'none']),
  /** Will move, or are moving. */
  waiting: z.array(moveSchema),
  moved: z.array(moveSchema),
  /** Those that stay, and why. */
  stays: z.array(containerSchema.extend({ reason: z.string() })),
});
export type Moves = z.infer<typeof movesSchema>;

const body = z.strictObject({ /** Only tells what would be done. */ dryRun: z.boolean().default(false) });

export const moveRoutes = {
  /** Cordons the host and begins to move its containers away; ask again with `node.drained` how far it has come. */
  'node.drain': {
    method: 'POST',
    path: '/v1/nodes/:node/drain',
    role: 'admin',
    action: 'node.drain',
    params: nodeParamsSchema,
    body: body.extend({
      /** With `dryRun`: names or IDs of hosts that will take nothing either, because they are drained next. */
      without: z.array(z.string()).default([]),
    }),
    answer: json(movesSchema),
  },
  'node.drained': {
    method: 'GET',
    path: '/v1/nodes/:node/drain',
    role: 'viewer',
    params: nodeParamsSchema,
    answer: json(movesSchema),
  },
  /** The host is gone, though it vanished together with too many others: its containers with a policy move. */
  'node.failover': {
    method: 'POST',
    path: '/v1/nodes/:node/failover',
    role: 'admin',
    action: 'node.failover',
    params: nodeParamsSchema,
    answer: json(nodeSchema),
  },
  /** Begins the fewest moves that level the hosts. */
  'cluster.rebalance': {
    method: 'POST',
    path: '/v1/rebalance',
    role: 'admin',
    action: 'cluster.rebalance',
    body,
    answer: json(movesSchema),
  },
  'cluster.rebalanced': { method: 'GET', path: '/v1/rebalance', role: 'viewer', answer: json(movesSchema) },
} as const satisfies Record<string, RouteSpec>;
