import { BerthError } from '../../kit/errors.ts';
import { exportKey, importKey, KEY_ALGORITHM, newKeys, publicKeyOf, x509 } from './x509.ts';

/** A new key and the request for a certificate on it, both PEM. The subject is only a note: the CA writes its own. */
export async function newCsr(name: string): Promise<Readonly<{ csr: string; key: string }>> {
  const keys = await newKeys();
  const csr = await x509.Pkcs10CertificateRequestGenerator.create({
    name: [{ CN: [name] }],
    signingAlgorithm: KEY_ALGORITHM,
    keys,
  });
  return { csr: `${csr.toString('pem')}\n`, key: await exportKey(keys.privateKey) };
}

/** A new private key, PEM. */
export async function newPrivateKey(): Promise<string> {
  return exportKey((await newKeys()).privateKey);
}

/**
 * A request for a certificate of these names on that key, DER. All names are in the extension, as CAs and clients look at
 * nothing else.
 */
export async function serverRequest(key: string, names: readonly string[]): Promise<Uint8Array> {
  const privateKey = await importKey(key);
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    signingAlgorithm: KEY_ALGORITHM,
    keys: { privateKey, publicKey: await publicKeyOf(privateKey) },
    extensions: [
      new x509.SubjectAlternativeNameExtension(names.map((value) => ({ type: 'dns' as const, value }))),
    ],
  });
  return new Uint8Array(request.rawData);
}

/**
 * The public key of a request, once the request has proved that it holds the private one.
 * @throws BerthError `bad_request` where it is malformed, on another kind of key, or its signature does not hold
 */
export async function readCsr(pem: string): Promise<x509.PublicKey> {
  let csr: x509.Pkcs10CertificateRequest;
  try {
    csr = new x509.Pkcs10CertificateRequest(pem);
  } catch (cause) {
    throw refused('it is not a PKCS#10 request in PEM', cause);
  }
  const { name, namedCurve } = csr.publicKey.algorithm as { name: string; namedCurve?: string };
  if (name !== KEY_ALGORITHM.name || namedCurve !== KEY_ALGORITHM.namedCurve) {
    throw refused(`its key is ${name} ${namedCurve ?? ''}`.trim());
  }
  const holds = await csr.verify().catch(() => false);
  if (!holds) throw refused('it is not signed with the key that it names');
  return csr.publicKey;
}

function refused(why: string, cause?: unknown): BerthError {
  return new BerthError('bad_request', `csr: the certificate request is refused: ${why}`, {
    hint: 'send a PKCS#10 request in PEM, for an ECDSA key on P-256, signed with that key',
    cause,
  });
}
