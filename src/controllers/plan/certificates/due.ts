import { backoffDelay } from '../../../kit/backoff.ts';
import { type AcmeCertificate, type AcmeFailure, renewalAt } from '../../../model/acme.ts';
import type { CertificateRecord } from '../../../model/certificate.ts';

/** When a certificate is to be ordered next; undefined: never, as nobody wants it. */
export function dueAt(
  { wantedBy, domains, retryAt, order }: AcmeCertificate,
  has: CertificateRecord | undefined,
): number | undefined {
  if (wantedBy === 'nobody') return undefined;
  const fits = has?.source === 'acme' && [...has.domains].sort().join() === [...domains].sort().join();
  return Math.max(retryAt, fits && order === undefined ? renewalAt(has) : 0);
}

/** Four attempts in the first hour at most, where public CAs allow five that fail; a day apart in the end. */
const NAMES = { baseMs: 10 * 60_000, maxMs: 86_400_000 };
/** Nothing of it counts at a CA that does not answer. */
const CA = { baseMs: 2 * 60_000, maxMs: 86_400_000 };

/** How long after a failure the next attempt is: never earlier than the CA has said. @param failures before this one */
export function retryDelay(
  { scope, retryAfterMs = 0 }: Pick<AcmeFailure, 'scope' | 'retryAfterMs'>,
  failures: number,
  random: () => number = Math.random,
): number {
  return Math.max(retryAfterMs, backoffDelay(scope === 'ca' ? CA : NAMES, failures, random));
}
