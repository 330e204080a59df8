import { z } from 'zod';
import { type Role, roleSchema, userNameSchema } from './access.ts';

const said = (what: string) => ({
  error: (issue: { input?: unknown }) => `"${String(issue.input).slice(0, 200)}" ${what}`,
});
const value = z.string().min(1).max(256);
/** Names of claims, which may be URLs (OpenID Connect Core 1.0, section 5.1.2). */
const claimSchema = z.string().min(1).max(256);

/** How people log in with an account of elsewhere (OpenID Connect), as an admin sets it. */
export const oidcSettingsSchema = z.strictObject({
  /** As the provider itself names it, with https. */
  issuer: z
    .string()
    .max(1_000)
    .regex(
      /^https:\/\/[A-Za-z0-9.:[\]-]+(?:\/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*)?$/,
      said('is not a URL with https'),
    ),
  clientId: z.string().min(1).max(256),
  /** Where people open the dashboard; the provider has to know `ADDRESS/login/oidc`. */
  address: z
    .string()
    .max(300)
    .regex(
      /^https:\/\/[A-Za-z0-9.[\]:-]+$/,
      said('is not an address such as https://berth.example.com:8443'),
    ),
  scopes: z
    .array(z.string().regex(/^[!#-[\]-~]{1,100}$/, said('is not a scope')))
    .max(20)
    .default(['openid', 'profile', 'email']),
  /** What of the account becomes the user's name. */
  nameClaim: claimSchema.default('preferred_username'),
  /** Where groups or roles of the account stand: a text, or a list of them. */
  roleClaim: claimSchema.default('groups'),
  /** Who has one of these has the role; the highest counts. */
  roles: z
    .strictObject({
      admin: z.array(value).max(100).default([]),
      operator: z.array(value).max(100).default([]),
      viewer: z.array(value).max(100).default([]),
    })
    .default({ admin: [], operator: [], viewer: [] }),
  /** The role of all others; `none`: they are refused. */
  otherwise: z.enum(['none', ...roleSchema.options]).default('none'),
  /** On the button. */
  label: z.string().min(1).max(60).default('Single sign-on'),
  /** CAs that the provider's servers are checked by, PEM; empty: the public ones. */
  ca: z
    .string()
    .max(50_000)
    .regex(/^(?:-----BEGIN CERTIFICATE-----\s[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----\s*)*$/, {
      error: 'ca is not PEM of certificates alone: give the content of the file',
    })
    .default(''),
});
export type OidcSettings = Readonly<z.infer<typeof oidcSettingsSchema>>;

/** What the provider has said of itself when it was set, and what alone is called from then on. */
export const oidcEndpointsSchema = z.object({
  authorization: z.string(),
  token: z.string(),
  keys: z.string(),
  userinfo: z.string().optional(),
});
export type OidcEndpoints = Readonly<z.infer<typeof oidcEndpointsSchema>>;

export const oidcProviderSchema = z.object({
  kind: z.literal('oidc-provider'),
  settings: oidcSettingsSchema,
  endpoints: oidcEndpointsSchema,
  /** Which algorithms its tokens are signed by, and how it wants to be shown the secret; as it has said. */
  algorithms: z.array(z.string()),
  byBasic: z.boolean(),
  /** The client's secret, sealed by the cluster's vault for `OIDC_PURPOSE`; left out for a client without one. */
  sealed: z.string().optional(),
  at: z.number(),
  by: z.string(),
});
export type OidcProvider = Readonly<z.infer<typeof oidcProviderSchema>>;

export const OIDC_PURPOSE = 'oidcProviders/clientSecret';
export const REFRESH_PURPOSE = 'apiTokens/provider';
/** Where the provider sends people back to, behind `address`. */
export const OIDC_CALLBACK = '/login/oidc';

type Claims = Readonly<Record<string, unknown>>;

/** The role of an account; undefined: it has none, and is refused. */
export function roleByClaims(
  claims: Claims,
  { roleClaim, roles, otherwise }: OidcSettings,
): Role | undefined {
  const has = claims[roleClaim];
  const values: readonly unknown[] = Array.isArray(has) ? has : [has];
  const found = (['admin', 'operator', 'viewer'] as const).find((role) =>
    roles[role].some((one) => values.includes(one)),
  );
  return found ?? (otherwise === 'none' ? undefined : otherwise);
}

/** Names in the audit log for who comes by the manager's own socket, and for what no user has asked for. */
const OWN_NAMES: ReadonlySet<string> = new Set(['root', 'system']);

/** The user's name, from `Ann.Lee@example.com` as `ann.lee`; undefined where nothing of it is a name here. */
export function nameByClaims(claims: Claims, { nameClaim }: OidcSettings): string | undefined {
  const said = claims[nameClaim];
  if (typeof said !== 'string') return undefined;
  const [local = ''] = said.toLowerCase().split('@');
  const name = local.replace(/[^a-z0-9_.-]+/g, '-').replace(/^[^a-z]+/, '');
  return userNameSchema.safeParse(name).success && !OWN_NAMES.has(name) ? name : undefined;
}
