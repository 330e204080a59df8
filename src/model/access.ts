import { z } from 'zod';

/** viewer reads · operator also changes containers, images, networks, volumes · admin also hosts, users, settings. */
export const ROLES = ['viewer', 'operator', 'admin'] as const;
export const roleSchema = z.enum(ROLES);
export type Role = z.infer<typeof roleSchema>;

/** True where `role` may do what `needed` may do. */
export function roleAllows(role: Role, needed: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(needed);
}

/** The one of the two that may do less. */
export function lowerRole(a: Role, b: Role): Role {
  return roleAllows(a, b) ? b : a;
}

export const userNameSchema = z.string().regex(/^[a-z][a-z0-9_.-]{0,31}$/, {
  error: (issue) =>
    `"${String(issue.input)}" is not a user name: 1 to 32 of a-z 0-9 _ . -, beginning with a letter`,
});

export const userSchema = z.object({
  kind: z.literal('user'),
  name: userNameSchema,
  role: roleSchema,
  /** scrypt, `scrypt$N$r$p$salt$hash` (base64); empty for one without a password. */
  passwordHash: z.string(),
  createdAt: z.number(),
  /** The account of elsewhere that the user is; left out for those whom an admin has made. */
  oidc: z
    .object({
      issuer: z.string(),
      subject: z.string(),
      /** The provider has said that the account has no role here any more: nothing of the user is good until it has one. */
      shutOut: z.literal(true).optional(),
    })
    .optional(),
});
export type User = Readonly<z.infer<typeof userSchema>>;

/** True where nothing that stands for the user (session, API token, certificate) may be taken. */
export function isShutOut({ oidc }: User): boolean {
  return oidc?.shutOut === true;
}

/** A secret that stands for a user (`Authorization: Bearer`). Only its SHA-256 is kept. */
export const apiTokenSchema = z.object({
  kind: z.literal('api-token'),
  id: z.string(),
  user: z.string(),
  role: roleSchema,
  /** What the user calls it. */
  name: z.string().max(128),
  secretHash: z.string(),
  createdAt: z.number(),
  /** Milliseconds since the epoch; undefined never ends. */
  expiresAt: z.number().optional(),
  /** Made by a log-in rather than by `berth api-token create`. */
  session: z.boolean().optional(),
  /** Of a log-in by a provider, which is asked again and again whether it still holds. */
  provider: z
    .object({
      /** Refresh token, sealed for `REFRESH_PURPOSE`. */
      sealed: z.string(),
      /** When the provider has last said who has which role; milliseconds since the epoch, as `until`. */
      checkedAt: z.number(),
      /** Beyond this `expiresAt` is not moved. */
      until: z.number(),
    })
    .optional(),
});
export type ApiToken = Readonly<z.infer<typeof apiTokenSchema>>;

/** What a host shows once to be let in. Only the secret's SHA-256 is kept. */
export const joinTokenSchema = z.object({
  kind: z.literal('join-token'),
  id: z.string(),
  secretHash: z.string(),
  createdAt: z.number(),
  createdBy: z.string(),
  expiresAt: z.number(),
  /** How many hosts may still join with it. */
  usesLeft: z.number().int(),
  /** Labels that each host which joins with it gets. */
  labels: z.record(z.string(), z.string()),
  /** Names of the hosts that have used it. */
  usedBy: z.array(z.string()),
});
export type JoinToken = Readonly<z.infer<typeof joinTokenSchema>>;

/** One change that somebody made. Append-only. */
export const auditEntrySchema = z.object({
  kind: z.literal('audit'),
  /** Sortable: milliseconds since the epoch in 15 digits, a dash, a count. */
  id: z.string(),
  at: z.number(),
  /** User name; `system` for what no user asked for. */
  user: z.string(),
  /** How it came in: `socket`, `docker`, `api`, `agent`, `system`. */
  via: z.string(),
  /** Address of the client; empty on the unix socket. */
  from: z.string(),
  /** Verb and noun, such as `container.create`. */
  action: z.string(),
  /** Name or ID of what it was done to. */
  target: z.string(),
  /** `ok`, or the error in one line. */
  outcome: z.string(),
});
export type AuditEntry = Readonly<z.infer<typeof auditEntrySchema>>;
