import { z } from 'zod';
import { AcmeError, type AcmeFailure } from '../model/acme.ts';

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

const REACH =
  'let the domain lead to the ingress hosts ("berth route ls" names them), which the CA has to reach at port 80';
const SETTINGS = 'see "berth settings ls" for acmeDirectory, acmeContact and acmeTermsAgreed';
const WAIT = 'nothing to do: it is tried again, later each time';

/** By the last part of `urn:ietf:params:acme:error:…`. */
const MEANINGS: Readonly<Record<string, Meaning>> = {
  accountDoesNotExist: { scope: 'ca', hint: 'an account is made anew with the next attempt' },
  badCSR: { scope: 'order', hint: 'look at what the CA allows' },
  caa: { scope: 'order', hint: 'allow this CA in the CAA records of the domain' },
  connection: { scope: 'order', hint: REACH },
  dns: { scope: 'order', hint: REACH },
  externalAccountRequired: {
    scope: 'ca',
    hint: 'this CA wants an account that was made with it before, which Berth has no way to name: choose another one by acmeDirectory',
  },
  incorrectResponse: { scope: 'order', hint: REACH },
  invalidContact: { scope: 'ca', hint: SETTINGS },
  rateLimited: { scope: 'names', hint: 'wait: the CA limits how many it gives' },
  rejectedIdentifier: { scope: 'names', hint: 'this CA gives nothing for such a name: upload a certificate' },
  serverInternal: { scope: 'ca', hint: WAIT },
  tls: { scope: 'order', hint: REACH },
  unauthorized: { scope: 'order', hint: REACH },
  unsupportedContact: { scope: 'ca', hint: SETTINGS },
  unsupportedIdentifier: {
    scope: 'names',
    hint: 'this CA gives nothing for such a name: upload a certificate',
  },
  userActionRequired: { scope: 'ca', hint: 'do at the CA what it says' },
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
        ? { scope: 'names', hint: 'wait: the CA limits how many it gives' }
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
