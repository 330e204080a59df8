import { z } from 'zod';
import { labelsSchema } from '../../model/host.ts';
import { json, nothingSchema, type RouteSpec } from './route.ts';

const tokenSchema = z.object({
  id: z.string(),
  createdAt: z.number(),
  createdBy: z.string(),
  /** Milliseconds since the epoch. */
  expiresAt: z.number(),
  usesLeft: z.number(),
  labels: z.record(z.string(), z.string()),
  usedBy: z.array(z.string()),
});
export type JoinTokenView = z.infer<typeof tokenSchema>;

export const joinTokenRoutes = {
  'token.create': {
    method: 'POST',
    path: '/v1/join-tokens',
    role: 'admin',
    action: 'token.create',
    body: z.strictObject({
      uses: z.number().int().min(1).max(10_000).default(1),
      /** Seconds until it ends; one hour unless told, 365 days at most. */
      ttlSeconds: z.number().int().min(1).max(31_536_000).default(3600),
      labels: labelsSchema.default({}),
    }),
    /** `token` and `command` are shown this once. */
    answer: json(tokenSchema.extend({ token: z.string(), command: z.string() })),
  },
  'token.list': {
    method: 'GET',
    path: '/v1/join-tokens',
    role: 'admin',
    answer: json(z.object({ tokens: z.array(tokenSchema) })),
  },
  'token.delete': {
    method: 'DELETE',
    path: '/v1/join-tokens/:id',
    role: 'admin',
    action: 'token.remove',
    params: z.strictObject({ id: z.string().min(1).max(64) }),
    answer: json(nothingSchema),
  },
} as const satisfies Record<string, RouteSpec>;
