import { z } from 'zod';
import { digestOf } from '../kit/digest.ts';
import { challengeSchema, domainSchema, routerNameSchema } from './router.ts';
import { say } from './said/index.ts';

/** What the CA of that directory knows the cluster by. */
export const acmeAccountSchema = z.object({
  kind: z.literal('acme-account'),
  directory: z.string(),
  /** The account's private key, PEM; sealed by the vault. It is there before the CA hears of it. */
  sealed: z.string(),
  /** The CA's name for the account; undefined until it has said it. */
  url: z.string().optional(),
  /** What the CA was told last. */
  contact: z.string(),
  createdAt: z.number(),
});
export type AcmeAccount = Readonly<z.infer<typeof acmeAccountSchema>>;

/** An order under way. It is written down step by step, so that a manager that starts goes on with it. */
export const acmeOrderSchema = z.object({
  directory: z.string(),
  domains: z.array(domainSchema),
  /** Milliseconds; before the CA was asked. */
  askedAt: z.number(),
  /** Private key of the certificate, PEM; sealed by the vault. */
  sealed: z.string(),
  /** Undefined while it is not known whether the CA has heard of it. */
  url: z.string().optional(),
  challenges: z.array(challengeSchema),
});
export type AcmeOrder = Readonly<z.infer<typeof acmeOrderSchema>>;

/** A certificate that is to be had from a CA by ACME. What it gave last is the certificate of the same name. */
export const acmeCertificateSchema = z.object({
  kind: z.literal('acme-certificate'),
  name: routerNameSchema,
  domains: z.array(domainSchema).min(1).max(100),
  /** `command`: a user asked for it; `routes`: routes that say so; `nobody`: neither any more, and it is not renewed. */
  wantedBy: z.enum(['command', 'routes', 'nobody']),
  order: acmeOrderSchema.optional(),
  /** Attempts that failed since the last one that did not. */
  failures: z.number().int().min(0),
  /** Why, and what to do, in one line; empty where the last one did not fail. */
  error: z.string(),
  /** There is no attempt before; milliseconds. */
  retryAt: z.number(),
  /** The CA has said so: nobody may try earlier. */
  limited: z.boolean(),
  createdAt: z.number(),
  createdBy: z.string(),
});
export type AcmeCertificate = Readonly<z.infer<typeof acmeCertificateSchema>>;

/** What is worth an eye of a certificate, in one line; empty where nothing is. Not on a disk. */
export type CertificateStatus = Readonly<{ kind: 'certificate-status'; name: string; worry: string }>;

/** What their sealed texts are of, to the vault. */
export const accountPurpose = ({ directory }: Pick<AcmeAccount, 'directory'>) =>
  `acmeAccounts/${directory}/key`;
export const orderPurpose = ({ name }: Pick<AcmeCertificate, 'name'>) => `acmeCertificates/${name}/key`;

/** What failed, and whose fault it is. */
export type AcmeFailure = Readonly<{
  /** In a sentence, without a full stop, in one line. */
  what: string;
  hint: string;
  /** `names`: these domains cannot be had now; `ca`: nothing can be had of this CA; `order`: this order is over. */
  scope: 'names' | 'ca' | 'order';
  /** The CA asks not to be asked for so long; milliseconds. */
  retryAfterMs?: number;
  /** It does not know the account (any more). */
  accountIsGone?: boolean;
}>;

export class AcmeError extends Error {
  override readonly name = 'AcmeError';
  constructor(
    readonly failure: AcmeFailure,
    cause?: unknown,
  ) {
    super(failure.what, cause === undefined ? undefined : { cause });
  }
}

const MOST_ERROR = 600;

/** In one line, whatever a CA has written. */
export function failureText({ what, hint }: Pick<AcmeFailure, 'what' | 'hint'>): string {
  const text = hint === '' ? what : say('hosts.cert.hint', { what, hint });
  return text.replace(/[\p{Cc}\s]+/gu, ' ').slice(0, MOST_ERROR);
}

/** How a certificate for that domain is called where nobody gives it a name: of the kind of `shop.example.com`. */
export function nameFor(domain: string): string {
  const plain = domain.replace('*', 'any');
  return routerNameSchema.safeParse(plain).success
    ? plain
    : `${plain.replace(/^[^a-z0-9]+/, '').slice(0, 50)}-${digestOf(domain).slice(0, 8)}`;
}

type Dates = Readonly<{ notBefore: number; notAfter: number; fingerprint: string }>;

/** Two thirds of its life, and up to a thirtieth more: many of one day are not renewed in one minute. */
export function renewalAt({ notBefore, notAfter, fingerprint }: Dates): number {
  const spread = Number.parseInt(digestOf(fingerprint).slice(0, 8), 16) / 0xffff_ffff;
  return Math.round(notBefore + (notAfter - notBefore) * (2 / 3 + spread / 30));
}

const DAY_MS = 86_400_000;

/** Less than two weeks are left, or less than a quarter of the life of one that is for days or hours. */
export function endsSoon({ notBefore, notAfter }: Omit<Dates, 'fingerprint'>, now: number): boolean {
  return notAfter - now < Math.min(14 * DAY_MS, (notAfter - notBefore) / 4);
}

/** An order as its CA has it (RFC 8555, section 7.1.3). */
export type OrderState = Readonly<{
  url: string;
  status: 'pending' | 'ready' | 'processing' | 'valid' | 'invalid';
  domains: readonly string[];
  authorizations: readonly string[];
  finalize: string;
  certificate?: string;
  /** Why it is invalid. */
  failure?: AcmeError;
  /** When it is worth to look again; milliseconds. */
  retryAfterMs?: number;
}>;

/** Whether a domain is the cluster's, to the CA, and how that is shown by HTTP (section 7.1.4). */
export type Authorization = Readonly<{
  domain: string;
  status: 'pending' | 'valid' | 'invalid' | 'deactivated' | 'expired' | 'revoked';
  /** Undefined where this CA takes no proof by HTTP of this domain. */
  challenge?: Readonly<{
    url: string;
    token: string;
    status: 'pending' | 'processing' | 'valid' | 'invalid';
    failure?: AcmeError;
  }>;
  retryAfterMs?: number;
}>;

/** A CA that speaks ACME, to one account. All of it throws `AcmeError`. */
export type AcmeCa = Readonly<{
  thumbprint: string;
  /** Makes the account of the key, or finds it (the same key has the same one), or tells the CA its new contact. @returns its URL */
  account(contact: string): Promise<string>;
  order(domains: readonly string[]): Promise<OrderState>;
  readOrder(url: string): Promise<OrderState>;
  authorization(url: string): Promise<Authorization>;
  /** The answer to that challenge is there to be read. */
  ready(challenge: string): Promise<void>;
  /** @param csr DER */
  finalize(order: OrderState, csr: Uint8Array): Promise<OrderState>;
  /** PEM: the certificate, then those that signed it. */
  certificate(url: string): Promise<string>;
  close(): Promise<void>;
}>;
