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
  /** Deletes it, with all that is in it. */
  'volume.remove': {
    method: 'DELETE',
    path: '/v1/volumes/:volume',
    role: 'operator',
    action: 'volume.remove',
    params: z.strictObject({ volume: z.string().min(1).max(256) }),
    answer: json(nothingSchema),
  },
} as const satisfies Record<string, RouteSpec>;
