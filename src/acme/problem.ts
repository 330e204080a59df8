import { z } from 'zod';
import { AcmeError, type AcmeFailure } from '../model/acme.ts';
import { say } from '../model/said/index.ts';

/** RFC 8555, section 6.7, and RFC 9457. Whatever is not of this form is left out. */
export const problemSchema = z.object({
  type: z.string().max(500).catch(''),
  detail: z.string().max(20_000).catch(''),
  subproblems: z
    .array(
      z.object({
        detail: z.string().max(20_000).catch(''),
        identifier: z
          .object({ value: z.string().max(300) })
          .optional()
          .catch(undefined),
      }),
    )
    .max(100)
    .catch([]),
});
export type Problem = z.infer<typeof problemSchema>;

type Meaning = Pick<AcmeFailure, 'scope' | 'hint'>;

const REACH = say('hosts.cert.reach');
const SETTINGS = say('hosts.cert.settings');
const WAIT = say('hosts.cert.again');
const LIMITED = say('hosts.cert.limited');
const REFUSED = say('hosts.cert.refused');

/** By the last part of `urn:ietf:params:acme:error:…`. */
const MEANINGS: Readonly<Record<string, Meaning>> = {
  accountDoesNotExist: { scope: 'ca', hint: say('hosts.cert.account') },
  badCSR: { scope: 'order', hint: say('hosts.cert.allows') },
  caa: { scope: 'order', hint: say('hosts.cert.caa') },
  connection: { scope: 'order', hint: REACH },
  dns: { scope: 'order', hint: REACH },
  externalAccountRequired: { scope: 'ca', hint: say('hosts.cert.external') },
  incorrectResponse: { scope: 'order', hint: REACH },
  invalidContact: { scope: 'ca', hint: SETTINGS },
  rateLimited: { scope: 'names', hint: LIMITED },
  rejectedIdentifier: { scope: 'names', hint: REFUSED },
  serverInternal: { scope: 'ca', hint: WAIT },
  tls: { scope: 'order', hint: REACH },
  unauthorized: { scope: 'order', hint: REACH },
  unsupportedContact: { scope: 'ca', hint: SETTINGS },
  unsupportedIdentifier: { scope: 'names', hint: REFUSED },
  userActionRequired: { scope: 'ca', hint: say('hosts.cert.action') },
};

/** A week: what a CA asks for beyond it is taken for a slip. */
const MOST_RETRY_MS = 7 * 86_400_000;

/** `Retry-After` as milliseconds from now (RFC 9110, section 10.2.3); undefined where there is none that can be read. */
export function retryAfterOf(header: unknown, now: number): number | undefined {
  if (typeof header !== 'string' || header === '') return undefined;
  const ms = /^\d{1,12}$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now;
  return Number.isNaN(ms) ? undefined : Math.min(MOST_RETRY_MS, Math.max(0, ms));
}

const kindOf = ({ type }: Problem) => /^urn:ietf:params:acme:error:([A-Za-z]{1,40})$/.exec(type)?.[1] ?? '';

export const isBadNonce = (problem: Problem | undefined) =>
  problem !== undefined && kindOf(problem) === 'badNonce';

/**
 * What a CA has said no to.
 * @param what what was asked for, before its words
 */
export function refusal(
  what: string,
  problem: Problem | undefined,
  { status, retryAfterMs }: Readonly<{ status?: number; retryAfterMs?: number | undefined }> = {},
): AcmeError {
  const kind = problem === undefined ? '' : kindOf(problem);
  const fallback: Meaning =
    status !== undefined && status >= 500
      ? { scope: 'ca', hint: WAIT }
      : status === 429
        ? { scope: 'names', hint: LIMITED }
        : status === 404
          ? { scope: 'order', hint: WAIT }
          : { scope: 'names', hint: WAIT };
  const meaning = MEANINGS[kind] ?? fallback;
  return new AcmeError({
    ...meaning,
    what: `${what}: ${wordsOf(problem) || `the CA answers ${status ?? 'no'}`}`,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(kind === 'accountDoesNotExist' ? { accountIsGone: true } : {}),
  });
}

function wordsOf(problem: Problem | undefined): string {
  if (problem === undefined) return '';
  const parts = problem.subproblems.map(({ detail, identifier }) =>
    identifier === undefined ? detail : `${identifier.value}: ${detail}`,
  );
  return [problem.detail || problem.type, ...parts].filter(Boolean).join('; ');
}
