import { z } from 'zod';
import { STACK_NAME } from '../../model/stack.ts';
import { json, nothingSchema, type RouteSpec } from './route.ts';

const volumeViewSchema = z.object({
  /** Of one that was made past the cluster with its host before it: `h1/data`. */
  name: z.string(),
  driver: z.string(),
  /** One, but for a volume that spans hosts; none while no host has it. */
  hostNames: z.array(z.string()),
  /** The stack whose file it is from, and its key there; empty for others. */
  stack: z.string(),
  key: z.string(),
  /** Containers that mount it, running or not. */
  users: z.array(z.string()),
});
export type VolumeView = z.infer<typeof volumeViewSchema>;

const mountSchema = z.object({
  /** Cluster ID of the container, or the engine's for one that Berth did not make. */
  id: z.string(),
  name: z.string(),
  hostName: z.string(),
  /** Docker's word; `pending` where its host has not reported it yet. */
  state: z.string(),
  /** Where it is in the container; empty where that is not reported yet. */
  path: z.string(),
  readOnly: z.boolean(),
});
export type VolumeMount = z.infer<typeof mountSchema>;

const volumeDetailSchema = volumeViewSchema.extend({
  /** Made through the cluster. */
  managed: z.boolean(),
  /** Containers on any host may have it. */
  spansHosts: z.boolean(),
  /** On its host; empty where no host has it yet, or it spans them. */
  mountpoint: z.string(),
  /** RFC 3339, or empty. */
  createdAt: z.string(),
  createdBy: z.string(),
  options: z.record(z.string(), z.string()),
  labels: z.record(z.string(), z.string()),
  mounts: z.array(mountSchema),
});
export type VolumeDetail = z.infer<typeof volumeDetailSchema>;

const params = z.strictObject({ /** Name, or `host/name`. */ volume: z.string().min(1).max(256) });
const text = z.string().max(4096);

export const volumeRoutes = {
  'volume.list': {
    method: 'GET',
    path: '/v1/volumes',
    role: 'viewer',
    query: z.strictObject({
      /** Only those from its file, also from an earlier one, and when the stack is gone. */
      stack: z.string().regex(STACK_NAME).optional(),
    }),
    answer: json(z.object({ volumes: z.array(volumeViewSchema) })),
  },
  'volume.get': {
    method: 'GET',
    path: '/v1/volumes/:volume',
    role: 'viewer',
    params,
    answer: json(volumeDetailSchema),
  },
  /** As `docker volume create`: a host gets it with its first container; `host/name` makes one on that host. */
  'volume.create': {
    method: 'POST',
    path: '/v1/volumes',
    role: 'operator',
    action: 'volume.create',
    body: z.strictObject({
      name: z.string().min(1).max(256),
      /** `local` where it is left out. */
      driver: z.string().max(256).optional(),
      options: z.record(z.string().max(256), text).optional(),
      labels: z.record(z.string().max(256), text).optional(),
    }),
    answer: json(nothingSchema),
  },
  /** Deletes it, with all that is in it. */
  'volume.remove': {
    method: 'DELETE',
    path: '/v1/volumes/:volume',
    role: 'operator',
    action: 'volume.remove',
    params,
    answer: json(nothingSchema),
  },
} as const satisfies Record<string, RouteSpec>;
