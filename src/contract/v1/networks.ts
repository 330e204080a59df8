import { z } from 'zod';
import { json, nothingSchema, type RouteSpec } from './route.ts';

const networkSchema = z.object({
  id: z.string(),
  /** Of one that a host has of its own: `h1/bridge`. */
  name: z.string(),
  driver: z.string(),
  /** cluster: one network over all hosts · host: on one host only. */
  scope: z.enum(['cluster', 'host']),
  /** Made through the cluster. */
  managed: z.boolean(),
  /** Every engine has it of its own. */
  builtIn: z.boolean(),
  internal: z.boolean(),
  encrypted: z.boolean(),
  subnets: z.array(z.string()),
  /** Hosts with a container in it; of one on one host, that host. */
  hostNames: z.array(z.string()),
  /** How many containers are connected to it. */
  containers: z.number(),
  /** The stack whose file it is from; empty for others. */
  stack: z.string(),
  /** What the pools of one that spans hosts have, and how much of that is not free. A size may be more than 2^53: it is text. */
  addresses: z.object({ size: z.string(), taken: z.number() }).optional(),
});
export type NetworkView = z.infer<typeof networkSchema>;

const memberSchema = z.object({
  /** Cluster ID, or the engine's for one that Berth did not make. */
  id: z.string(),
  name: z.string(),
  hostName: z.string(),
  /** Docker's word; `pending` where its host has not reported it yet. */
  state: z.string(),
  ipv4: z.string().optional(),
  ipv6: z.string().optional(),
  mac: z.string(),
  /** The names that it answers to in this network. */
  names: z.array(z.string()),
});
export type NetworkMember = z.infer<typeof memberSchema>;

const poolSchema = z.object({
  subnet: z.string(),
  /** The part of it that addresses are taken from, where it is not all of it. */
  range: z.string().optional(),
  gateway: z.string().optional(),
});

const detailSchema = networkSchema.extend({
  pools: z.array(poolSchema),
  /** Bytes; 0 where that is its engine's own choice. */
  mtu: z.number(),
  vni: z.number().optional(),
  vlanId: z.number().optional(),
  backend: z.string().optional(),
  uplink: z.string().optional(),
  labels: z.record(z.string(), z.string()),
  createdAt: z.string(),
  createdBy: z.string(),
  members: z.array(memberSchema),
});
export type NetworkDetail = z.infer<typeof detailSchema>;

/** What the reachability test looks at, in this order. */
const STEPS = ['running', 'network', 'address', 'name', 'path', 'listening', 'connection'] as const;

const stepSchema = z.object({
  id: z.enum(STEPS),
  /** unknown: it could not be found out · skipped: it was not looked at, after what was found before. */
  state: z.enum(['ok', 'failed', 'unknown', 'skipped']),
  /** What was found, in a sentence; empty where it was skipped. */
  text: z.string(),
  /** What to do about it. */
  hint: z.string().optional(),
});
export type ReachStep = Readonly<z.infer<typeof stepSchema>>;

const endSchema = z.object({ id: z.string(), name: z.string(), hostName: z.string() });

const reachSchema = z.object({
  /** reached: a connection came about, or an answer · unknown: nothing is wrong, but not all could be looked at. */
  verdict: z.enum(['reached', 'broken', 'unknown']),
  from: endSchema,
  to: endSchema,
  /** The network that they have in common. */
  network: z.string().optional(),
  /** Where the other one was tried to be reached. */
  address: z.string().optional(),
  port: z.number().optional(),
  steps: z.array(stepSchema),
});
export type ReachResult = Readonly<z.infer<typeof reachSchema>>;

const params = z.strictObject({
  /** Name, ID, `host/name`, or an ID's beginning that only one has. */
  network: z.string().min(1).max(256),
});
const container = z.string().min(1).max(256);
const text = z.string().max(256);

export const networkRoutes = {
  'network.list': {
    method: 'GET',
    path: '/v1/networks',
    role: 'viewer',
    answer: json(z.object({ networks: z.array(networkSchema) })),
  },
  'network.get': {
    method: 'GET',
    path: '/v1/networks/:network',
    role: 'viewer',
    params,
    answer: json(detailSchema),
  },
  /** As `docker network create`; `host/name` makes one on that host. */
  'network.create': {
    method: 'POST',
    path: '/v1/networks',
    role: 'operator',
    action: 'network.create',
    body: z.strictObject({
      name: z.string().min(1).max(128),
      /** The cluster's own where it is left out. */
      driver: z.string().max(64).optional(),
      /** One is chosen where there is none. */
      pools: z
        .array(z.strictObject({ subnet: text, range: text.optional(), gateway: text.optional() }))
        .max(16)
        .optional(),
      ipv6: z.boolean().optional(),
      /** No way out, and no published ports. */
      internal: z.boolean().optional(),
      /** Of its driver, as `docker network create --opt` has them. */
      options: z.record(text, text).optional(),
      labels: z.record(text, z.string().max(4096)).optional(),
    }),
    answer: json(z.object({ id: z.string() })),
  },
  /** Whether one container reaches another one, and if not, where it breaks; answered within 15 seconds. */
  'network.test': {
    method: 'POST',
    path: '/v1/network-tests',
    role: 'operator',
    action: 'network.test',
    body: z.strictObject({
      from: container,
      to: container,
      /** TCP; without it only whether the other one answers at all. */
      port: z.number().int().min(1).max(65_535).optional(),
    }),
    answer: json(reachSchema),
  },
  'network.remove': {
    method: 'DELETE',
    path: '/v1/networks/:network',
    role: 'operator',
    action: 'network.remove',
    params,
    answer: json(nothingSchema),
  },
  'network.connect': {
    method: 'POST',
    path: '/v1/networks/:network/containers',
    role: 'operator',
    action: 'network.connect',
    params,
    body: z.strictObject({
      container,
      /** The address to have; a free one where it is left out. */
      ip: z.string().max(64).optional(),
      /** Further names in this network. */
      aliases: z.array(z.string().min(1).max(253)).max(32).optional(),
    }),
    answer: json(nothingSchema),
  },
  'network.disconnect': {
    method: 'DELETE',
    path: '/v1/networks/:network/containers/:container',
    role: 'operator',
    action: 'network.disconnect',
    params: params.extend({ container }),
    answer: json(nothingSchema),
  },
} as const satisfies Record<string, RouteSpec>;
