import type { Host } from '../../model/host.ts';
import type { CertificateInfo } from '../pki/certificate-info.ts';

/** Who knocks: the certificate has been checked against the cluster's CA, and is a host's. */
export type Arrival = CertificateInfo & Readonly<{ machineId: string; remoteAddress: string }>;

export type Admission =
  | Readonly<{ ok: true; hostId: string; hostName: string }>
  | Readonly<{ ok: false; refusal: string }>;

/**
 * The rule of revocation: only the certificate whose fingerprint stands in the host's record is let in, and only from
 * the machine that has joined.
 * @param host the record whose ID is the certificate's common name
 */
export function admitHost(arrival: Arrival, host: Host | undefined): Admission {
  if (host === undefined) {
    return {
      ok: false,
      refusal: `host ${arrival.commonName} is not in this cluster (removed?): join it again with a new token (berth token create)`,
    };
  }
  if (host.certFingerprint !== arrival.fingerprint) {
    return {
      ok: false,
      refusal: `this certificate of host ${host.name} is not the one that the cluster knows: join again with a new token (berth token create), or restore the agent's data directory`,
    };
  }
  if (host.machineId !== arrival.machineId) {
    return {
      ok: false,
      refusal: `the identity of host ${host.name} belongs to another machine: a data directory was copied; empty it on this machine and join with a token of its own (berth token create)`,
    };
  }
  return { ok: true, hostId: host.id, hostName: host.name };
}
