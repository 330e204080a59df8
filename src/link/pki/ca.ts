import type { webcrypto } from 'node:crypto';
import {
  BACKDATE,
  DAY,
  exportKey,
  fingerprintOf,
  importKey,
  KEY_ALGORITHM,
  type KeyPair,
  newKeys,
  newSerial,
  parseCertificate,
  x509,
} from './x509.ts';

const CA_DAYS = 3650;

/** The cluster's own certificate authority, ready to sign. */
export type Ca = Readonly<{
  /** PEM. */
  certificate: string;
  /** SHA-256 of the certificate's DER, hex: what join tokens pin. */
  fingerprint: string;
  parsed: x509.X509Certificate;
  signingKey: webcrypto.CryptoKey;
}>;

/**
 * A new CA, good for ten years. The name carries the cluster's ID, so that the CAs of two clusters are told apart.
 * @param now milliseconds since the epoch
 */
export async function createCa(clusterId: string, now: number): Promise<KeyPair> {
  const keys = await newKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: newSerial(),
    name: [{ O: ['Berth'] }, { CN: [`Berth CA ${clusterId}`] }],
    notBefore: new Date(now - BACKDATE),
    notAfter: new Date(now + CA_DAYS * DAY),
    signingAlgorithm: KEY_ALGORITHM,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate: `${certificate.toString('pem')}\n`, key: await exportKey(keys.privateKey) };
}

/** @throws BerthError where the certificate or the key cannot be read. */
export async function openCa(pair: KeyPair): Promise<Ca> {
  return Object.freeze({
    certificate: pair.certificate,
    fingerprint: fingerprintOf(pair.certificate),
    parsed: parseCertificate(pair.certificate),
    signingKey: await importKey(pair.key),
  });
}
