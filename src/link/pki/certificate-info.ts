import { createHash, X509Certificate } from 'node:crypto';
import { type Role, roleSchema } from '../../model/access.ts';
import { HOST_UNIT } from './certificates.ts';
import { parseCertificate, x509 } from './x509.ts';

/** What a certificate says of its holder. Says nothing of who signed it: TLS has checked that. */
export type CertificateInfo = Readonly<{
  commonName: string;
  organizationalUnit: string;
  /** SHA-256 of the DER, 64 lower-case hex digits. */
  fingerprint: string;
  serialNumber: string;
  /** Milliseconds since the epoch. */
  notBefore: number;
  notAfter: number;
}>;

/** @param certificate PEM, DER, or Node's own (`tlsSocket.getPeerX509Certificate()`) */
export function certificateInfo(certificate: string | Buffer | X509Certificate): CertificateInfo {
  const parsed =
    typeof certificate === 'string'
      ? parseCertificate(certificate)
      : new x509.X509Certificate(
          new Uint8Array(certificate instanceof X509Certificate ? certificate.raw : certificate),
        );
  return {
    commonName: onlyOne(parsed.subjectName.getField('CN')),
    organizationalUnit: onlyOne(parsed.subjectName.getField('OU')),
    fingerprint: createHash('sha256').update(new Uint8Array(parsed.rawData)).digest('hex'),
    serialNumber: parsed.serialNumber,
    notBefore: parsed.notBefore.getTime(),
    notAfter: parsed.notAfter.getTime(),
  };
}

/** Two common names in one subject are no name: whoever made that wants to be read in two ways. */
function onlyOne(values: readonly string[]): string {
  return values.length === 1 ? (values[0] ?? '') : '';
}

export function isHostCertificate(info: CertificateInfo): boolean {
  return info.organizationalUnit === HOST_UNIT && info.commonName !== '';
}

/** Whom a client certificate stands for on the Docker endpoint; undefined for a host's, or any other. */
export function userOf(info: CertificateInfo): Readonly<{ user: string; role: Role }> | undefined {
  const role = roleSchema.safeParse(info.organizationalUnit);
  return role.success && info.commonName !== '' ? { user: info.commonName, role: role.data } : undefined;
}
