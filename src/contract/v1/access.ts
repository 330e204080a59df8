import { z } from 'zod';
import { roleSchema, userNameSchema } from '../../model/access.ts';
import { json, nothingSchema, queryFlag, type RouteSpec } from './route.ts';

const userSchema = z.object({
  name: z.string(),
  role: roleSchema,
  createdAt: z.number(),
  /** From where too many wrong passwords have come: no log-in from there until then. */
  locks: z.array(z.object({ from: z.string(), until: z.number() })).default([]),
  /** Issuer of the account that the user is; absent for those whom an admin has made. */
  provider: z.string().optional(),
  /** True where that has said that the account has no role here any more: nothing of the user is taken. */
  shutOut: z.boolean().optional(),
});
export type UserView = z.infer<typeof userSchema>;

const passwordSchema = z
  .string()
  .min(10, { error: 'a password has at least 10 characters' })
  .max(1024, { error: 'a password has at most 1024 characters' });

const userParams = z.strictObject({ user: z.string().min(1).max(64) });

const apiTokenSchema = z.object({
  id: z.string(),
  user: z.string(),
  role: roleSchema,
  name: z.string(),
  createdAt: z.number(),
  /** Milliseconds since the epoch; absent: it does not end. */
  expiresAt: z.number().optional(),
  /** True for one that a log-in made. */
  session: z.boolean(),
  /** True for the one that this was asked with. */
  current: z.boolean().optional(),
});
export type ApiTokenView = z.infer<typeof apiTokenSchema>;

export const accessRoutes = {
  'user.list': {
    method: 'GET',
    path: '/v1/users',
    role: 'admin',
    answer: json(z.object({ users: z.array(userSchema) })),
  },
  'user.create': {
    method: 'POST',
    path: '/v1/users',
    role: 'admin',
    action: 'user.create',
    body: z.strictObject({
      name: userNameSchema,
      role: roleSchema,
      /** Made up and shown once in the answer where it is left out. */
      password: passwordSchema.optional(),
    }),
    answer: json(userSchema.extend({ password: z.string().optional() })),
  },
  'user.role': {
    method: 'PATCH',
    path: '/v1/users/:user',
    role: 'admin',
    action: 'user.role',
    params: userParams,
    body: z.strictObject({
      role: roleSchema,
      /** The role that whoever asks has seen: refused where it is another one by now. */
      was: roleSchema.optional(),
    }),
    answer: json(userSchema),
  },
  /** Everyone may set their own (with `current`), an admin anyone's. Ends the user's log-ins. */
  'user.password': {
    method: 'PUT',
    path: '/v1/users/:user/password',
    role: 'viewer',
    action: 'user.password',
    params: userParams,
    body: z.strictObject({
      /** Made up and shown once in the answer where it is left out. */
      password: passwordSchema.optional(),
      /** The password until now: asked of whoever is not an admin, and checked wherever it is given. */
      current: z.string().max(1024).optional(),
    }),
    answer: json(z.object({ password: z.string().optional() })),
  },
  /** Log-ins may be tried at once again, from wherever they were locked. */
  'user.unlock': {
    method: 'POST',
    path: '/v1/users/:user/unlock',
    role: 'admin',
    action: 'user.unlock',
    params: userParams,
    answer: json(nothingSchema),
  },
  /** Takes the user's API tokens and log-ins with it. The last admin stays. */
  'user.delete': {
    method: 'DELETE',
    path: '/v1/users/:user',
    role: 'admin',
    action: 'user.remove',
    params: userParams,
    answer: json(nothingSchema),
  },
  'apiToken.create': {
    method: 'POST',
    path: '/v1/api-tokens',
    role: 'viewer',
    action: 'api-token.create',
    body: z.strictObject({
      name: z.string().min(1).max(128),
      /** The user's own role unless told; never above it. */
      role: roleSchema.optional(),
      /** Never ends unless told. */
      ttlSeconds: z.number().int().min(1).max(315_360_000).optional(),
      /** Whom it stands for: oneself (`admin` on the manager's socket) unless told; only an admin may name another. */
      user: userNameSchema.optional(),
    }),
    /** `token` is shown this once. */
    answer: json(apiTokenSchema.extend({ token: z.string() })),
  },
  'apiToken.list': {
    method: 'GET',
    path: '/v1/api-tokens',
    role: 'viewer',
    query: z.strictObject({
      /** Those of every user; for admins. */
      all: queryFlag.optional(),
    }),
    answer: json(z.object({ tokens: z.array(apiTokenSchema) })),
  },
  'apiToken.delete': {
    method: 'DELETE',
    path: '/v1/api-tokens/:id',
    role: 'viewer',
    action: 'api-token.remove',
    params: z.strictObject({ id: z.string().min(1).max(64) }),
    answer: json(nothingSchema),
  },
  /** A client certificate for the Docker endpoint, and all that a docker context needs. */
  'bundle.create': {
    method: 'POST',
    path: '/v1/bundle',
    role: 'viewer',
    action: 'bundle.create',
    body: z.strictObject({
      /** As with API tokens. */
      user: userNameSchema.optional(),
    }),
    answer: json(
      z.object({
        user: z.string(),
        role: roleSchema,
        /** Where the Docker endpoint listens with TLS: `tcp://10.0.0.1:2376`. */
        dockerHost: z.string(),
        /** PEM, as `ca.pem`, `cert.pem` and `key.pem` of the docker CLI. The key is kept nowhere else. */
        ca: z.string(),
        cert: z.string(),
        key: z.string(),
        /** Milliseconds since the epoch. */
        expiresAt: z.number(),
      }),
    ),
  },
} as const satisfies Record<string, RouteSpec>;
