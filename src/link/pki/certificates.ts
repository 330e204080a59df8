import { isIP } from 'node:net';
import type { Role } from '../../model/access.ts';
import type { Ca } from './ca.ts';
import { readCsr } from './csr.ts';
import {
  BACKDATE,
  DAY,
  exportKey,
  KEY_ALGORITHM,
  type KeyPair,
  newKeys,
  newSerial,
  parseCertificate,
  x509,
} from './x509.ts';

/**
 * In every server certificate of a cluster, and the name by which agents check their manager: an agent may reach it
 * by any address (NAT, a port forward, a new address), and only managers hold a certificate with it.
 */
export const MANAGER_NAME = 'manager.berth.internal';
/** Organizational unit of host certificates; user certificates have their role there. */
export const HOST_UNIT = 'host';

const SERVER_DAYS = 365;
/** A host's certificate is as good as its fingerprint in the hosts table, so it lives as long as the CA. */
const HOST_DAYS = 3650;
const USER_DAYS = 365;
/** A server certificate with less than this left is renewed. */
const RENEW_DAYS = 30;

type Subject = Readonly<{ name: string; unit: string }>;

async function sign(
  ca: Ca,
  subject: Subject,
  publicKey: x509.PublicKeyType,
  days: number,
  now: number,
  usage: x509.ExtendedKeyUsage,
  names: readonly string[] = [],
): Promise<string> {
  const notAfter = Math.min(now + days * DAY, ca.parsed.notAfter.getTime());
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: newSerial(),
    subject: [{ OU: [subject.unit] }, { CN: [subject.name] }],
    issuer: ca.parsed.subjectName,
    notBefore: new Date(now - BACKDATE),
    notAfter: new Date(notAfter),
    signingAlgorithm: KEY_ALGORITHM,
    publicKey,
    signingKey: ca.signingKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([usage]),
      await x509.AuthorityKeyIdentifierExtension.create(ca.parsed.publicKey),
      await x509.SubjectKeyIdentifierExtension.create(publicKey),
      ...(names.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(generalNames(names))]),
    ],
  });
  return `${certificate.toString('pem')}\n`;
}

function generalNames(names: readonly string[]) {
  return names.map((value) => ({ type: isIP(value) === 0 ? ('dns' as const) : ('ip' as const), value }));
}

/** What a server certificate must name: the given DNS names and IP addresses, loopback, and `MANAGER_NAME`. */
function serverNames(names: readonly string[]): string[] {
  // A link-local address with a zone (fe80::1%eth0) means nothing on another machine and has no form in a certificate.
  const given = names.filter((name) => name !== '' && !name.includes('%')).map((name) => name.toLowerCase());
  return [...new Set([MANAGER_NAME, 'localhost', '127.0.0.1', '::1', ...given])].sort();
}

/**
 * The manager's certificate, for its API, its Docker endpoint and its agent port.
 * @param names DNS names and IP addresses under which clients reach it
 */
export async function issueServerCertificate(
  ca: Ca,
  names: readonly string[],
  now: number,
): Promise<KeyPair> {
  const keys = await newKeys();
  const certificate = await sign(
    ca,
    { name: MANAGER_NAME, unit: 'manager' },
    keys.publicKey,
    SERVER_DAYS,
    now,
    x509.ExtendedKeyUsage.serverAuth,
    serverNames(names),
  );
  return { certificate, key: await exportKey(keys.privateKey) };
}

/**
 * A certificate that routers show for domains. Its names are the caller's word: none of them may be a manager's.
 * @param names DNS names; the first may be `*`
 */
export async function issueRouterCertificate(
  ca: Ca,
  names: readonly string[],
  now: number,
): Promise<KeyPair> {
  const keys = await newKeys();
  const subject = { name: 'router', unit: 'router' };
  const usage = x509.ExtendedKeyUsage.serverAuth;
  const certificate = await sign(ca, subject, keys.publicKey, SERVER_DAYS, now, usage, names);
  return { certificate, key: await exportKey(keys.privateKey) };
}

/** Why this server certificate must be replaced, in one sentence; undefined where it is good. */
export function serverCertificateDue(
  pem: string,
  ca: Ca,
  names: readonly string[],
  now: number,
): string | undefined {
  const certificate = parseCertificate(pem);
  if (certificate.issuer !== ca.parsed.subject) return 'it is of another CA';
  if (certificate.notAfter.getTime() - now < RENEW_DAYS * DAY) {
    return `it ends on ${certificate.notAfter.toISOString()}`;
  }
  const extension = certificate.getExtension(x509.SubjectAlternativeNameExtension);
  const has = new Set(extension?.names.items.map((item) => canonicalName(item.value)));
  const missing = serverNames(names).filter((name) => !has.delete(canonicalName(name)));
  if (missing.length > 0) return `it does not name ${missing.join(', ')}`;
  return has.size > 0
    ? `it names ${[...has].join(', ')}, which is no more an address of this manager`
    : undefined;
}

/** IPv6 addresses are written in several ways: compare what they mean. */
function canonicalName(name: string): string {
  return isIP(name) === 6 ? new URL(`http://[${name}]/`).hostname.slice(1, -1) : name.toLowerCase();
}

/**
 * A host's certificate: the key is the request's, the subject is the cluster's word (CN = host ID), whatever the
 * request says.
 * @throws BerthError `bad_request` where the request is malformed, or not signed with the key that it names
 */
export async function issueHostCertificate(
  ca: Ca,
  csr: string,
  hostId: string,
  now: number,
): Promise<string> {
  const publicKey = await readCsr(csr);
  return sign(
    ca,
    { name: hostId, unit: HOST_UNIT },
    publicKey,
    HOST_DAYS,
    now,
    x509.ExtendedKeyUsage.clientAuth,
  );
}

/** A user's certificate with its key, for a client bundle: CN = user, OU = role. */
export async function issueUserCertificate(
  ca: Ca,
  user: Readonly<{ name: string; role: Role }>,
  now: number,
  days: number = USER_DAYS,
): Promise<KeyPair> {
  const keys = await newKeys();
  const subject = { name: user.name, unit: user.role };
  const certificate = await sign(ca, subject, keys.publicKey, days, now, x509.ExtendedKeyUsage.clientAuth);
  return { certificate, key: await exportKey(keys.privateKey) };
}
