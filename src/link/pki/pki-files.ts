import { createPrivateKey, X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { BerthError } from '../../kit/errors.ts';
import { type Ca, createCa, openCa } from './ca.ts';
import { issueServerCertificate, serverCertificateDue } from './certificates.ts';
import { readFileIfThere, writeFileAtomic } from './files.ts';
import type { KeyPair } from './x509.ts';

/** What the manager signs and serves with. */
export type ClusterPki = Readonly<{
  ca: Ca;
  server: KeyPair;
  /** Why the server's certificate was made anew just now; empty where the one on disk was good. */
  renewed: string;
}>;

export const CA_FILE = 'ca.pem';
export const CA_KEY_FILE = 'ca-key.pem';
export const SERVER_FILE = 'server.pem';
export const SERVER_KEY_FILE = 'server-key.pem';

/**
 * The cluster's CA and the manager's certificate from `folder`; made where they are missing, the certificate also when
 * its names changed or it is about to end. Keys are 0600. Safe to call again and again.
 * @throws BerthError `internal` where a CA is there that cannot be used: it is never written over, since every host
 *   and every client trusts it
 */
export async function openClusterPki(
  folder: string,
  options: Readonly<{ clusterId: string; names: readonly string[]; now: number }>,
): Promise<ClusterPki> {
  const ca = await openCa(await caPair(folder, options));
  const stored = await storedPair(folder, SERVER_FILE, SERVER_KEY_FILE);
  const due =
    stored === undefined
      ? 'there was none'
      : serverCertificateDue(stored.certificate, ca, options.names, options.now);
  if (stored !== undefined && due === undefined) return { ca, server: stored, renewed: '' };
  const server = await issueServerCertificate(ca, options.names, options.now);
  await writeFileAtomic(join(folder, SERVER_KEY_FILE), server.key, 0o600);
  await writeFileAtomic(join(folder, SERVER_FILE), server.certificate, 0o644);
  return { ca, server, renewed: due ?? '' };
}

async function caPair(
  folder: string,
  options: Readonly<{ clusterId: string; now: number }>,
): Promise<KeyPair> {
  const certificate = await readFileIfThere(join(folder, CA_FILE));
  const key = await readFileIfThere(join(folder, CA_KEY_FILE));
  if (certificate === undefined) {
    // A key alone is from a first run that was cut off before anybody could trust the certificate.
    const made = await createCa(options.clusterId, options.now);
    await writeFileAtomic(join(folder, CA_KEY_FILE), made.key, 0o600);
    await writeFileAtomic(join(folder, CA_FILE), made.certificate, 0o644);
    return made;
  }
  if (key !== undefined && belongTogether(certificate, key)) return { certificate, key };
  throw new BerthError(
    'internal',
    `${join(folder, CA_KEY_FILE)} is missing or is not the key of ${CA_FILE}`,
    {
      hint: 'restore both files from a backup; hosts and clients trust this CA only',
    },
  );
}

/** The pair on disk; undefined where a part is missing, or the two are from different runs. */
async function storedPair(
  folder: string,
  certificateFile: string,
  keyFile: string,
): Promise<KeyPair | undefined> {
  const certificate = await readFileIfThere(join(folder, certificateFile));
  const key = await readFileIfThere(join(folder, keyFile));
  if (certificate === undefined || key === undefined || !belongTogether(certificate, key)) return undefined;
  return { certificate, key };
}

/** True where `key` is the certificate's; false also where either is torn. */
export function belongTogether(certificate: string, key: string): boolean {
  try {
    return new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key));
  } catch {
    return false;
  }
}
