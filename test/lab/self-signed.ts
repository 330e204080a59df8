import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** PEM of a certificate for that domain and of its key, made by openssl in that folder. */
export function selfSigned(folder: string, domain: string): Readonly<{ chain: string; key: string }> {
  const [chain, key] = [join(folder, `${domain}.pem`), join(folder, `${domain}.key`)];
  const subject = ['-subj', `/CN=${domain}`, '-addext', `subjectAltName=DNS:${domain}`];
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '90'];
  execFileSync('openssl', ['req', '-x509', ...kind, ...subject, '-keyout', key, '-out', chain], {
    stdio: 'ignore',
  });
  return { chain: readFileSync(chain, 'utf8'), key: readFileSync(key, 'utf8') };
}
