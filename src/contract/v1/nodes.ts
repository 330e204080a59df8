import { z } from 'zod';
import { engineInfoSchema, labelKeySchema, labelsSchema } from '../../model/host.ts';
import { json, queryFlag, type RouteSpec } from './route.ts';

/** Thousandths of a core and bytes. */
export const amountSchema = z.object({ cpuMilli: z.number(), memory: z.number() });

/** A host as clients see it: what the cluster decided, what the agent reports, and what is placed on it. */
export const nodeSchema = z.object({
  id: z.string(),
  name: z.string(),
  labels: z.record(z.string(), z.string()),
  cordoned: z.boolean(),
  /** pending, ready, suspect or down; a newer manager may have more words. */
  state: z.string(),
  /** Why it is not ready; empty when it is. */
  reason: z.string(),
  /** Address from which the agent connected. */
  address: z.string(),
  /** Address at which ports published on the host are reached. */
  dataAddress: z.string(),
  agentVersion: z.string(),
  /** Absent until the host has reported. */
  engine: engineInfoSchema.optional(),
  /** Drivers of networks that span hosts; absent where its agent knows of none. */
  networkDrivers: z.record(z.string(), z.object({ usable: z.boolean(), reason: z.string() })).optional(),
  /** Of the network at the data address, bytes. */
  wireMtu: z.number().optional(),
  /** To how many hosts its data path is broken, of those that are not down. */
  brokenPaths: z.number().optional(),
  /** To the hosts with which it shares networks: milliseconds there and back, null where nothing comes. In `node.get` only. */
  paths: z
    .array(
      z.object({
        name: z.string(),
        address: z.string(),
        ms: z.number().nullable(),
        reason: z.string(),
        /** Since when it works, or does not. */
        since: z.number(),
      }),
    )
    .optional(),
  /** Of a host that is down and has lost nothing yet, or not all. In `node.get` only. */
  failover: z
    .object({
      /** Nothing is moved away from it: too many hosts have vanished at once (`node.failover` says that it is gone). */
      held: z.boolean(),
      /** Containers with a fail-over policy that are still assigned to it. */
      waiting: z.array(z.object({ id: z.string(), name: z.string(), reason: z.string() })),
    })
    .optional(),
  /** Whether its router takes requests, and what keeps it from that; left out where none is to run. In `node.get` only. */
  router: z.object({ serving: z.boolean(), error: z.string() }).optional(),
  joinedAt: z.number(),
  /** Milliseconds since the epoch; 0 if never. */
  lastHeardAt: z.number(),
  /** Managed ones are Berth's; the others are shown and never touched. */
  containers: z.object({ managed: z.number(), unmanaged: z.number(), running: z.number() }),
  /** What the containers on it have asked for. */
  reserved: amountSchema,
});
export type Node = z.infer<typeof nodeSchema>;

export const nodeParamsSchema = z.strictObject({
  /** Name, ID, or an ID's beginning that only one has. */ node: z.string().min(1).max(128),
});

const params = nodeParamsSchema;

/** What goes with a host that is removed. */
const removedNodeSchema = z.object({
  id: z.string(),
  name: z.string(),
  lost: z.object({
    containers: z.array(z.object({ id: z.string(), name: z.string(), image: z.string(), state: z.string() })),
    volumes: z.array(z.string()),
    /** Not free for others until they are released: on a VLAN what was left on the host may run on with them. */
    addresses: z.array(z.object({ network: z.string(), ip: z.string() })).optional(),
  }),
});

export const nodeRoutes = {
  'node.list': {
    method: 'GET',
    path: '/v1/nodes',
    role: 'viewer',
    answer: json(z.object({ nodes: z.array(nodeSchema) })),
  },
  'node.get': { method: 'GET', path: '/v1/nodes/:node', role: 'viewer', params, answer: json(nodeSchema) },
  /**
   * Adds and removes labels; a key in both ends up added. With `was`, labels that the caller has seen: where one of those
   * that are added or removed is another by now, nothing is changed (`conflict`).
   */
  'node.label': {
    method: 'PATCH',
    path: '/v1/nodes/:node',
    role: 'admin',
    action: 'node.label',
    params,
    body: z.strictObject({
      add: labelsSchema.optional(),
      was: labelsSchema.optional(),
      remove: z.array(labelKeySchema).max(1000).optional(),
    }),
    answer: json(nodeSchema),
  },
  'node.cordon': {
    method: 'POST',
    path: '/v1/nodes/:node/cordon',
    role: 'admin',
    action: 'node.cordon',
    params,
    answer: json(nodeSchema),
  },
  'node.uncordon': {
    method: 'POST',
    path: '/v1/nodes/:node/uncordon',
    role: 'admin',
    action: 'node.uncordon',
    params,
    answer: json(nodeSchema),
  },
  /** A host that still holds containers or volumes is refused (`conflict`) unless `force`. */
  'node.delete': {
    method: 'DELETE',
    path: '/v1/nodes/:node',
    role: 'admin',
    action: 'node.remove',
    params,
    query: z.strictObject({ force: queryFlag.optional() }),
    answer: json(removedNodeSchema),
  },
} as const satisfies Record<string, RouteSpec>;
