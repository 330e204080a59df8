import { type AcmeCertificate, endsSoon } from './acme.ts';
import type { CertificateRecord } from './certificate.ts';
import { say } from './said/index.ts';

type Known = Readonly<{
  /** What routers show. */
  shown?: Pick<CertificateRecord, 'source' | 'notBefore' | 'notAfter'> | undefined;
  acme?: Pick<AcmeCertificate, 'error' | 'wantedBy'> | undefined;
}>;

/** What is worth an eye of a certificate, with what to do, in one line; empty where nothing is. */
export function certificateWorry(name: string, { shown, acme }: Known, now: number): string {
  // What its CA has said last matters to nobody then.
  const error = acme === undefined || acme.wantedBy === 'nobody' ? '' : acme.error;
  if (shown === undefined) return error === '' ? '' : say('hosts.cert.missing', { name, why: error });
  const day = new Date(shown.notAfter).toISOString().slice(0, 16).replace('T', ' ');
  const end = shown.notAfter <= now ? 'ended' : 'ends';
  if (!endsSoon(shown, now))
    return error === '' ? '' : say(`hosts.cert.stale.${end}`, { name, day, why: error });
  return say(`hosts.cert.${end}`, { name, day, why: error || todoOf(name, shown.source, acme) });
}

function todoOf(name: string, source: CertificateRecord['source'], acme: Known['acme']): string {
  if (source === 'upload') return say('hosts.cert.upload', { name });
  if (acme?.wantedBy === 'nobody') return say('hosts.cert.unwanted', { name });
  return say('hosts.cert.soon');
}
