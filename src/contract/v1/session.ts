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

const credentials = z.strictObject({
  user: z.string().min(1).max(64),
  password: z.string().min(1).max(1024),
});

export const sessionRoutes = {
  'session.login': {
    method: 'POST',
    path: '/v1/login',
    role: 'public',
    action: 'session.login',
    body: credentials,
    answer: json(loggedInSchema),
  },
  /**
   * As `session.login`, for a browser's page: the token goes into a cookie that no script can read, and counts only in
   * requests of the page itself (`Berth-Page: 1`, same origin).
   */
  'session.open': {
    method: 'POST',
    path: '/v1/session',
    role: 'public',
    action: 'session.login',
    body: credentials,
    answer: json(loggedInSchema.omit({ token: true })),
  },
  /** Ends the token with which it is called, and takes the cookie away. */
  'session.close': {
    method: 'DELETE',
    path: '/v1/session',
    role: 'viewer',
    action: 'session.logout',
    answer: json(nothingSchema),
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
