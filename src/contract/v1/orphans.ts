import { z } from 'zod';
import { json, type RouteSpec } from './route.ts';

const orphanSchema = z.object({
  id: z.string(),
  name: z.string(),
  hostId: z.string(),
  hostName: z.string(),
  /** Absent where the host does not know it any more. */
  image: z.string().optional(),
  /** Docker's word; `gone` where there is no such container on the host's engine, `unknown` where its host has yet to say. */
  state: z.string(),
  /** Why it can only be removed; absent where it can be adopted. */
  problem: z.string().optional(),
});
export type OrphanView = z.infer<typeof orphanSchema>;

const params = z.strictObject({
  /** Name, `HOST/NAME`, ID, or an ID's beginning that only one has. */ orphan: z.string().min(1).max(256),
});

/** Containers that run on after a backup of the manager's database was put back, and that it does not know. */
export const orphanRoutes = {
  'orphan.list': {
    method: 'GET',
    path: '/v1/orphans',
    role: 'viewer',
    answer: json(z.object({ orphans: z.array(orphanSchema) })),
  },
  /** The cluster's own again, as its host holds it. */
  'orphan.adopt': {
    method: 'POST',
    path: '/v1/orphans/:orphan/adopt',
    role: 'admin',
    action: 'orphan.adopt',
    params,
    answer: json(orphanSchema),
  },
  /** Its host stops and removes it; volumes stay. */
  'orphan.remove': {
    method: 'DELETE',
    path: '/v1/orphans/:orphan',
    role: 'admin',
    action: 'orphan.remove',
    params,
    answer: json(orphanSchema),
  },
} as const satisfies Record<string, RouteSpec>;
