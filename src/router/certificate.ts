import { createPrivateKey, X509Certificate } from 'node:crypto';
import { BerthError, messageOf } from '../kit/errors.ts';
import type { Certificate } from '../model/router.ts';
import type { Layout } from './layout.ts';
import type { WantedCertificate } from './tables.ts';

const read = new WeakMap<Certificate, WantedCertificate>();

/** By file. @throws BerthError `bad_request` for one that HAProxy could not use */
export function certificateTable(
  certificates: readonly Certificate[],
  layout: Layout,
): ReadonlyMap<string, WantedCertificate> {
  return new Map(certificates.map((one) => [layout.certificate(one.name), readCertificate(one)]));
}

/** HAProxy refuses a whole configuration for one bad certificate, so each is looked at before. */
function readCertificate(one: Certificate): WantedCertificate {
  const known = read.get(one);
  if (known !== undefined) return known;
  let made: WantedCertificate;
  try {
    const shown = new X509Certificate(one.pem);
    if (!shown.checkPrivateKey(createPrivateKey(one.pem))) throw new Error('its key belongs to another one');
    // The payload of a command ends at an empty line.
    const pem = `${one.pem
      .split(/\s*\n/)
      .filter((line) => line !== '')
      .join('\n')}\n`;
    const chain = (pem.match(/^-----BEGIN CERTIFICATE-----$/gm)?.length ?? 1) - 1;
    made = { pem, sha1: shown.fingerprint.replaceAll(':', ''), chain };
  } catch (thrown) {
    throw new BerthError('bad_request', `certificate ${one.name}: ${messageOf(thrown)}`, {
      hint: 'give the certificate, those that signed it and its private key, as PEM, one after the other',
      cause: thrown,
    });
  }
  read.set(one, made);
  return made;
}
