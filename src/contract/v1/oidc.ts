import { z } from 'zod';
import { roleSchema } from '../../model/access.ts';
import { oidcEndpointsSchema, oidcSettingsSchema } from '../../model/oidc.ts';
import { json, nothingSchema, type RouteSpec } from './route.ts';

// For pages, which may import no model.
export { OIDC_CALLBACK, oidcSettingsSchema } from '../../model/oidc.ts';

/** Without the secret of the client. */
const providerSchema = z.object({
  settings: oidcSettingsSchema,
  /** What the provider has said of itself when it was set: nothing else of it is ever called. */
  endpoints: oidcEndpointsSchema,
  hasSecret: z.boolean(),
  /** What the provider has to know as where it may send people back to. */
  redirect: z.string(),
  at: z.number(),
  by: z.string(),
});
export type OidcProviderView = z.infer<typeof providerSchema>;

/** Log-in with an account of elsewhere (OpenID Connect): one provider, beside passwords. */
export const oidcRoutes = {
  'oidc.get': {
    method: 'GET',
    path: '/v1/oidc',
    role: 'admin',
    answer: json(z.object({ provider: providerSchema.optional() })),
  },
  /** The provider is asked what it is; kept only where it answers. */
  'oidc.set': {
    method: 'PUT',
    path: '/v1/oidc',
    role: 'admin',
    action: 'oidc.set',
    body: oidcSettingsSchema.extend({
      /** The one before stays where it is left out and issuer and client are the same; empty: a client without one. */
      clientSecret: z.string().max(4_096).optional(),
      /** `at` of what whoever asks has seen, null where there was none: refused where something else is set by now. */
      was: z.number().nullable().optional(),
    }),
    answer: json(providerSchema),
  },
  /** Users who have come by it stay; they log in no more until an admin gives them a password. */
  'oidc.delete': {
    method: 'DELETE',
    path: '/v1/oidc',
    role: 'admin',
    action: 'oidc.remove',
    answer: json(nothingSchema),
  },
  /** How one may log in beside user and password. */
  'session.ways': {
    method: 'GET',
    path: '/v1/session/ways',
    role: 'public',
    answer: json(z.object({ oidc: z.object({ label: z.string(), address: z.string() }).optional() })),
  },
  /** Begins a log-in: `url` is where the page has to go. A cookie keeps what is needed when it is sent back. */
  'oidc.begin': {
    method: 'POST',
    path: '/v1/session/oidc',
    role: 'public',
    body: z.strictObject({}),
    answer: json(z.object({ url: z.string() })),
  },
  /** Ends it, from the page that the provider has sent the person back to; the session's cookie as with `session.open`. */
  'oidc.finish': {
    method: 'POST',
    path: '/v1/session/oidc/callback',
    role: 'public',
    action: 'session.login',
    headers: z.object({ cookie: z.string().max(16_384).optional() }),
    body: z.strictObject({
      /** Of the page's address: `?code=…&state=…`. */
      query: z.string().max(8_192),
    }),
    answer: json(z.object({ user: z.string(), role: roleSchema, expiresAt: z.number() })),
  },
} as const satisfies Record<string, RouteSpec>;
