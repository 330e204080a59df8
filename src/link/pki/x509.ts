// @peculiar/x509 asks for its metadata shim before it is loaded.
import 'reflect-metadata';
import { createHash, randomBytes, webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { BerthError } from '../../kit/errors.ts';

x509.cryptoProvider.set(webcrypto);

/** Every key of the cluster is ECDSA on P-256: small, fast, and spoken by every TLS stack since 1.2. */
export const KEY_ALGORITHM = Object.freeze({ name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' });
export const MINUTE = 60_000;
export const DAY = 24 * 60 * MINUTE;
/** Certificates begin this much earlier, so that a host whose clock is a little behind takes them (milliseconds). */
export const BACKDATE = 10 * MINUTE;

/** A certificate and its private key, both PEM. */
export type KeyPair = Readonly<{ certificate: string; key: string }>;

export type CryptoKeyPair = webcrypto.CryptoKeyPair;

export function newKeys(): Promise<CryptoKeyPair> {
  return webcrypto.subtle.generateKey(KEY_ALGORITHM, true, ['sign', 'verify']);
}

/** PKCS#8 in PEM. */
export async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  const der = await webcrypto.subtle.exportKey('pkcs8', key);
  return `${x509.PemConverter.encode(der, 'PRIVATE KEY')}\n`;
}

/** @throws BerthError `internal` where `pem` is no PKCS#8 key on P-256; the key is never in the message. */
export async function importKey(pem: string): Promise<webcrypto.CryptoKey> {
  try {
    const der = x509.PemConverter.decodeFirst(pem);
    return await webcrypto.subtle.importKey('pkcs8', der, KEY_ALGORITHM, true, ['sign']);
  } catch {
    throw new BerthError(
      'internal',
      'a private key of the cluster cannot be read: it is no PKCS#8 key on P-256',
      {
        hint: 'restore the file from a backup',
      },
    );
  }
}

/** @param key one that may be exported */
export async function publicKeyOf(key: webcrypto.CryptoKey): Promise<webcrypto.CryptoKey> {
  const { d: _, key_ops: __, ...jwk } = await webcrypto.subtle.exportKey('jwk', key);
  return webcrypto.subtle.importKey('jwk', jwk, KEY_ALGORITHM, true, ['verify']);
}

export function parseCertificate(pem: string): x509.X509Certificate {
  try {
    return new x509.X509Certificate(pem);
  } catch (cause) {
    throw new BerthError('bad_request', 'this is not a certificate in PEM', { cause });
  }
}

/** 127 random bits, positive and without leading zero (RFC 5280, 4.1.2.2). */
export function newSerial(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toString('hex');
}

/** SHA-256 of the certificate's DER, 64 lower-case hex digits. */
export function fingerprintOf(pem: string): string {
  return createHash('sha256')
    .update(new Uint8Array(parseCertificate(pem).rawData))
    .digest('hex');
}

export { x509 };
