import { createHash, X509Certificate } from 'node:crypto';
import { Agent, request } from 'undici';
import { BerthError } from '../kit/errors.ts';
import type { CallOptions } from './client.ts';
import { dialReason } from './dial-reason.ts';

/** SHA-256 of a certificate (DER), 64 hex digits: what join tokens carry and a person compares. */
export function caFingerprint(pem: string): string {
  return createHash('sha256').update(new X509Certificate(pem).raw).digest('hex');
}

/**
 * Fetches the CA's certificate of a cluster from its manager and returns it (PEM) only where it is the one that was
 * expected.
 * @param origin `https://host:8443`
 * @param fingerprint as `caFingerprint`; colons and upper case are taken as well
 * @throws BerthError `unauthenticated` where it is another certificate; `unavailable` where the manager does not answer.
 */
export async function fetchPinnedCa(
  origin: string,
  fingerprint: string,
  options: CallOptions = {},
): Promise<string> {
  const expected = fingerprint.replaceAll(':', '').toLowerCase();
  const pem = await fetchCa(origin, options);
  const found = caFingerprint(pem);
  if (found === expected) return pem;
  throw new BerthError(
    'unauthenticated',
    `the CA of ${origin} has the fingerprint ${found}, not ${expected || 'one that was given'}`,
    {
      hint: 'compare it with what `berth status` prints on the manager; on a match give it as the fingerprint',
    },
  );
}

/**
 * Fetches the CA's certificate of a cluster from its manager (PEM). The connection is not trusted yet, and nothing secret
 * is sent over it: the answer means nothing until a fingerprint, or a person, has said that it is the right one.
 * @throws BerthError `unavailable` where the manager does not answer.
 */
export async function fetchCa(origin: string, { signal }: CallOptions = {}): Promise<string> {
  // The answer is public and is compared with a fingerprint later: this is the moment where trust begins.
  const agent = new Agent({ connect: { rejectUnauthorized: false } });
  try {
    const answer = await request(new URL('/v1/ca.pem', origin), {
      dispatcher: agent,
      signal: signal ?? null,
    });
    const pem = await answer.body.text();
    if (answer.statusCode !== 200) throw new Error(`status ${answer.statusCode}`);
    caFingerprint(pem);
    return pem;
  } catch (thrown) {
    throw new BerthError('unavailable', `cannot read the CA of ${origin}: ${dialReason(thrown)}`, {
      hint: 'is it the API port (8443) of a running manager, and open to this machine?',
      cause: thrown,
    });
  } finally {
    await agent.close();
  }
}
