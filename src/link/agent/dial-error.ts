import { BerthError, messageOf } from '../../kit/errors.ts';

const OTHER_CA: ReadonlySet<string> = new Set([
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_SIGNATURE_FAILURE',
  'CERT_UNTRUSTED',
  'ERR_TLS_CERT_ALTNAME_INVALID',
]);

/** What a failed dial means, and what to do about it. */
export function dialError(address: string, cause: unknown): BerthError {
  if (cause instanceof BerthError) return cause;
  const code = String((cause as NodeJS.ErrnoException | undefined)?.code ?? '');
  if (OTHER_CA.has(code)) {
    return new BerthError(
      'forbidden',
      `what answers at ${address} is not the manager of this host's cluster (${code}): check the address, or join that cluster with a token of it`,
      { cause },
    );
  }
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID') {
    return new BerthError(
      'forbidden',
      `the certificate of the manager at ${address} is not good at this host's time (${code}): set this host's clock, e.g. timedatectl set-ntp true`,
      { cause },
    );
  }
  if (code === 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL' || code.includes('NO_APPLICATION_PROTOCOL')) {
    return new BerthError('host_down', `${address} is not the agent port of a Berth manager`, { cause });
  }
  return new BerthError('host_down', `cannot reach the manager at ${address}: ${messageOf(cause)}`, {
    cause,
  });
}
