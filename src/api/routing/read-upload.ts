import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { BerthError } from '../../kit/errors.ts';
import { certificateSchema, domainSchema } from '../../model/router.ts';

/** What is known of a certificate that somebody gives, and its text for routers. */
export type ReadCertificate = Readonly<{
  domains: string[];
  notBefore: number;
  notAfter: number;
  fingerprint: string;
  pem: string;
}>;

const BLOCK = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+?-----END CERTIFICATE-----/g;

/**
 * Looks at everything that would keep clients from believing it, as far as that is to be seen here.
 * @param chain the certificate, then those that signed it, each by the one behind it
 * @throws BerthError `bad_request`, never with anything of the key
 */
export function readUpload(chain: string, key: string, now: number): ReadCertificate {
  const [own, ...others] = (chain.match(BLOCK) ?? []).map(parse);
  if (own === undefined)
    throw refused('there is no certificate in the chain', 'it begins with -----BEGIN CERTIFICATE-----');
  const shown = readKey(key);
  if (!own.checkPrivateKey(shown))
    throw refused(
      'the key belongs to another certificate',
      'the first certificate of the chain is the one for the key',
    );
  [own, ...others].forEach((one, i, all) => {
    const issuer = all[i + 1];
    if (issuer !== undefined && !(one.checkIssued(issuer) && one.verify(issuer.publicKey)))
      throw refused(
        `certificate ${i + 1} of the chain is not signed by the one behind it`,
        'first your own one, then each one that signed the one before; leave out what does not belong to it',
      );
  });
  const [notBefore, notAfter] = [Date.parse(own.validFrom), Date.parse(own.validTo)];
  if (notAfter <= now) throw refused(`the certificate has ended, on ${own.validTo}`, 'give a newer one');
  if (notBefore > now + 86_400_000)
    throw refused(
      `the certificate is not valid before ${own.validFrom}`,
      'look at the clock of this machine, too',
    );
  const domains = namesOf(own);
  if (domains.length === 0)
    throw refused(
      'the certificate names no domain (subjectAltName)',
      'clients look at nothing else (RFC 9525)',
    );
  const pem = [own, ...others]
    .map((one) => one.toString().trim())
    .concat(shown.export({ type: 'pkcs8', format: 'pem' }).toString().trim(), '')
    .join('\n');
  if (!certificateSchema.shape.pem.safeParse(pem).success)
    throw refused('chain and key are longer than 14,000 characters', 'leave the root out: clients have it');
  return {
    domains,
    notBefore,
    notAfter,
    fingerprint: own.fingerprint256.replaceAll(':', '').toLowerCase(),
    pem,
  };
}

function parse(text: string): X509Certificate {
  try {
    return new X509Certificate(text);
  } catch {
    throw refused('a certificate of the chain cannot be read', 'it is damaged, or not X.509');
  }
}

function readKey(text: string): KeyObject {
  try {
    return createPrivateKey(text);
  } catch {
    throw refused(
      'the key cannot be read',
      'give it as PEM, and without a passphrase: "openssl pkey -in KEY" takes that off',
    );
  }
}

function namesOf({ subjectAltName = '' }: X509Certificate): string[] {
  const names = subjectAltName
    .split(', ')
    .flatMap((one) => (one.startsWith('DNS:') ? [one.slice(4).toLowerCase()] : []));
  return [...new Set(names)].filter((name) => domainSchema.safeParse(name).success);
}

function refused(what: string, hint: string): BerthError {
  return new BerthError('bad_request', what, { hint });
}
