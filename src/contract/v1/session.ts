import { z } from 'zod';
import { roleSchema } from '../../model/access.ts';
import { json, nothingSchema, type RouteSpec } from './route.ts';

const whoamiSchema = z.object({
  user: z.string(),
  role: roleSchema,
  /** The door: `socket` (root on the manager) or `api`. */
  via: z.string(),
});

const loggedInSchema = z.object({
  /** Goes into `Authorization: Bearer`. Shown once. */
  token: z.string(),
  user: z.string(),
  role: roleSchema,
  /** Milliseconds since the epoch. */
  expiresAt: z.number(),
});

const versionSchema = z.object({
  version: z.string(),
  /** Name of this set of routes. */
  api: z.literal('v1'),
});

export const sessionRoutes = {
  'session.login': {
    method: 'POST',
    path: '/v1/login',
    role: 'public',
    action: 'session.login',
    body: z.strictObject({ user: z.string().min(1).max(64), password: z.string().min(1).max(1024) }),
    answer: json(loggedInSchema),
  },
  /** Ends the token with which it is called. */
  'session.logout': {
    method: 'POST',
    path: '/v1/logout',
    role: 'viewer',
    action: 'session.logout',
    answer: json(nothingSchema),
  },
  'session.whoami': { method: 'GET', path: '/v1/whoami', role: 'viewer', answer: json(whoamiSchema) },
  'session.version': { method: 'GET', path: '/v1/version', role: 'public', answer: json(versionSchema) },
} as const satisfies Record<string, RouteSpec>;
